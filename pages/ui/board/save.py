"""Saves images to the visitor's board, from any page."""

from collections.abc import Sequence

import streamlit as st
from msgspec.structs import replace

from vae import boards
from vae.boards.item import Item, new_item

from ..runtime.errors import shown_errors, toast
from ..runtime.location import Pin
from ..runtime.text import plain
from . import session as board_session
from . import storage


def save_items(items: Sequence[Item]) -> bool:
    """Appends items to the visitor's board, which is created if there is none."""
    key = board_session.own_board()
    shown = board_session.shown_revision(key)
    outcome = None
    with shown_errors("Not saved", show=toast):
        board = storage.load(key)
        last = max((item.order for item in board.sorted_items), default=0.0)
        ordered = [replace(item, order=last + 1 + index) for index, item in enumerate(items)]
        outcome = storage.save_items(key, ordered, known_revision=shown)
    if outcome is None:
        return False
    board_session.record_change(key, board, ordered)
    if shown == board.revision:  # otherwise the board still has to report the other window's write
        board_session.set_shown_revision(key, outcome.board.revision)
    count = "1 image" if len(items) == 1 else f"{len(items)} images"
    name = "the board" if board.name == boards.UNNAMED else f"the board “{plain(board.name)}”"
    st.toast(f"Saved {count} to {name}.", icon=":material/bookmark_added:")
    return True


def save_pins(name: str, digest: str, pins: Sequence[Pin]) -> bool:
    return save_items(
        [new_item(name, digest, pin.z, label=pin.label, seed=pin.seed) for pin in pins]
    )
