"""Boards on disk: one JSON file per board, named by a secret key that gives access to it.

Several windows may write the same board: the last write of an item wins, and a window that did not
know the previous one gets the item's id as a conflict. Deleted items stay as marked entries, so
that undo works across windows. Only a vote changes votes, so that those of several people add up.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from ..errors import reported
from ..files import atomic, folders
from ..files.atomic import locked
from . import item as limits
from .item import Board, BoardError, Item, from_json, new_id, to_json, validate_name
from .votes import Vote

UNNAMED = "Board"
MAX_BYTES = 2 * 2**20
_MAX_DELETED = 500  # deleted items that undo can restore
_KEY = re.compile(r"[A-Za-z0-9_-]{22}")


class SaveResult(NamedTuple):
    """The board after a write, and the ids of items that another window wrote in between."""

    board: Board
    conflicts: tuple[str, ...]


def new_key() -> str:
    """A random key of 128 bits, as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    return bool(_KEY.fullmatch(text))


def load(key: str) -> Board:
    """The board of a key; an empty one before the first write."""
    path = _path(key)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BoardError(f"the board has more than {MAX_BYTES / 1e6:.0f} MB")
        return from_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return Board(UNNAMED, 0, {})
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"the board cannot be read ({error}); create a new one") from error


def modified_ns(key: str) -> int:
    """The time of the last write in nanoseconds, 0 before the first."""
    try:
        return _path(key).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def save_items(
    key: str,
    items: Sequence[Item],
    *,
    known_revision: int,
    name: str | None = None,
    vote: Vote | None = None,
) -> SaveResult:
    """Writes new or changed items, and optionally a name and a vote, from a window that knows the
    board up to a revision."""
    with locked(_path(key).with_suffix(".lock")):
        merged, raw = merge(load(key), items, known_revision=known_revision, name=name, vote=vote)
        with reported(BoardError, "the board cannot be written", "try again"):
            atomic.write(_path(key), raw)
    return merged


def merge(
    board: Board,
    items: Sequence[Item],
    *,
    known_revision: int,
    name: str | None = None,
    vote: Vote | None = None,
) -> tuple[SaveResult, bytes]:
    """What `save_items` returns, and the file that it writes. Raises `BoardError`."""
    current = [board.items[item.id] for item in items if item.id in board.items]
    conflicts = tuple(item.id for item in current if item.changed > known_revision)
    now = board.revision + 1
    written = {item.id: replace(item, changed=now) for item in items}
    kept = {one.id: replace(written[one.id], votes=one.votes) for one in current}
    merged = board.items | written | kept
    if vote:
        merged |= vote.counted(merged)
    if sum(not item.deleted for item in merged.values()) > limits.MAX_ITEMS:
        raise BoardError(f"the board is full: {limits.MAX_ITEMS:,} images; create another one")
    merged = _without_old_deleted(merged)
    board = Board(validate_name(board.name if name is None else name), now, merged)
    raw = to_json(board).encode()
    if len(raw) > MAX_BYTES:
        raise BoardError(
            f"the board would have {len(raw) / 1e6:.1f} MB; at most "
            f"{MAX_BYTES / 1e6:.0f} MB, shorten notes or create another one"
        )
    return SaveResult(board, conflicts), raw


def export_json(board: Board, items: Sequence[Item]) -> str:
    """Items of a board, with its name, as JSON."""
    return to_json(Board(board.name, board.revision, {item.id: item for item in items}))


def import_json(text: str, *, after: float = 0.0) -> tuple[str, list[Item]]:
    """The name and the items of an exported file. The items get new ids, so that they can be
    added to any board, and orders above `after`."""
    if len(text) > MAX_BYTES:
        raise BoardError(f"the file has more than {MAX_BYTES / 1e6:.0f} MB; expected a board")
    board = from_json(text)
    ids, items = {item.id: new_id() for item in board.sorted_items}, []
    for order, item in enumerate(board.sorted_items, 1):
        parents = tuple(ids[p] for p in item.parents if p in ids)
        new = {"id": ids[item.id], "parents": parents, "order": after + order}
        items.append(replace(item, **new, changed=0))
    return board.name, items


def generations(items: Sequence[Item]) -> list[list[str]]:
    """Ids by generation: items without a parent among `items`, then their children, and so on. An
    item comes after all its parents; cycles, which only a forged file has, are the last row."""
    place = {item.id: index for index, item in enumerate(items)}
    sorter = TopologicalSorter({item.id: place.keys() & item.parents for item in items})
    with suppress(CycleError):
        sorter.prepare()
    rows = []
    while ready := sorter.get_ready():
        rows.append(sorted(ready, key=place.__getitem__))
        sorter.done(*ready)
    in_cycles = place.keys() - {id for row in rows for id in row}
    return rows + ([sorted(in_cycles, key=place.__getitem__)] if in_cycles else [])


def _path(key: str) -> Path:
    if not is_key(key):
        raise BoardError("this is not a board's key; expected the 22 characters of a board's link")
    return folders.boards() / f"{key}.json"


def _without_old_deleted(items: dict[str, Item]) -> dict[str, Item]:
    """Without all but the latest deleted items."""
    deleted = sorted((i for i in items.values() if i.deleted), key=lambda i: -i.changed)
    old = {item.id for item in deleted[_MAX_DELETED:]}
    return {id: item for id, item in items.items() if id not in old}
