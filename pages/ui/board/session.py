"""The visitor's boards on their device, and the open board and its undo stack in the session."""

from contextlib import suppress

import streamlit as st

from vae import boards, limits
from vae.boards import Vote
from vae.boards.item import Item

from ..runtime.location import Pin
from ..runtime.undo_stack import UndoStack
from . import storage
from .changes import Change

_UNDO_LIMIT = 200
_COOKIE = "latent-atelier-boards"
_MAX_BOARDS = 30


def device_boards() -> list[str]:
    """The keys of the boards that this browser saved to, the last one first."""
    if "device-boards" not in st.session_state:
        keys = st.context.cookies.get(_COOKIE, "").split(".")
        keys = [] if limits.current().public else keys
        st.session_state["device-boards"] = [key for key in keys if boards.is_key(key)]
    return st.session_state["device-boards"]


def own_board() -> str:
    """The key of the board that images are saved to: the chosen one, else the last one of this
    browser, else a new one."""
    if "board" not in st.session_state:
        st.session_state["board"] = next(iter(device_boards()), None) or boards.new_key()
    return st.session_state["board"]


def shown_board() -> str:
    """The key of the board that the Board page shows: that of the link, else the own one."""
    key = st.query_params.get("b", "")
    return key if boards.is_key(key) else own_board()


def open_board(key: str) -> None:
    """Makes a board the one that images are saved to, and shows it."""
    st.session_state["board"] = key
    st.query_params["b"] = key


def remember_on_device() -> None:
    """Writes the key of the board to a cookie once it has content, so that it is found again after
    a reload, in another tab and when the browser is opened again."""
    known, key = device_boards(), own_board()
    if known[:1] == [key] or not storage.modified_ns(key):
        return
    keys = st.session_state["device-boards"] = [key, *(k for k in known if k != key)][:_MAX_BOARDS]
    if limits.current().public:
        return
    path = "new URL('./', document.baseURI).pathname"
    cookie = f"`{_COOKIE}={'.'.join(keys)}; path=${{{path}}}; max-age=31536000; SameSite=Lax`"
    st.html(f"<script>document.cookie = {cookie};</script>", unsafe_allow_javascript=True)


def content(item: Item) -> tuple[str, Pin]:
    """What image an item is: the digest of its model and the pin that is decoded."""
    return item.digest, Pin(item.z, item.label, item.seed)


def saved_ids() -> dict[tuple[str, Pin], str]:
    """Ids of the items on the visitor's board, by their content."""
    with suppress(boards.BoardError):
        return {content(item): item.id for item in storage.load(own_board()).sorted_items}
    return {}


def undo_stack(key: str) -> UndoStack[Change | Vote]:
    """The changes of this session to a board."""
    return st.session_state.setdefault("board-deeds", {}).setdefault(key, UndoStack())


def set_undo_stack(key: str, changed: UndoStack[Change | Vote]) -> None:
    st.session_state.setdefault("board-deeds", {})[key] = changed


def record_change(key: str, change: Change | Vote) -> None:
    """Makes a write undoable."""
    set_undo_stack(key, undo_stack(key).push(change, limit=_UNDO_LIMIT))


def set_shown_revision(key: str, revision: int) -> None:
    st.session_state.setdefault("board-seen", {})[key] = revision


def shown_revision(key: str) -> int:
    """The revision of a board that this session showed last; 0 for none."""
    return st.session_state.get("board-seen", {}).get(key, 0)


def already_imported(file_id: str) -> bool:
    """Whether this upload was imported before; marks it as imported."""
    imported = st.session_state.setdefault("brought", set())
    if file_id in imported:
        return True
    imported.add(file_id)
    return False
