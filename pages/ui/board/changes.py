"""Changes of a board: how they are undone, and what the cards' commands change.

Pure: no Streamlit here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import asdict, replace

from vae.boards import Vote
from vae.boards.item import Board, BoardError, Item

ACTIONS = ("stars", "vote", "note", "order", "delete", "undo", "redo")


@dataclass(frozen=True)
class Change:
    """Items before and after, in the same order; a new item is deleted before. `names` is the
    board's name before and after, where it changed."""

    before: tuple[Item, ...]
    after: tuple[Item, ...]
    names: tuple[str, str] | None = None

    @property
    def name(self) -> str | None:
        """The board's name after the change, where it changed."""
        return self.names[1] if self.names else None

    def reversed(self) -> "Change":
        return Change(self.after, self.before, self.names and self.names[::-1])

    def apply_to(self, board: Board) -> list[Item]:
        """The items to write. Only the fields that the change is about are set, so that other
        fields that another window wrote in the meantime stay."""
        items = []
        for old, new in zip(self.before, self.after, strict=True):
            different = {f: v for f, v in asdict(new).items() if v != getattr(old, f)}
            current = board.items.get(new.id)
            items.append(new if current is None else replace(current, **different))
        return items


def change_of(board: Board, items: Sequence[Item], name: str | None = None) -> Change:
    """The change that writing these items, and optionally a name, makes to a board."""
    before = tuple(board.items.get(item.id, replace(item, deleted=True)) for item in items)
    return Change(before, tuple(items), None if name is None else (board.name, name))


def changed_items(board: Board, command: Mapping) -> list[Item]:
    """The items that a command of the cards changes. Every id and number is checked; raises
    BoardError."""
    action, ids = command.get("do"), command.get("ids")
    if action not in ACTIONS or not isinstance(ids, list):
        raise BoardError(f"the action is {action!r}; expected one of {', '.join(ACTIONS)}")
    items = [board.items[id] for id in ids if isinstance(id, str) and id in board.items]
    if action == "stars":
        stars = command.get("stars")
        if not isinstance(stars, int) or isinstance(stars, bool) or not 0 <= stars <= 5:
            raise BoardError(f"stars is {stars!r}; expected 0 to 5")
        return [replace(item, stars=stars) for item in items]
    if action == "note":
        note = str(command.get("note", ""))[:2000]
        return [replace(item, note=note) for item in items]
    if action == "order":
        return _moved(board, items, command.get("before"))
    return [replace(item, deleted=True) for item in items] if action == "delete" else []


def vote_of(board: Board, command: Mapping, voter: str) -> Vote | None:
    """The vote of a command of the cards; None where it is another command, or changes nothing."""
    if command.get("do") != "vote" or not isinstance(command.get("ids"), list):
        return None
    given = command.get("given") is True
    ids = [id for id in command["ids"] if isinstance(id, str) and id in board.items]
    changed = tuple(id for id in ids if (voter in board.items[id].votes) != given)
    return Vote(changed, voter, given) if changed else None


def _moved(board: Board, items: Sequence[Item], before: object) -> list[Item]:
    """Items moved in front of the one with the id `before`, or to the end where there is none."""
    moving = {item.id for item in items}
    rest = [item for item in board.sorted_items if item.id not in moving]
    at = next((i for i, item in enumerate(rest) if item.id == before), len(rest))
    low = rest[at - 1].order if at > 0 else (rest[0].order - 1 if rest else 0.0)
    high = rest[at].order if at < len(rest) else low + len(items) + 1
    step = (high - low) / (len(items) + 1)
    if step > 1e-9:
        return [replace(item, order=low + step * (k + 1)) for k, item in enumerate(items)]
    # The gap is too small to halve again: renumber all items.
    order = [*rest[:at], *items, *rest[at:]]
    return [replace(item, order=float(k + 1)) for k, item in enumerate(order)]
