"""Session state that several pages share: the model, one location per model, the export job.

Each page has a `session.py` of its own as well.
"""

from dataclasses import replace

import streamlit as st

from .jobs import Job
from .location import MAX_PINS, Location, Pin, Space, location_from_query


def model(default: str) -> str:
    """Name of the chosen model; that of the link on the first run."""
    return st.session_state.setdefault("model", st.query_params.get("m", default))


def choose_model(name: str) -> None:
    st.session_state["model"] = name


def location(digest: str, first: Location, space: Space) -> tuple[Location, list[str]]:
    """The location on the map of the model with this digest, and the keys of a link that could not
    be read.

    Changing to a model with as many latents keeps z. The first model begins at the location of
    the link, or at `first`.
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


def set_location(digest: str, new: Location) -> None:
    st.session_state["places"][digest] = new


def pins(digest: str) -> tuple[Pin, ...]:
    """The pins of the Explore page on the map of the model with this digest."""
    found = st.session_state.get("places", {}).get(digest)
    return () if found is None else found.pins


def export_job(slot: str) -> Job | None:
    """The last export of a page, by the digest of its model or the key of its board."""
    found = st.session_state.get("export_job")
    return found[1] if found and found[0] == slot else None


def set_export_job(slot: str, job: Job | None) -> None:
    """Stores an export job and stops the one that it replaces."""
    before = st.session_state.get("export_job")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["export_job"] = (slot, job)


def already_handled(component: str, turn: int) -> bool:
    """Whether this message of a component was handled before; records it as handled."""
    last = st.session_state.setdefault("answered", {})
    if last.get(component, -1) >= turn:
        return True
    last[component] = turn
    return False


def explored(digest: str) -> tuple[tuple[float, ...] | None, tuple[Pin, ...]]:
    """The z and the pins on the Explore page's map of the model with this digest."""
    place = st.session_state.get("places", {}).get(digest)
    return (None, ()) if place is None else (place.z, place.pins)


def leave_message(text: str) -> None:
    """Stores a message of a callback for the script to show."""
    st.session_state["problem"] = text


def take_message() -> str | None:
    return st.session_state.pop("problem", None)


def set_region_seed(digest: str, seed: int) -> None:
    """Sets the seed of the samples inside the region."""
    set_location(digest, replace(st.session_state["places"][digest], draw=seed))


def explore_from(digest: str, first: Location, z: tuple[float, ...]) -> Location:
    """Moves Explore to a pin at `z`; `first` is the default location of the model."""
    places = st.session_state.setdefault("places", {})
    before = places.get(digest, first)
    pins = (*before.pins[1 - MAX_PINS :], Pin(z))
    places[digest] = replace(before, z=z, pins=pins, item=None, view=None)
    st.session_state["last_digest"] = digest
    return places[digest]
