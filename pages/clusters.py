"""Clusters: which groups are there that nobody named?"""

from dataclasses import replace

import streamlit as st

from pages.ui.clusters import cache as clusters_cache
from pages.ui.clusters import session as clusters_session
from pages.ui.clusters.cluster_map import cluster_map
from pages.ui.clusters.export import cluster_files
from pages.ui.clusters.form import ABOUT, best_number, cluster_form
from pages.ui.clusters.settings import Grouping, ask_from_map
from pages.ui.generate import session as generate_session
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.runtime import session
from vae.analysis.clustering import ClusterError
from vae.latent.sampling import SamplingRequest

entry, assets = model_and_map()
_, broken = clusters_session.grouping(entry.digest)
warn_of_link(broken)


def answer(count: int) -> None:
    """Does what the map asked for, once."""
    value = (st.session_state.get("clusters") or {}).get("ask")
    if not value:
        return
    try:
        ask = ask_from_map(value)
    except (ValueError, AttributeError) as error:
        st.warning(f"The map asked for something that cannot be done: {error}.")
        return
    if session.answered(f"clusters {entry.digest}", ask.turn):
        return
    grouping, _ = clusters_session.grouping(entry.digest)
    if ask.cluster >= max(1, count):
        st.warning(f"There is no cluster {ask.cluster + 1} among {count}; choose another.")
        return
    if ask.do == "colour":
        clusters_session.group(entry.digest, replace(grouping, colour=ask.name))
        return
    grouping = replace(grouping, chosen=ask.cluster)
    if ask.do == "rename":
        grouping = grouping.named(ask.cluster, ask.name)
    clusters_session.group(entry.digest, grouping)
    if ask.do == "draw":
        generate_session.set_request(entry.digest, sampling_request(grouping))
        st.switch_page("generate.py")


def sampling_request(grouping: Grouping) -> SamplingRequest:
    """Samples like a cluster: from inside its outline, else around its centre."""
    what = (entry.name, entry.digest, *grouping.key)
    card = clusters_cache.described(*what).cards[grouping.chosen]
    label = clusters_cache.told_label(entry.name, entry.digest, card)
    corners = clusters_cache.outline(*what, grouping.chosen)
    if len(corners) > 2 and len(card.centre) == 2:
        return SamplingRequest("region", label=label, polygon=corners)
    return SamplingRequest("around", label=label, z=tuple(card.centre))


@st.fragment
def view() -> None:
    """Reruns alone when the visitor groups, chooses or names."""
    grouping, _ = clusters_session.grouping(entry.digest)
    try:
        found = clusters_cache.described(entry.name, entry.digest, *grouping.key)
    except ClusterError as error:
        st.error(f"These images cannot be grouped so: {error}.")
        cluster_form(entry, grouping)
        return
    answer(len(found.cards))
    grouping, _ = clusters_session.grouping(entry.digest)
    query = grouping.to_query(entry.name, entry.digest)
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)
    cluster_form(entry, grouping)
    told = found.agreement
    st.caption(
        f"{ABOUT[grouping.method]} {len(found.cards)} clusters of {assets.facts['split']}: "
        f"purity {100 * told.purity:.0f} %, V-measure {told.v_measure:.3f}, adjusted Rand index "
        f"{told.adjusted_rand:.3f}, silhouette {told.silhouette:.3f}.",
        help="Purity is the share of images that are of their cluster's most frequent class. It, "
        "the V-measure (0 to 1) and the adjusted Rand index (0 by chance, 1 alike) compare the "
        "clusters with the classes, noise as a cluster of its own; the silhouette (−1 to 1) looks "
        "at the clusters alone, on 2,000 images.",
    )
    if not found.cards:
        st.info("No place is crowded enough for a cluster of that size; ask for a smaller one.")
    cluster_map(assets, found, grouping, key="clusters")
    best_number(entry, grouping)
    cluster_files(entry, grouping)


view()
