"""Every key of the session state, behind typed functions: the chosen model, a place and a way a
model, what is compared."""

from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from .comparison import Comparison, comparison_from_query
from .jobs import Job
from .place import Pin, Place, Space, place_from_query
from .way import Way, way_from_query


def model(default: str) -> str:
    """Name of the chosen model; a link decides on the first run, the visitor afterwards."""
    return st.session_state.setdefault("model", st.query_params.get("m", default))


def choose_model(name: str) -> None:
    st.session_state["model"] = name


def place(digest: str, first: Place, space: Space) -> tuple[Place, list[str]]:
    """The remembered place on the map of the model with this digest.

    A model seen for the first time takes over z from the one before where their sizes agree, so
    that changing the model keeps the position; the very first one begins at `first`, unless
    a link says otherwise. Also returns the unreadable parts of a link.
    """
    places = st.session_state.setdefault("places", {})
    broken: list[str] = []
    if digest not in places:
        if not places:
            compared = st.session_state.get("comparison")
            if compared is not None and len(compared.z) == len(first.z):
                first = replace(first, z=compared.z)
            places[digest], broken = place_from_query(st.query_params.to_dict(), first, space)
        else:
            last = places[st.session_state["last_digest"]]
            places[digest] = replace(first, z=last.z) if len(last.z) == len(first.z) else first
    elif st.session_state["last_digest"] != digest:
        last = places[st.session_state["last_digest"]]
        if len(last.z) == len(first.z):
            places[digest] = replace(places[digest], z=last.z)
    st.session_state["last_digest"] = digest
    return places[digest], broken


def remember(digest: str, where: Place) -> None:
    st.session_state["places"][digest] = where


def comparison(start: Comparison) -> tuple[Comparison, list[str]]:
    """What is compared; a link decides on the first run, the visitor afterwards. Stands where the
    visitor stands on the Explore page. Also returns the unreadable parts of a link."""
    broken: list[str] = []
    explored = st.session_state.get("places", {}).get(st.session_state.get("last_digest"))
    if "comparison" not in st.session_state:
        if explored is not None and len(explored.z) == len(start.z):
            start = replace(start, z=explored.z)
        found, broken = comparison_from_query(st.query_params.to_dict(), start)
        compare(found)
    elif explored is not None and len(explored.z) == len(start.z):
        current = st.session_state["comparison"]
        if current.mode == "z":
            st.session_state["comparison"] = replace(current, z=explored.z)
    return st.session_state["comparison"], broken


def compare(changed: Comparison) -> None:
    """Remembers a comparison; its place is also the one that Explore goes on from."""
    st.session_state["comparison"] = changed
    places = st.session_state.get("places", {})
    digest = st.session_state.get("last_digest")
    if digest in places and len(places[digest].z) == len(changed.z):
        places[digest] = replace(places[digest], z=changed.z)


def compare_models(names: Iterable[str]) -> None:
    """Other models at the same place."""
    compare(replace(st.session_state["comparison"], models=tuple(names)))


def chosen_item(key: str, first: int) -> int:
    """The item of a lesson: the one last chosen for it, `first` to begin with."""
    return st.session_state.setdefault("items", {}).setdefault(key, first)


def choose_item(key: str, item: int | None) -> None:
    if item is not None:
        st.session_state["items"][key] = item


def mapped_item() -> int | None:
    """The item that is chosen on the maps of the comparison."""
    found = st.session_state.get("comparison")
    return None if found is None else found.item


def pins(digest: str) -> tuple[Pin, ...]:
    """The pins of the Explore page on the map of the model with this digest."""
    found = st.session_state.get("places", {}).get(digest)
    return () if found is None else found.pins


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


def add_stop(digest: str, z: tuple[float, ...]) -> None:
    """Lets the way go on to a code, as a stop behind the last."""
    before = st.session_state["ways"][digest]
    kind = "straight" if before.kind == "drawn" else before.kind
    st.session_state["ways"][digest] = replace(before, stops=(*before.stops, z), kind=kind)
    st.session_state["way_revision"] = way_revision() + 1


def export_job(digest: str) -> Job | None:
    """The last file that was asked for on the Interpolate page, of the model with this digest."""
    found = st.session_state.get("export_job")
    return found[1] if found and found[0] == digest else None


def keep_export_job(digest: str, job: Job | None) -> None:
    """Remembers a file in the making; one that it replaces is stopped."""
    before = st.session_state.get("export_job")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["export_job"] = (digest, job)
