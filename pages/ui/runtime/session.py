"""Session state that several pages share: the model, one location per model, jobs, the link.

Most pages have a `session.py` of their own as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from .jobs import Job
from .location import MAX_PINS, Items, Location, Pin, Space, items_from_query, location_from_query

State = TypeVar("State")


def open_page(page: StreamlitPage) -> None:
    """Called before a page runs: finds out whether Back or Forward led here, which
    browser_history.js marks in the address, or a link from another page; then the page takes its
    state from the link. An older address alone may come from a connection that was lost."""
    marked = st.query_params.to_dict().get("back")
    if marked:
        del st.query_params["back"]
    moved = st.session_state.get("page", page.url_path) != page.url_path
    arrived = bool(st.query_params if moved else marked)
    if arrived and not moved:  # what is mounted adopts the state
        st.session_state["arrivals"] = arrivals() + 1
    st.session_state.update(page=page.url_path, arrived=arrived)


def arrivals() -> int:
    """How often Back and Forward led to another state of the same page."""
    return st.session_state.get("arrivals", 0)


def model(default: str) -> str:
    """Name of the model that was chosen, or that of the link where one led here; else `default`,
    which is not a choice: another page may have another one."""
    arrived, begun = st.session_state.get("arrived"), st.session_state.get("begun")
    st.session_state["begun"] = True
    if arrived or not begun:  # later the address is written by the page itself
        st.session_state["model"] = st.query_params.get("m")
    return st.session_state.get("model") or default


def choose_model(name: str) -> None:
    st.session_state["model"] = name
    st.session_state["begun"] = True  # a first page without a model does not read the link later


def _locations() -> dict[str, Location]:
    return st.session_state.setdefault("places", {})


def location(digest: str, first: Location, space: Space) -> tuple[Location, list[str]]:
    """The location on the map of the model with this digest, and the keys of a link that could not
    be read.

    Changing to a model with as many latents keeps z. The first model begins at the location of
    the link, or at `first`; Back and Forward lead to that of their link.
    """
    last, unreadable = last_location(), []
    if last is not None and not st.session_state.pop("arrived", False):
        found = _moved(explored(digest) or first, last.z).with_items(items(digest))
    else:
        comparison = st.session_state.get("comparison")
        start = first if comparison is None else _moved(first, comparison.z)
        # A position in a link without a class is of an unknown one.
        start = replace(start, label=None) if "z" in st.query_params else start
        start = start if st.query_params else start.with_items(items(digest))
        found, unreadable = location_from_query(st.query_params.to_dict(), start, space)
    set_location(digest, found)
    st.session_state["last_digest"] = digest
    return found, unreadable


def _moved(location: Location, z: tuple[float, ...]) -> Location:
    """The location at z if it has as many dimensions."""
    return replace(location, z=z) if len(z) == len(location.z) else location


def set_location(digest: str, new: Location) -> None:
    _locations()[digest] = new
    _items()[digest] = new.items


def _items() -> dict[str, Items]:
    return st.session_state.setdefault("shown-items", {})


def items(digest: str) -> Items:
    """Which items the maps of the model with this digest show, on all pages that let choose."""
    return _items().get(digest, Items())


def set_items(digest: str, chosen: Items) -> None:
    """Stores a choice of a page other than Explore; another column has no hidden kinds."""
    before = items(digest)
    hidden = before.hidden if chosen.colour == before.colour else ()
    _items()[digest] = replace(chosen, hidden=hidden)


def items_from_link(digest: str) -> tuple[Items, list[str]]:
    """As `items`, but those of the link on the first run, and where a link, Back or Forward lead.
    Also returns the keys of the link that could not be read. To be called before the page's own
    state is taken from the link."""
    unreadable: list[str] = []
    if st.session_state.get("arrived") or "shown-items" not in st.session_state:
        found, unreadable = items_from_query(st.query_params.to_dict())
        set_items(digest, found)
    return items(digest), unreadable


def explored(digest: str) -> Location | None:
    """The location on the Explore page of the model with this digest."""
    found = _locations().get(digest)
    return found and found.with_items(items(digest))


def last_location() -> Location | None:
    """The location of the model that was explored last."""
    return explored(st.session_state.get("last_digest", ""))


def move_last(z: tuple[float, ...]) -> None:
    """Moves the location of the model that was explored last to z."""
    if (last := last_location()) is not None:
        set_location(st.session_state["last_digest"], _moved(last, z))


def remembered(slot: str, key: object) -> Any:
    """The value in a slot of the session; None where it was stored for another key."""
    known, value = st.session_state.get(slot, (None, None))
    return value if known == key else None


def remember(slot: str, key: object, value: object) -> None:
    """Stores a value in place of the slot's last one; a job that it replaces is stopped."""
    _, before = st.session_state.get(slot, (None, None))
    if isinstance(before, Job):
        before.stop()
    st.session_state[slot] = (key, value)


def from_link(
    slot: str, read: Callable[[Mapping[str, str]], tuple[State, list[str]]]
) -> tuple[State, list[str]]:
    """The state in a slot, which `read` takes from the link on the first run, and the keys of the
    link that could not be read."""
    unreadable: list[str] = []
    if slot not in st.session_state:
        st.session_state[slot], unreadable = read(st.query_params.to_dict())
    return st.session_state[slot], unreadable


def model_from_link(
    slot: str, digest: str, read: Callable[[Mapping[str, str]], tuple[State, list[str]]]
) -> tuple[State, list[str]]:
    """As `from_link`, with a state for each model in the slot: only the first one, of the model
    with this digest, comes from the link, and the one that Back or Forward lead to."""
    states, unreadable = st.session_state.setdefault(slot, {}), []
    if (arrived := st.session_state.pop("arrived", False)) or digest not in states:
        link = st.query_params.to_dict() if arrived or not states else {}
        states[digest], unreadable = read(link)
    return states[digest], unreadable


def set_link(query: Mapping[str, str]) -> None:
    """Writes the query parameters into the address bar."""
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)


def already_handled(component: str, turn: int) -> bool:
    """Whether this message of a component was handled before; records it as handled. The last
    message comes again with every run. A new one has another number, which may be a smaller one:
    browsers number by their clock, and clocks are set back."""
    last = st.session_state.setdefault("answered", {})
    if last.get(component) == turn:
        return True
    last[component] = turn
    return False


def leave_message(text: str) -> None:
    """Stores a message of a callback for the script to show."""
    st.session_state["problem"] = text


def take_message() -> str | None:
    return st.session_state.pop("problem", None)


def set_region_seed(digest: str, seed: int) -> None:
    """Sets the seed of the samples inside the region."""
    set_location(digest, replace(_locations()[digest], draw=seed))


def explore_from(digest: str, first: Location, z: tuple[float, ...]) -> Location:
    """Moves Explore to a pin at `z`; `first` is the default location of the model."""
    before = (explored(digest) or first).with_items(items(digest))
    pins = (*before.pins[1 - MAX_PINS :], Pin(z))
    set_location(digest, replace(before, z=z, pins=pins, item=None, view=None))
    st.session_state["last_digest"] = digest
    return _locations()[digest]
