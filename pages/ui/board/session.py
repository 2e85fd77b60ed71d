"""The open board and its undo stack in the session."""

from collections.abc import Sequence

import streamlit as st

from vae import boards
from vae.boards.item import Board, Item

from ..runtime.location import Pin
from ..runtime.undo_stack import UndoStack
from .changes import Change, change_of

_UNDO_LIMIT = 200


def board_key() -> str:
    """The key of the visitor's board: that of the link, else the current one, else a new one."""
    if "board" not in st.session_state:
        key = st.query_params.get("b", "")
        st.session_state["board"] = key if boards.is_key(key) else boards.new_key()
    return st.session_state["board"]


def open_board(key: str) -> None:
    """Opens another board; changes of the previous one can no longer be undone here."""
    for name in ("board-seen", "board-deeds", "kept-ids"):
        st.session_state.pop(name, None)
    st.session_state["board"] = key


def saved_ids() -> dict[tuple[str, Pin], str]:
    """Ids of the items that this session saved to the board, by digest and pin."""
    return st.session_state.setdefault("kept-ids", {})


def undo_stack() -> UndoStack[Change]:
    return st.session_state.setdefault("board-deeds", UndoStack())


def set_undo_stack(changed: UndoStack[Change]) -> None:
    st.session_state["board-deeds"] = changed


def record_change(board: Board, items: Sequence[Item], name: str | None = None) -> None:
    """Makes a write undoable; `board` is the board before it."""
    set_undo_stack(undo_stack().push(change_of(board, items, name), limit=_UNDO_LIMIT))


def set_shown_revision(revision: int) -> None:
    st.session_state["board-seen"] = revision


def shown_revision() -> int:
    """The revision that this session showed last; 0 for none."""
    return st.session_state.get("board-seen", 0)


def already_imported(file_id: str) -> bool:
    """Whether this upload was imported before; marks it as imported."""
    imported = st.session_state.setdefault("brought", set())
    if file_id in imported:
        return True
    imported.add(file_id)
    return False
