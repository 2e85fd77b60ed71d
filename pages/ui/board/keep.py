"""Keeping pictures: the visitor's board, from every page."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from vae import boards
from vae.boards.item import BoardError, Item, new_item

from ..runtime.location import Pin
from . import session as board_session


def keep(items: Sequence[Item]) -> bool:
    """Adds pictures at the end of the visitor's board, which is made where there is none."""
    try:
        board = boards.load(board_session.board_key())
        last = max((item.order for item in board.kept), default=0.0)
        placed = [replace(item, order=last + 1 + index) for index, item in enumerate(items)]
        outcome = boards.change(board_session.board_key(), placed, seen=board_session.board_seen())
    except BoardError as error:
        st.toast(f"Not kept: {error}.", icon=":material/error:")
        return False
    board_session.record_change(board, placed)
    if (
        board_session.board_seen() == board.revision
    ):  # else the board has news to tell when it is opened
        board_session.see_board(outcome.board.revision)
    what = "1 picture" if len(items) == 1 else f"{len(items)} pictures"
    st.toast(f"Kept {what} on the board.", icon=":material/bookmark_added:")
    return True


def keep_pins(name: str, digest: str, pins: Sequence[Pin]) -> bool:
    return keep([new_item(name, digest, pin.z, label=pin.label, seed=pin.seed) for pin in pins])
