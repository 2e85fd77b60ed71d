"""A board as data: saved images, and their JSON file."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct, to_builtins

from ..errors import AtelierError
from ..files.records import read_json

SCHEMA = 1
MAX_ITEMS = 2000
MAX_VOTES = 200  # for one item
_MAX_NAME = 80

_Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]
_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{12,64}\Z")]
_Text = Annotated[str, Meta(max_length=200)]
_Coordinate = Annotated[float, Meta(ge=-1000, le=1000)]
_Revision = Annotated[int, Meta(ge=0, le=2**53)]


class BoardError(AtelierError):
    """A board that cannot be read or written."""


class Item(Struct, frozen=True, forbid_unknown_fields=True, rename={"deleted": "gone"}):
    """A saved image: what decodes it (`model`, `digest`, `z`, `label`, `seed`), the ids of the
    `parents` and the `step` it was made by, a user's `note` and `stars`, and who voted for it.
    `order` sorts items, `changed` is the revision of the board that last wrote the item; a vote
    does not count as a write of it."""

    id: _Id
    model: _Text
    digest: _Digest
    z: Annotated[tuple[_Coordinate, ...], Meta(min_length=1, max_length=1024)]
    label: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0
    parents: Annotated[tuple[_Id, ...], Meta(max_length=400)] = ()
    step: _Text = ""
    note: Annotated[str, Meta(max_length=2000)] = ""
    stars: Annotated[int, Meta(ge=0, le=5)] = 0
    votes: Annotated[tuple[_Id, ...], Meta(max_length=MAX_VOTES)] = ()
    order: Annotated[float, Meta(ge=-1e12, le=1e12)] = 0.0
    changed: _Revision = 0
    deleted: bool = False


@dataclass(frozen=True)
class Board:
    """`items` by id, deleted ones included; `revision` counts the writes."""

    name: str
    revision: int
    items: dict[str, Item]

    @property
    def sorted_items(self) -> list[Item]:
        """The items that are not deleted, in their order."""
        items = (item for item in self.items.values() if not item.deleted)
        return sorted(items, key=lambda item: (item.order, item.id))


class _BoardFile(Struct, forbid_unknown_fields=True):
    schema: Annotated[int, Meta(ge=SCHEMA, le=SCHEMA)]
    name: str
    revision: _Revision
    # Deleted items come in addition.
    items: Annotated[list[Item], Meta(max_length=MAX_ITEMS + 1000)]


def new_item(model: str, digest: str, z: Sequence[float], **fields) -> Item:
    return Item(new_id(), model, digest, tuple(float(v) for v in z), **fields)


def new_id() -> str:
    return secrets.token_hex(6)


def to_json(board: Board) -> str:
    """The board as JSON."""
    file = _BoardFile(SCHEMA, board.name, board.revision, list(board.items.values()))
    return json.dumps(to_builtins(file), allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Board:
    """A board from its JSON. Raises `BoardError`, which names the first wrong field."""
    file = read_json(text, _BoardFile, BoardError)
    items: dict[str, Item] = {}
    for index, item in enumerate(file.items):
        if item.id in items:
            raise BoardError(f"items[{index}].id is {item.id!r}, which occurs twice")
        items[item.id] = item
    return Board(validate_name(file.name), file.revision, items)


def validate_name(name: str) -> str:
    """A board's name without surrounding blanks."""
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise BoardError(f"name is {name[:40]!r}; expected 1 to {_MAX_NAME} characters")
    return name
