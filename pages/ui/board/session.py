"""The board that is open, and what was done on it here, as a session remembers it."""

from collections.abc import Sequence

import streamlit as st

from vae import boards
from vae.boards.item import Board, Item

from ..runtime.location import Pin
from .changes import Deeds, change_of


def board_key() -> str:
    """The key of the visitor's board: a link's, else the one they had, else a new one."""
    if "board" not in st.session_state:
        asked = st.query_params.get("b", "")
        st.session_state["board"] = asked if boards.is_key(asked) else boards.new_key()
    return st.session_state["board"]


def open_board(key: str) -> None:
    """Another board; what was done on the one before can no longer be undone here."""
    for name in ("board-seen", "board-deeds", "kept-ids"):
        st.session_state.pop(name, None)
    st.session_state["board"] = key


def kept_ids() -> dict[tuple[str, Pin], str]:
    """The items of the board that were kept from this window, by model and place."""
    return st.session_state.setdefault("kept-ids", {})


def deeds() -> Deeds:
    return st.session_state.setdefault("board-deeds", Deeds())


def set_deeds(changed: Deeds) -> None:
    st.session_state["board-deeds"] = changed


def record_change(board: Board, items: Sequence[Item], name: str | None = None) -> None:
    """Remembers a write to the board as it was before, for undo."""
    set_deeds(deeds().push(change_of(board, items, name)))


def see_board(revision: int) -> None:
    st.session_state["board-seen"] = revision


def board_seen() -> int:
    """The revision that this window showed last."""
    return st.session_state.get("board-seen", 0)


def brought(file_id: str) -> bool:
    """Whether this upload was read before; remembers that it is now."""
    seen = st.session_state.setdefault("brought", set())
    if file_id in seen:
        return True
    seen.add(file_id)
    return False
