"""What a window knows of its board: what it did, so that it can be undone, and what it asks.

Pure: no Streamlit here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vae.boards.item import Board, BoardError, Item

_LONGEST = 200
DEEDS = ("stars", "note", "order", "gone", "undo", "redo")


@dataclass(frozen=True)
class Change:
    """Items as they were and as they became, one beside the other; an item that was not there was
    gone. `names`: the board's name before and after, where it was changed."""

    before: tuple[Item, ...]
    after: tuple[Item, ...]
    names: tuple[str, str] | None = None

    @property
    def name(self) -> str | None:
        """The name that the change gave."""
        return self.names[1] if self.names else None

    def reversed(self) -> "Change":
        return Change(self.after, self.before, self.names and self.names[::-1])

    def on(self, board: Board) -> list[Item]:
        """The items that make the change on a board as it is now: only the fields that the change
        is about, so that what another window wrote meanwhile stays."""
        items = []
        for old, new in zip(self.before, self.after, strict=True):
            different = {f: v for f, v in vars(new).items() if v != getattr(old, f)}
            items.append(
                replace(board.items[new.id], **different) if new.id in board.items else new
            )
        return items


@dataclass(frozen=True)
class Deeds:
    """What was done and can be undone, what was undone and can be done again."""

    done: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()

    def push(self, change: Change) -> "Deeds":
        return Deeds((*self.done, change)[-_LONGEST:])

    def undo(self) -> tuple["Deeds", Change | None]:
        """The deeds with the last one taken back, and the change that does it."""
        if not self.done:
            return self, None
        last = self.done[-1]
        return Deeds(self.done[:-1], (*self.undone, last)), last.reversed()

    def redo(self) -> tuple["Deeds", Change | None]:
        if not self.undone:
            return self, None
        last = self.undone[-1]
        return Deeds((*self.done, last), self.undone[:-1]), last


def change_of(board: Board, items: Sequence[Item], name: str | None = None) -> Change:
    """What writing these items, and perhaps a name, does to a board."""
    before = tuple(board.items.get(item.id, replace(item, gone=True)) for item in items)
    return Change(before, tuple(items), None if name is None else (board.name, name))


def asked(board: Board, value: Mapping) -> list[Item]:
    """The items that a message of the board's cards wants written; BoardError for one that cannot
    be. Every id and number comes from outside."""
    do, ids = value.get("do"), value.get("ids")
    if do not in DEEDS or not isinstance(ids, list):
        raise BoardError(f"{do!r} is nothing that a board can do")
    items = [board.items[id] for id in ids if isinstance(id, str) and id in board.items]
    if do == "stars":
        stars = value.get("stars")
        if not isinstance(stars, int) or isinstance(stars, bool) or not 0 <= stars <= 5:
            raise BoardError(f"stars is {stars!r}; expected 0 to 5")
        return [replace(item, stars=stars) for item in items]
    if do == "note":
        note = str(value.get("note", ""))[:2000]
        return [replace(item, note=note) for item in items]
    if do == "order":
        return _moved(board, items, value.get("before"))
    return [replace(item, gone=True) for item in items] if do == "gone" else []


def _moved(board: Board, items: Sequence[Item], before: object) -> list[Item]:
    """Items set in front of the one with the id `before`, or at the end where there is none."""
    moving = {item.id for item in items}
    rest = [item for item in board.kept if item.id not in moving]
    at = next((i for i, item in enumerate(rest) if item.id == before), len(rest))
    low = rest[at - 1].order if at > 0 else (rest[0].order - 1 if rest else 0.0)
    high = rest[at].order if at < len(rest) else low + len(items) + 1
    step = (high - low) / (len(items) + 1)
    placed = [replace(item, order=low + step * (k + 1)) for k, item in enumerate(items)]
    if step > 1e-9:
        return placed
    # Halved too often: everything gets whole numbers again.
    order = [*rest[:at], *items, *rest[at:]]
    return [replace(item, order=float(k + 1)) for k, item in enumerate(order)]
