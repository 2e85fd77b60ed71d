"""The search of each model in the session, and in the address bar: packed in `w`."""

import streamlit as st

from ..runtime import packed
from ..runtime.location import Space
from ..runtime.query import InvalidValueError
from ..runtime.undo_stack import UndoStack
from .search import Search

KEY = "w"
_MODE, _SEARCHES = "choosing", "searches"
_UNDO_LIMIT = 60


def open_link(digest: str, space: Space) -> list[str]:
    """Takes the search of a link where one led here; the keys that could not be read. To be called
    before the page takes its own state from the link."""
    if not (st.session_state.get("arrived") or _MODE not in st.session_state):
        return []
    text = st.query_params.to_dict().get(KEY)
    set_choosing(text is not None)
    if not text:
        return []
    try:
        search = packed.unpack(text, Search)
        if not search.fits(space.latent):
            raise InvalidValueError("its codes are those of another model")
    except InvalidValueError:
        return [KEY]
    if search != current(digest):
        set_history(digest, UndoStack((search,)))
    return []


def choosing() -> bool:
    """Whether Generate searches by choosing instead of sampling a sheet."""
    return st.session_state.get(_MODE, False)


def set_choosing(on: bool) -> None:
    st.session_state[_MODE] = on


def history(digest: str) -> UndoStack[Search]:
    """The searches that led to the one shown, the last of `done`."""
    return st.session_state.setdefault(_SEARCHES, {}).get(digest, UndoStack())


def set_history(digest: str, changed: UndoStack[Search]) -> None:
    st.session_state.setdefault(_SEARCHES, {})[digest] = changed


def current(digest: str) -> Search:
    done = history(digest).done
    return done[-1] if done else Search()


def push(digest: str, search: Search) -> None:
    set_history(digest, history(digest).push(search, limit=_UNDO_LIMIT))


def back(digest: str) -> None:
    """Undoes the last change; a search of a link loses its last choice."""
    before = history(digest)
    if len(before.done) == 1 and before.done[0].choices:
        shorter = Search(before.done[0].choices[:-1])
        before = UndoStack((shorter, *before.done), before.undone)
    set_history(digest, before.undo())


def forward(digest: str) -> None:
    set_history(digest, history(digest).redo())
