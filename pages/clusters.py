"""Clusters: which groups of images are there, without labels?"""

from dataclasses import replace

import streamlit as st

from pages.ui.clusters import cache as clusters_cache
from pages.ui.clusters import session as clusters_session
from pages.ui.clusters.cluster_map import cluster_map
from pages.ui.clusters.export import cluster_files
from pages.ui.clusters.form import ABOUT, best_number, cluster_form
from pages.ui.clusters.settings import ClusterSettings, command_from_map
from pages.ui.controls.page_header import page_header
from pages.ui.generate import session as generate_session
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import map_assets
from pages.ui.runtime import session
from pages.ui.runtime.errors import shown_errors
from vae.latent.sampling import SamplingRequest

page_header(
    "Clusters",
    "Which groups of images form without labels? Choose a clustering method, then inspect, "
    "name and export the clusters.",
)

entry, assets = model_and_map()
_, broken = clusters_session.settings(entry.digest)
session.set_items(entry.digest, session.items(entry.digest).known(assets.facts))
choices = dict(assets.facts["choices"])
warn_of_link(broken)


def handle_command(count: int) -> None:
    """Carries out the last command of the map, once."""
    value = (st.session_state.get("clusters") or {}).get("ask")
    if not value:
        return
    ask = None
    with shown_errors("The map sent an invalid command", show=st.warning):
        ask = command_from_map(value)
    if ask is None or session.already_handled(f"clusters {entry.digest}", ask.turn):
        return
    settings, _ = clusters_session.settings(entry.digest)
    if ask.cluster >= max(1, count):
        st.warning(f"Cluster {ask.cluster + 1} does not exist; there are {count}. Choose another.")
        return
    if ask.do == "colour":
        clusters_session.change_settings(entry.digest, replace(settings, colour=ask.name))
        return
    settings = replace(settings, selected=ask.cluster)
    if ask.do == "rename":
        settings = settings.named(ask.cluster, ask.name)
    clusters_session.change_settings(entry.digest, settings)
    if ask.do == "draw":
        generate_session.set_request(entry.digest, sampling_request(settings))
        session.choose_model(entry.name)
        st.switch_page("generate.py")


def sampling_request(settings: ClusterSettings) -> SamplingRequest:
    """Samples from inside a cluster's outline, or around its centre where it has none."""
    key = (entry.name, entry.digest, *settings.key)
    card = clusters_cache.report(*key).clusters[settings.selected]
    label = clusters_cache.condition(entry.name, entry.digest, card)
    corners = clusters_cache.outline(*key, settings.selected)
    if len(corners) > 2 and len(card.centre) == 2:
        return SamplingRequest("region", label=label, polygon=corners)
    return SamplingRequest("around", label=label, z=tuple(card.centre))


@st.fragment
def view() -> None:
    """Reruns on its own when a setting, the selected cluster or a name changes."""
    settings, _ = clusters_session.settings(entry.digest)
    found = None
    with shown_errors("These images cannot be clustered"):
        found = clusters_cache.report(entry.name, entry.digest, *settings.key)
    if found is None:
        session.set_link(settings.to_query(entry.name, entry.digest))
        cluster_form(entry, settings, choices)
        return
    handle_command(len(found.clusters))
    settings, _ = clusters_session.settings(entry.digest)
    session.set_link(settings.to_query(entry.name, entry.digest))
    cluster_form(entry, settings, choices)
    shown, agreement = map_assets(entry.name, entry.digest, settings.show), found.agreement
    st.caption(
        f"{ABOUT[settings.method]} {len(found.clusters)} clusters of {shown.facts['split']}: "
        f"purity {100 * agreement.purity:.0f} %, V-measure {agreement.v_measure:.3f}, "
        f"adjusted Rand index {agreement.adjusted_rand:.3f}, "
        f"silhouette {agreement.silhouette:.3f}.",
        help="Purity is the share of images in their cluster's most frequent class. Purity, "
        "V-measure (0 to 1) and the adjusted Rand index (0 by chance, 1 identical) compare the "
        "clusters with the classes and count noise as a cluster; the silhouette (−1 to 1) does "
        "not use the classes and is measured on 2,000 images.",
    )
    if not found.clusters:
        st.info("No region is dense enough for a cluster of this size; choose a smaller minimum.")
    cluster_map(shown, found, settings, key="clusters")
    best_number(entry, settings)
    cluster_files(entry, settings)


view()
