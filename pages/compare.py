"""Compare: how do different models represent the same images?"""

import streamlit as st

import vae
from pages.ui.compare import session as compare_session
from pages.ui.compare.compare_map import compare_map
from pages.ui.compare.lessons.beta import beta
from pages.ui.compare.lessons.depth import depth
from pages.ui.compare.lessons.holes import holes
from pages.ui.compare.settings import Comparison, comparison_from_map
from pages.ui.controls.page_header import page_header
from pages.ui.models import families
from pages.ui.models.metrics_table import metrics_table
from pages.ui.models.model_picker import warn_of_link
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors
from vae.data.load import bundled_equivalent
from vae.errors import AtelierError

page_header(
    "Compare",
    "How do different models represent the same images? Choose two to four, then move over "
    "one map: the others follow.",
)


def default_comparison(group: list[vae.Entry]) -> Comparison:
    """The most different models of a group, at a position with a good first image."""
    entry = families.representative(group, "vae") or group[0]
    try:
        start = cache.map_assets(entry.name, entry.digest).facts["start"]
    except AtelierError:
        return Comparison(families.default_models(group))
    return Comparison(families.default_models(group), tuple(start))


entries = cache.checkpoints()
groups = families.comparable_groups(entries, bundled_equivalent)
if not groups:
    st.error(
        "A comparison needs two models with two latents and the same data set. Train another one: "
        "`python -m vae train --data fashion-mnist-starter --model ae --out checkpoints/my-ae`, "
        "then reload this page."
    )
    st.stop()
first = max(groups, key=lambda key: len(groups[key]))
start = default_comparison(groups[first])
comparison, broken = compare_session.comparison(start)
warn_of_link(broken)
group = next((k for k, g in groups.items() if {e.name for e in g} & {*comparison.models}), first)
if len(groups) > 1:
    st.session_state["compared-data"] = group
    st.selectbox(
        "Images",
        list(groups),
        key="compared-data",
        on_change=lambda: compare_session.set_comparison(
            default_comparison(groups[st.session_state["compared-data"]])
        ),
        width=320,
    )
offered = {entry.name: entry for entry in groups[group]}
if unknown := [name for name in comparison.models if name not in offered]:
    reasons = {entry.name: families.exclusion_reason(entry, group) for entry in entries}
    excluded = (f"{name} ({reasons.get(name, 'there is no such model')})" for name in unknown)
    st.warning(f"Left out: {', '.join(excluded)}.")
st.session_state["compared"] = [name for name in comparison.models if name in offered]
chosen = st.multiselect(
    "Models, two to four",
    list(offered),
    key="compared",
    max_selections=families.MAX_MODELS,
    on_change=lambda: compare_session.set_models(st.session_state["compared"]),
    help="Models with two latents that are shown with the same images.",
)
if others := [entry for entry in entries if entry.name not in offered]:
    named = "; ".join(f"{e.name} ({families.exclusion_reason(e, group)})" for e in others)
    st.caption(f"Not offered: {named}.")

opened, models = [], []
for name in chosen:
    entry = offered[name]
    with shown_errors(f"{name} cannot be shown"):
        assets = cache.map_assets(name, entry.digest)
        models.append((assets, families.kind_of(entry)))
        opened.append(entry)


@st.fragment
def maps() -> None:
    """Reruns alone when the maps commit a position."""
    current, _ = compare_session.comparison(comparison)
    committed = (st.session_state.get("maps") or {}).get("place")
    if committed:
        with shown_errors("The maps sent an invalid position", show=st.warning):
            items = models[0][0].facts["count"]
            current = comparison_from_map(committed, current.models, items)
            compare_session.set_comparison(current)
    query = current.to_query()
    if current != start or committed or st.query_params:
        session.set_link(query)
    compare_map(models, current, key="maps")


if len(opened) > 1:
    maps()
else:
    st.info("Choose at least two models to compare their maps.")
if opened:
    st.header("Metrics", anchor=False)
    st.caption("On the test split; nats per image, summed over pixels and latents.")
    st.html(metrics_table(opened))
st.header("Three lessons", anchor=False)
for show_lesson in (holes, beta, depth):
    with shown_errors("This lesson cannot be shown"):
        show_lesson(groups[group])
