"""What the Reduce page lays out, as a session remembers it."""

from collections.abc import Hashable
from dataclasses import replace

import streamlit as st

from ..runtime.jobs import Job
from .settings import Reduction, reduction_from_query


def reduction(latent: int) -> tuple[Reduction, list[str]]:
    """What is laid out beside each other; a link decides on the first run. A plane of dimensions
    that a model of so many latents lacks is forgotten. Also the unreadable parts of a link, until
    something else is chosen: the page runs again by itself while it computes."""
    if "reduction" not in st.session_state:
        found, broken = reduction_from_query(st.query_params.to_dict(), latent)
        st.session_state["reduction"], st.session_state["reduction-broken"] = found, broken
    elif reduction_from_query({"axes": st.session_state["reduction"].axes}, latent)[1]:
        st.session_state["reduction"] = replace(st.session_state["reduction"], axes="")
    return st.session_state["reduction"], st.session_state["reduction-broken"]


def reduce_as(changed: Reduction) -> None:
    st.session_state["reduction"], st.session_state["reduction-broken"] = changed, []


def layout_jobs() -> dict[Hashable, Job]:
    """The layouts that this window asked for, in the making or ended, by question."""
    return st.session_state.setdefault("layout_jobs", {})
