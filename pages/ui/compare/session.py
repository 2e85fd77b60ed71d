"""The session state of the Compare page."""

from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from ..runtime import session
from .settings import Comparison, comparison_from_query


def comparison(start: Comparison) -> tuple[Comparison, list[str]]:
    """The comparison, at the z of the Explore page, and the keys of a link that could not be read.
    The first run takes the comparison of the link."""
    explored, unreadable = session.last_location(), []
    same_latents = explored is not None and len(explored.z) == len(start.z)
    if "comparison" not in st.session_state:
        start = replace(start, z=explored.z) if same_latents else start
        found, unreadable = comparison_from_query(st.query_params.to_dict(), start)
        set_comparison(found)
    elif same_latents and st.session_state["comparison"].mode == "z":
        st.session_state["comparison"] = replace(st.session_state["comparison"], z=explored.z)
    return st.session_state["comparison"], unreadable


def set_comparison(changed: Comparison) -> None:
    """Stores a comparison; Explore continues at its z."""
    st.session_state["comparison"] = changed
    session.move_last(changed.z)


def set_models(names: Iterable[str]) -> None:
    """Changes the models and keeps the rest."""
    set_comparison(replace(st.session_state["comparison"], models=tuple(names)))


def chosen_item(key: str, first: int) -> int:
    """The selected item of a lesson, `first` by default."""
    return st.session_state.setdefault("items", {}).setdefault(key, first)


def set_item(key: str, item: int | None) -> None:
    if item is not None:
        st.session_state["items"][key] = item


def map_item() -> int | None:
    """The item that is selected on the maps."""
    found = st.session_state.get("comparison")
    return None if found is None else found.item
