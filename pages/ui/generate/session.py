"""The request, the sheets and the directions of the Generate page in the session."""

from collections.abc import Mapping

import streamlit as st
from msgspec.structs import replace

from vae.latent.attribute_directions import AttributeDirection
from vae.latent.sampling import SamplingRequest

from ..runtime import session
from ..runtime.location import Space
from ..runtime.undo_stack import UndoStack
from .settings import request_from_query, sheet_from_query
from .sheet import Codes, Derived, GridCommand, Sheet, View

_UNDO_LIMIT = 60


def request(digest: str, space: Space, classes: int) -> tuple[SamplingRequest, list[str]]:
    """The current request to the model with this digest; the first one comes from the link, with
    what `opened` returns. Also returns the unreadable parameters of the link."""
    first = SamplingRequest(label=0 if space.labels else None)

    def read(link: Mapping[str, str]) -> tuple[SamplingRequest, list[str]]:
        found, unreadable = request_from_query(link, first, space, classes)
        shown, more = sheet_from_query(link, space)
        session.remember("opened", digest, shown)
        return found, unreadable + more

    return session.model_from_link("wishes", digest, read)


def opened(digest: str) -> tuple[Derived, View] | None:
    """What the link says of the sheet, once after it was read."""
    found = session.remembered("opened", digest)
    session.remember("opened", digest, None)
    return found


def set_request(digest: str, changed: SamplingRequest) -> None:
    st.session_state.setdefault("wishes", {})[digest] = changed


def form_is_outdated(digest: str, current: SamplingRequest) -> bool:
    """Whether something other than the form has changed the request."""
    return st.session_state.get("form", {}).get(digest) not in (None, current)


def set_form_request(digest: str, shown: SamplingRequest) -> None:
    st.session_state.setdefault("form", {})[digest] = shown


def sheets(digest: str) -> UndoStack[Sheet]:
    """The sheets of the model with this digest; the last of `done` is shown."""
    return st.session_state.setdefault("sheets", {}).setdefault(digest, UndoStack())


def push_sheet(digest: str, sheet: Sheet) -> None:
    st.session_state["sheets"][digest] = sheets(digest).push(sheet, limit=_UNDO_LIMIT)


def undo(digest: str) -> None:
    """Shows the previous sheet; the first one stays."""
    if len(sheets(digest).done) > 1:
        _show(digest, sheets(digest).undo())


def redo(digest: str) -> None:
    _show(digest, sheets(digest).redo())


def _show(digest: str, changed: UndoStack[Sheet]) -> None:
    """Stores the stack; the request follows the sheet that is shown."""
    st.session_state["sheets"][digest] = changed
    set_request(digest, changed.done[-1].request)


def show_known(digest: str, request: SamplingRequest, steps: tuple[GridCommand, ...]) -> bool:
    """Goes to the sheet of a request and steps if undo or redo lead to it."""
    stack = sheets(digest)
    known = (*stack.done, *reversed(stack.undone))
    at = [i for i, s in enumerate(known, 1) if (s.request, s.steps) == (request, steps)][-1:]
    if at:
        _show(digest, UndoStack(known[: at[0]], known[at[0] :][::-1]))
    return bool(at)


def set_view(digest: str, sheet: Sheet, shown: View) -> None:
    """Remembers how a sheet of the model with this digest is shown."""
    views = st.session_state.setdefault("views", {}).setdefault(digest, {})
    views |= {sheet.key: shown, "last": shown}


def view(digest: str, sheet: Sheet) -> View:
    """How a sheet is shown: its selection as it was last, all else as for the last sheet."""
    views = st.session_state.get("views", {}).get(digest, {})
    own, last = views.get(sheet.key, View()), views.get("last", View())
    return replace(last, selected=own.selected, weights=own.weights, shares=own.shares)


def groups(digest: str) -> dict[str, Codes]:
    """The codes of group "a" and group "b", between whose means a direction leads."""
    return st.session_state.setdefault("groups", {}).setdefault(digest, {})


def directions(digest: str) -> list[AttributeDirection]:
    """The attribute directions in the latent space of the model with this digest."""
    return st.session_state.setdefault("directions", {}).setdefault(digest, [])


def replace_direction(digest: str, index: int, changed: AttributeDirection | None) -> None:
    """Replaces one direction; None removes it."""
    directions(digest)[index : index + 1] = [] if changed is None else [changed]
