"""What a session remembers for more than one page, behind typed functions: the chosen model, a
place a model, what is compared, jobs. What one page alone remembers lies in its `*_session.py`."""

from dataclasses import replace

import streamlit as st

from .jobs import Job
from .location import MAX_PINS, Location, Pin, Space, location_from_query


def model(default: str) -> str:
    """Name of the chosen model; a link decides on the first run, the visitor afterwards."""
    return st.session_state.setdefault("model", st.query_params.get("m", default))


def choose_model(name: str) -> None:
    st.session_state["model"] = name


def location(digest: str, first: Location, space: Space) -> tuple[Location, list[str]]:
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
            places[digest], broken = location_from_query(st.query_params.to_dict(), first, space)
        else:
            last = places[st.session_state["last_digest"]]
            places[digest] = replace(first, z=last.z) if len(last.z) == len(first.z) else first
    elif st.session_state["last_digest"] != digest:
        last = places[st.session_state["last_digest"]]
        if len(last.z) == len(first.z):
            places[digest] = replace(places[digest], z=last.z)
    st.session_state["last_digest"] = digest
    return places[digest], broken


def set_location(digest: str, where: Location) -> None:
    st.session_state["places"][digest] = where


def pins(digest: str) -> tuple[Pin, ...]:
    """The pins of the Explore page on the map of the model with this digest."""
    found = st.session_state.get("places", {}).get(digest)
    return () if found is None else found.pins


def export_job(slot: str) -> Job | None:
    """The last file that was asked for, of a model by its digest or of a board by its key."""
    found = st.session_state.get("export_job")
    return found[1] if found and found[0] == slot else None


def set_export_job(slot: str, job: Job | None) -> None:
    """Remembers a file in the making; one that it replaces is stopped."""
    before = st.session_state.get("export_job")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["export_job"] = (slot, job)


def already_handled(digest: str, turn: int) -> bool:
    """Whether this message of the grid was answered before; remembers that it is now."""
    last = st.session_state.setdefault("answered", {})
    if last.get(digest, -1) >= turn:
        return True
    last[digest] = turn
    return False


def explored(digest: str) -> tuple[tuple[float, ...] | None, tuple[Pin, ...]]:
    """Where the visitor stands on the Explore page's map of this model, and the pins there."""
    place = st.session_state.get("places", {}).get(digest)
    return (None, ()) if place is None else (place.z, place.pins)


def leave_message(words: str) -> None:
    """What a callback has to say, shown where the script comes by."""
    st.session_state["problem"] = words


def take_message() -> str | None:
    return st.session_state.pop("problem", None)


def set_region_seed(digest: str, seed: int) -> None:
    """Another seed for the samples from inside the region."""
    set_location(digest, replace(st.session_state["places"][digest], draw=seed))


def explore_from(digest: str, first: Location, z: tuple[float, ...]) -> Location:
    """Lets Explore begin at a code, pinned there; `first` is its place where it has none yet."""
    places = st.session_state.setdefault("places", {})
    before = places.get(digest, first)
    pins = (*before.pins[1 - MAX_PINS :], Pin(z))
    places[digest] = replace(before, z=z, pins=pins, item=None, view=None)
    st.session_state["last_digest"] = digest
    return places[digest]
