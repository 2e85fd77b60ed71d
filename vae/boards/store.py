"""Boards: what people keep. One JSON file a board, under a key that is the only right to it.

Several windows may write the same board: the last write of an item wins, and whoever had not seen
the one before is told. Deleting marks an item as gone, so that undo works across windows too.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..files import atomic, folders
from ..files.locks import locked
from . import item as limits
from .item import (
    Board,
    BoardError,
    Item,
    checked_name,
    from_text,
    new_id,
    to_text,
)

UNNAMED = "Board"
MOST_BYTES = 2_000_000
_MARKS = 500  # of deletion, that undo can take back
_KEY = re.compile(r"[A-Za-z0-9_-]{22}")


class Outcome(NamedTuple):
    """The board after a write, and the ids of items that another window had written since."""

    board: Board
    conflicts: tuple[str, ...]


def new_key() -> str:
    """128 bits that nobody guesses, as 22 characters for an address."""
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    return bool(_KEY.fullmatch(text))


def load(key: str) -> Board:
    """The board under a key; an empty one where none was written yet."""
    path = _path(key)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BoardError(f"the board has more than {MOST_BYTES / 1e6:.0f} MB")
        return from_text(path.read_text("utf-8"))
    except FileNotFoundError:
        return Board(UNNAMED, 0, {})
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"the board cannot be read ({error}); ask for a new one") from error


def revision(key: str) -> float:
    """Something that differs after every write; cheap enough to be asked for every second."""
    try:
        return _path(key).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def change(key: str, items: Sequence[Item], *, seen: int, name: str | None = None) -> Outcome:
    """Writes items, new or changed, by a window that has seen the board up to revision `seen`."""
    with locked(_path(key).with_suffix(".lock")):
        board = load(key)
        conflicts = tuple(
            item.id
            for item in items
            if item.id in board.items and board.items[item.id].changed > seen
        )
        now = board.revision + 1
        merged = board.items | {item.id: replace(item, changed=now) for item in items}
        if sum(not item.gone for item in merged.values()) > limits.MOST_ITEMS:
            raise BoardError(f"the board is full: {limits.MOST_ITEMS:,} pictures; begin another")
        merged = _without_old_marks(merged)
        board = Board(checked_name(board.name if name is None else name), now, merged)
        raw = to_text(board).encode()
        if len(raw) > MOST_BYTES:
            raise BoardError(
                f"the board would have {len(raw) / 1e6:.1f} MB; at most "
                f"{MOST_BYTES / 1e6:.0f} MB, shorten notes or begin another"
            )
        try:
            atomic.write(_path(key), raw)
        except OSError as error:
            raise BoardError(f"the board cannot be written ({error}); try again") from error
    return Outcome(board, conflicts)


def export(board: Board, items: Sequence[Item]) -> str:
    """A file from which every picture decodes again, with the board's name."""
    return to_text(Board(board.name, board.revision, {item.id: item for item in items}))


def imported(text: str, *, after: float = 0.0) -> tuple[str, list[Item]]:
    """Name and items of an exported file, with new ids, so that they join any board; who came of
    whom stays. `after` is the order that they follow."""
    if len(text) > MOST_BYTES:
        raise BoardError(f"the file has more than {MOST_BYTES / 1e6:.0f} MB; expected a board")
    board = from_text(text)
    ids = {item.id: new_id() for item in board.kept}
    return board.name, [
        replace(
            item,
            id=ids[item.id],
            parents=tuple(ids[p] for p in item.parents if p in ids),
            order=after + 1 + index,
            changed=0,
        )
        for index, item in enumerate(board.kept)
    ]


def generations(items: Sequence[Item]) -> list[list[str]]:
    """Ids row by row: those without a parent here, then their children, and so on. A picture lies
    below all its parents; a circle, which no history has but a file may, is cut."""
    known = {item.id: item for item in items}
    depth: dict[str, int] = {}

    def below(id: str, above: frozenset[str]) -> int:
        if id not in depth:
            parents = [p for p in known[id].parents if p in known and p not in above]
            rows = [below(p, above | {id}) for p in parents]
            depth[id] = 1 + max(rows, default=-1)
        return depth[id]

    rows: dict[int, list[str]] = {}
    for item in items:
        rows.setdefault(below(item.id, frozenset({item.id})), []).append(item.id)
    return [rows[level] for level in sorted(rows)]


# --- files ---------------------------------------------------------------------------------------


def _path(key: str) -> Path:
    if not is_key(key):
        raise BoardError("this is no board's key; expected the 22 characters of a board's link")
    return folders.boards() / f"{key}.json"


def _without_old_marks(items: dict[str, Item]) -> dict[str, Item]:
    """Without all but the latest marks of deletion."""
    gone = sorted((i for i in items.values() if i.gone), key=lambda i: -i.changed)
    old = {item.id for item in gone[_MARKS:]}
    return {id: item for id, item in items.items() if id not in old}
