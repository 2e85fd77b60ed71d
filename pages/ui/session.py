"""What a session remembers for more than one page, behind typed functions: the chosen model, a
place a model, what is compared, jobs. What one page alone remembers lies in its `*_session.py`."""

from collections.abc import Iterable
from dataclasses import replace

import streamlit as st

from .comparison import Comparison, comparison_from_query
from .jobs import Job
from .place import MOST_PINS, Pin, Place, Space, place_from_query


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


def export_job(slot: str) -> Job | None:
    """The last file that was asked for, of a model by its digest or of a board by its key."""
    found = st.session_state.get("export_job")
    return found[1] if found and found[0] == slot else None


def keep_export_job(slot: str, job: Job | None) -> None:
    """Remembers a file in the making; one that it replaces is stopped."""
    before = st.session_state.get("export_job")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["export_job"] = (slot, job)


def answered(digest: str, turn: int) -> bool:
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


def leave_problem(words: str) -> None:
    """What a callback has to say, shown where the script comes by."""
    st.session_state["problem"] = words


def take_problem() -> str | None:
    return st.session_state.pop("problem", None)


def lesson_step(asked: str) -> str:
    """The step that is read: a link's on the first look, then where the reader went."""
    return st.session_state.setdefault("lesson-step", asked)


def go_to_step(slug: str) -> None:
    st.session_state["lesson-step"] = slug


def draw_in_region(digest: str, seed: int) -> None:
    """Another seed for the samples from inside the region."""
    remember(digest, replace(st.session_state["places"][digest], draw=seed))


def looked_up(count: int) -> tuple[int, list[str]]:
    """The test image that is looked up, of so many: a link's on the first look, then the one that
    was chosen last. Also returns the unreadable parts of a link."""
    broken: list[str] = []
    if "looked-up" not in st.session_state:
        asked = st.query_params.get("i", "0")
        if not (asked.isascii() and asked.isdigit() and int(asked) < count):
            asked, broken = "0", ["i"]
        st.session_state["looked-up"] = int(asked)
    return min(st.session_state["looked-up"], count - 1), broken


def look_up(item: int) -> None:
    st.session_state["looked-up"] = item


def explore_from(digest: str, first: Place, z: tuple[float, ...]) -> Place:
    """Lets Explore begin at a code, pinned there; `first` is its place where it has none yet."""
    places = st.session_state.setdefault("places", {})
    before = places.get(digest, first)
    pins = (*before.pins[1 - MOST_PINS :], Pin(z))
    places[digest] = replace(before, z=z, pins=pins, item=None, view=None)
    st.session_state["last_digest"] = digest
    return places[digest]
