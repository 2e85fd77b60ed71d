"""Where boards are: on the server's disk, on a public server in the session that made them."""

import time
from collections.abc import Sequence

import streamlit as st

from vae import boards, limits
from vae.boards.item import Board, BoardError, Item
from vae.boards.store import SaveResult

_MAX_BOARDS = 3  # in a session's memory


def _in_session() -> dict[str, tuple[int, Board]]:
    """The boards of this session, each with the time of its last write in nanoseconds."""
    return st.session_state.setdefault("boards", {})


def load(key: str) -> Board:
    """As `boards.load`."""
    empty = 0, Board(boards.UNNAMED, 0, {})
    return _in_session().get(key, empty)[1] if limits.current().public else boards.load(key)


def modified_ns(key: str) -> int:
    """As `boards.modified_ns`."""
    return _in_session().get(key, (0,))[0] if limits.current().public else boards.modified_ns(key)


def save_items(key: str, items: Sequence[Item], **options) -> SaveResult:
    """As `boards.save_items`."""
    if not limits.current().public:
        return boards.save_items(key, items, **options)
    if len({*_in_session(), key}) > _MAX_BOARDS:
        raise BoardError(f"this server holds {_MAX_BOARDS} boards of a visitor; use one of yours")
    merged, _ = boards.merge(load(key), items, **options)
    _in_session()[key] = time.time_ns(), merged.board
    return merged
