"""What the Generate page was asked for and has shown, as a session remembers it."""

import streamlit as st

from vae.latent.attribute_directions import Direction
from vae.latent.sampling import SamplingRequest

from ..runtime.location import Space
from .sheet import History, Record, Sheet, request_from_query


def request(digest: str, space: Space, classes: int) -> tuple[SamplingRequest, list[str]]:
    """What is asked of the model with this digest; a link decides on the first run. Also returns
    the unreadable parts of a link."""
    wishes = st.session_state.setdefault("wishes", {})
    broken: list[str] = []
    if digest not in wishes:
        first = SamplingRequest(label=0 if space.labels else None)
        query = st.query_params.to_dict() if not wishes else {}
        wishes[digest], broken = request_from_query(query, first, space, classes)
    return wishes[digest], broken


def set_request(digest: str, changed: SamplingRequest) -> None:
    st.session_state.setdefault("wishes", {})[digest] = changed


def form_is_behind(digest: str, asked: SamplingRequest) -> bool:
    """Whether something else than the form has changed what is asked for."""
    return st.session_state.get("form", {}).get(digest) not in (None, asked)


def form_shows(digest: str, asked: SamplingRequest) -> None:
    st.session_state.setdefault("form", {})[digest] = asked


def history(digest: str) -> History:
    """The sheets that were made with the model of this digest."""
    return st.session_state.setdefault("sheets", {}).setdefault(digest, History())


def show_sheet(digest: str, sheet: Sheet) -> None:
    st.session_state["sheets"][digest] = history(digest).push(sheet)


def step_back(digest: str, forward: bool = False) -> None:
    """Undo, or redo; the request follows to the sheet that is seen."""
    known = history(digest)
    known = known.redo() if forward else known.undo()
    st.session_state["sheets"][digest] = known
    if known.sheet is not None and known.sheet.request is not None:
        set_request(digest, known.sheet.request)


def groups(digest: str) -> dict[str, tuple[Record, ...]]:
    """The examples from ("a") and to ("b") which a direction leads."""
    return st.session_state.setdefault("groups", {}).setdefault(digest, {})


def directions(digest: str) -> list[Direction]:
    """The directions that were made in the plane of the model with this digest."""
    return st.session_state.setdefault("directions", {}).setdefault(digest, [])


def change_direction(digest: str, index: int, changed: Direction | None) -> None:
    """Another in its place, or none."""
    directions(digest)[index : index + 1] = [] if changed is None else [changed]
