"""Saves images to the visitor's board, from any page."""

from collections.abc import Sequence

import streamlit as st
from msgspec.structs import replace

from vae import boards, limits
from vae.boards.item import Board, Item, new_item

from ..runtime.errors import shown_errors, toast
from ..runtime.location import Pin
from ..runtime.text import plain
from . import session as board_session
from . import storage
from .changes import change_of


def save_items(items: Sequence[Item]) -> bool:
    """Appends items to the visitor's board, which is created if there is none. An image that is on
    it already is not added again."""
    key = board_session.own_board()
    with shown_errors("Not saved", show=toast):
        board = storage.load(key)
        fresh = _fresh(board, items)
        if fresh:
            shown = board_session.shown_revision(key)
            saved = storage.save_items(key, fresh, known_revision=shown).board
            board_session.record_change(key, change_of(board, fresh))
            if shown == board.revision:  # else the board has to report the other window's write
                board_session.set_shown_revision(key, saved.revision)
        name = "the board" if board.name == boards.UNNAMED else f"the board “{plain(board.name)}”"
        count = "1 image" if len(fresh) == 1 else f"{len(fresh)} images"
        known = len(items) - len(fresh)
        rest = f"; {known} already there." if known else "."
        # On a public server a link, which opens in a new tab, would be another visitor's.
        name = name if limits.current().public else f"[{name}](./board?b={key})"
        text = f"Saved {count} to {name}{rest}" if fresh else f"Already on {name}."
        st.toast(text, icon=":material/bookmark_added:")
        return True
    return False


def _fresh(board: Board, items: Sequence[Item]) -> list[Item]:
    """The items whose image is not on the board, in order behind those that are."""
    known = {board_session.content(item) for item in board.sorted_items}
    order, fresh = max((item.order for item in board.sorted_items), default=0.0), []
    for item in items:
        if board_session.content(item) not in known:
            known.add(board_session.content(item))
            fresh.append(replace(item, order=order + 1 + len(fresh)))
    return fresh


def save_pins(name: str, digest: str, pins: Sequence[Pin]) -> bool:
    return save_items(
        [new_item(name, digest, pin.z, label=pin.label, seed=pin.seed) for pin in pins]
    )
