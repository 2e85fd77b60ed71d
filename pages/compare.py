"""Compare: what does one kind of model see on its plane that another does not?"""

import streamlit as st

import vae
from pages.ui.compare import session as compare_session
from pages.ui.compare.compare_map import compare_map
from pages.ui.compare.lessons.beta import beta
from pages.ui.compare.lessons.depth import depth
from pages.ui.compare.lessons.holes import holes
from pages.ui.compare.settings import Comparison, comparison_from_map
from pages.ui.controls.page_header import page_header
from pages.ui.models.families import (
    MAX_MODELS,
    comparable_groups,
    default_models,
    exclusion_reason,
    kind_of,
    representative,
)
from pages.ui.models.metrics_table import metrics_table
from pages.ui.models.model_picker import warn_of_link
from pages.ui.runtime import cache
from pages.ui.runtime.errors import UNREADABLE, shown_errors
from vae.errors import AtelierError

page_header(
    "Compare",
    "How do different models represent the same images? Choose two to four, then move over "
    "one map: the others follow.",
)


def begin(group: list[vae.Entry]) -> Comparison:
    """The most different models of a group, at a place where the first picture is a good one."""
    entry = representative(group, "vae") or group[0]
    try:
        start = cache.map_assets(entry.name, entry.digest).facts["start"]
    except AtelierError:
        return Comparison(default_models(group))
    return Comparison(default_models(group), tuple(start))


entries = cache.checkpoints()
groups = comparable_groups(entries, cache.display_name)
if not groups:
    st.error(
        "There are no two models here that share a data set and a plane. Train another: "
        "`python -m vae train --data fashion-mnist-starter --model ae --out checkpoints/my-ae`, "
        "then reload this page."
    )
    st.stop()
first = max(groups, key=lambda key: len(groups[key]))
start = begin(groups[first])
comparison, broken = compare_session.comparison(start)
warn_of_link(broken)
home = next((k for k, g in groups.items() if {e.name for e in g} & {*comparison.models}), first)
if len(groups) > 1:
    st.session_state["compared-data"] = home
    st.selectbox(
        "Images",
        list(groups),
        key="compared-data",
        on_change=lambda: compare_session.set_comparison(
            begin(groups[st.session_state["compared-data"]])
        ),
        width=320,
    )
offered = {entry.name: entry for entry in groups[home]}
if unknown := [name for name in comparison.models if name not in offered]:
    why = {entry.name: exclusion_reason(entry, home) for entry in entries}
    told = (f"{name} ({why.get(name, 'there is no such model')})" for name in unknown)
    st.warning(f"Left out: {', '.join(told)}.")
st.session_state["compared"] = [name for name in comparison.models if name in offered]
chosen = st.multiselect(
    "Models, two to four",
    list(offered),
    key="compared",
    max_selections=MAX_MODELS,
    on_change=lambda: compare_session.set_models(st.session_state["compared"]),
    help="Only models of the same images and with two latents share a plane.",
)
if others := [entry for entry in entries if entry.name not in offered]:
    st.caption(
        "Not offered: "
        + "; ".join(f"{e.name} ({exclusion_reason(e, home)})" for e in others)
        + "."
    )

opened, models = [], []
for name in chosen:
    entry = offered[name]
    with shown_errors(f"{name} cannot be shown"):
        assets = cache.map_assets(name, entry.digest)
        models.append((assets, kind_of(entry)))
        opened.append(entry)


@st.fragment
def maps() -> None:
    """Reruns alone when the visitor commits a place."""
    here, _ = compare_session.comparison(comparison)
    committed = (st.session_state.get("maps") or {}).get("place")
    if committed:
        with shown_errors(UNREADABLE, show=st.warning):
            items = models[0][0].facts["count"]
            here = comparison_from_map(committed, here.models, items)
            compare_session.set_comparison(here)
    query = here.to_query()
    if (here != start or committed or st.query_params) and query != st.query_params.to_dict():
        st.query_params.from_dict(query)
    compare_map(models, here, key="maps")


if len(opened) > 1:
    maps()
else:
    st.info("Choose at least two models to lay their maps side by side.")
if opened:
    st.header("The numbers")
    st.caption("On the test split; nats are summed over pixels and latents, an image.")
    st.html(metrics_table(opened))
st.header("Three lessons")
for lesson in (holes, beta, depth):
    with shown_errors("This lesson cannot be shown"):
        lesson(groups[home])
