"""The way of the Interpolate page, as a session remembers it."""

from dataclasses import replace

import streamlit as st

from ..runtime.location import Space
from .settings import Way, way_from_query


def way(digest: str, first: Way, space: Space) -> tuple[Way, list[str]]:
    """The remembered way through the model with this digest; the very first one is that of a link.
    Also returns the unreadable parts of a link."""
    ways = st.session_state.setdefault("ways", {})
    broken: list[str] = []
    if digest not in ways:
        explored = st.session_state.get("places", {}).get(digest)
        if explored is not None:
            first = replace(first, label=explored.label, seed=explored.seed)
        ways[digest] = first
        if len(ways) == 1:
            ways[digest], broken = way_from_query(st.query_params.to_dict(), first, space)
    return ways[digest], broken


def walk(digest: str, changed: Way) -> None:
    """Remembers a way that the map committed."""
    st.session_state["ways"][digest] = changed


def current_way(digest: str, first: Way) -> Way:
    """The way as it is now, `first` where there is none yet."""
    return st.session_state.get("ways", {}).get(digest, first)


def way_revision() -> int:
    """Counts the changes to ways that did not come from the map: it takes those over."""
    return st.session_state.get("way_revision", 0)


def open_way(digest: str, way: Way) -> None:
    """Another way, which the map takes over as one step that can be undone."""
    st.session_state["ways"][digest] = way
    st.session_state["way_revision"] = way_revision() + 1


def add_stop(digest: str, z: tuple[float, ...]) -> None:
    """Lets the way go on to a code, as a stop behind the last."""
    before = st.session_state["ways"][digest]
    kind = "straight" if before.kind == "drawn" else before.kind
    open_way(digest, replace(before, stops=(*before.stops, z), kind=kind))


def walk_from(digest: str, way: Way) -> None:
    """Lets Interpolate begin with a way."""
    st.session_state.setdefault("ways", {})
    open_way(digest, way)
