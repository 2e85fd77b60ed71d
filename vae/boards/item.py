"""A board as data: kept pictures, and their text form with every field checked."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from ..errors import AtelierError

SCHEMA = 1
MOST_ITEMS = 2000
_LONGEST_NOTE, _LONGEST_NAME = 2000, 80
_ID = re.compile(r"[0-9a-f]{12}")


class BoardError(AtelierError):
    """A board that cannot be read or written: one sentence that names the field."""


@dataclass(frozen=True)
class Item:
    """A kept picture: what decodes it again (`model`, `digest`, `z`, `label`, `seed`), where it
    came from (`parents`, by id, and `step`), and what was said of it. `order` sorts, `changed` is
    the board's revision that last wrote it, `gone` that it was deleted."""

    id: str
    model: str
    digest: str
    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0
    parents: tuple[str, ...] = ()
    step: str = ""
    note: str = ""
    stars: int = 0
    order: float = 0.0
    changed: int = 0
    gone: bool = False


@dataclass(frozen=True)
class Board:
    """`items` by id, the gone ones among them; `revision` counts the writes."""

    name: str
    revision: int
    items: dict[str, Item]

    @property
    def kept(self) -> list[Item]:
        """The items that are not gone, in their order."""
        return sorted(
            (item for item in self.items.values() if not item.gone),
            key=lambda item: (item.order, item.id),
        )


def new_item(model: str, digest: str, z: Sequence[float], **told) -> Item:
    return Item(new_id(), model, digest, tuple(float(v) for v in z), **told)


def new_id() -> str:
    return secrets.token_hex(6)


def to_text(board: Board) -> str:
    """The board as JSON."""
    items = [asdict(item) for item in board.items.values()]
    return json.dumps(
        {"schema": SCHEMA, "name": board.name, "revision": board.revision, "items": items},
        allow_nan=False,
        separators=(",", ":"),
    )


def from_text(text: str) -> Board:
    """A board from its text, every field checked."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BoardError("the file is no JSON; expected a board that was saved here") from error
    if not isinstance(data, dict):
        raise BoardError("the file holds no object; expected a board that was saved here")
    if data.get("schema") != SCHEMA:
        raise BoardError(f"schema is {_short(data.get('schema'))}; expected {SCHEMA}")
    if extra := set(data) - {"schema", "name", "revision", "items"}:
        raise BoardError(f"{_short(min(extra))} is no field of a board")
    listed = data.get("items")
    if not isinstance(listed, list) or len(listed) > MOST_ITEMS + 1000:
        raise BoardError(f"items is no list of at most {MOST_ITEMS:,} pictures")
    items: dict[str, Item] = {}
    for index, entry in enumerate(listed):
        item = _item(entry, f"items[{index}]")
        if item.id in items:
            raise BoardError(f"items[{index}].id is {item.id!r}, which is there already")
        items[item.id] = item
    return Board(
        checked_name(data.get("name")),
        _whole(data.get("revision"), "revision", 0, 2**53),
        items,
    )


def checked_name(name: object) -> str:
    """A board's name without blanks around it."""
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= _LONGEST_NAME:
        raise BoardError(
            f"name is {_short(name)}; expected a text of 1 to {_LONGEST_NAME} characters"
        )
    return name.strip()


def _item(data: object, where: str) -> Item:
    if not isinstance(data, dict):
        raise BoardError(f"{where} is {_short(data)}; expected an object")
    names = {field.name for field in fields(Item)}
    if extra := set(data) - names:
        raise BoardError(f"{where}.{_short(min(extra))} is no field of a picture")
    if missing := {"id", "model", "digest", "z"} - set(data):
        raise BoardError(f"{where}.{min(missing)} is missing")
    checks = {
        "id": lambda v, w: _match(v, w, _ID, "12 characters 0-9 a-f"),
        "model": lambda v, w: _words(v, w, 200),
        "digest": lambda v, w: _match(v, w, re.compile("[0-9a-f]{12,64}"), "a digest"),
        "z": _code,
        "label": lambda v, w: None if v is None else _whole(v, w, 0, 100_000),
        "seed": lambda v, w: _whole(v, w, 0, 2**31 - 1),
        "parents": _parents,
        "step": lambda v, w: _words(v, w, 200),
        "note": lambda v, w: _words(v, w, _LONGEST_NOTE),
        "stars": lambda v, w: _whole(v, w, 0, 5),
        "order": lambda v, w: _number(v, w, 1e12),
        "changed": lambda v, w: _whole(v, w, 0, 2**53),
        "gone": _truth,
    }
    return Item(**{name: checks[name](data[name], f"{where}.{name}") for name in data})


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _whole(value: object, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BoardError(f"{where} is {_short(value)}; expected {low} to {high}")
    return value


def _number(value: object, where: str, most: float) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not math.isfinite(value) or abs(value) > most:
        raise BoardError(f"{where} is {_short(value)}; expected a number within {most:g}")
    return float(value)


def _words(value: object, where: str, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise BoardError(f"{where} is {_short(value)}; expected a text of at most {most}")
    return value


def _match(value: object, where: str, pattern: re.Pattern, expected: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BoardError(f"{where} is {_short(value)}; expected {expected}")
    return value


def _code(value: object, where: str) -> tuple[float, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 1024:
        raise BoardError(f"{where} is {_short(value)}; expected a list of 1 to 1024 numbers")
    return tuple(_number(v, f"{where}[{i}]", 1000) for i, v in enumerate(value))


def _parents(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 400:
        raise BoardError(f"{where} is {_short(value)}; expected a list of at most 400 ids")
    return tuple(_match(v, f"{where}[{i}]", _ID, "an id") for i, v in enumerate(value))


def _truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise BoardError(f"{where} is {_short(value)}; expected true or false")
    return value
