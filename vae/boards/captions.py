"""What the images of a board are called on its page, in its files, and as files."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from .item import Board, Item

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


class Known(NamedTuple):
    """What a model says of an item, where there is one: its class, and its noise seed in words."""

    kind: str = ""
    seed: str = ""


class Caption(NamedTuple):
    """The `number` of an item on its board, its class (or model), and the `details`: where it is,
    how it was made, and the numbers of the images that it was made from."""

    number: int
    title: str
    details: str
    file_name: str  # without an extension


def captions(board: Board, known: Mapping[str, Known] | None = None) -> dict[str, Caption]:
    """The captions of a board's items, by their ids; no two are the same."""
    items, known = board.sorted_items, known or {}
    numbers = {item.id: number for number, item in enumerate(items, 1)}
    return {item.id: _caption(item, numbers, known.get(item.id, Known())) for item in items}


def _caption(item: Item, numbers: Mapping[str, int], known: Known) -> Caption:
    place = [f"{v:.2f}" for v in item.z[:2]]
    made_from = [numbers[parent] for parent in item.parents if parent in numbers]
    label = "" if item.label is None or known.kind else f"class {item.label}"
    details = (
        f"z {', '.join(place)}{'…' if len(item.z) > 2 else ''}",
        label,
        known.seed or (f"seed {item.seed}" if item.seed else ""),
        item.step or (item.model if known.kind else ""),
        f"from {', '.join(map(str, made_from))}" if made_from else "",
    )
    title, number = known.kind or item.model, numbers[item.id]
    first = f"-from-{made_from[0]:03}" if made_from else ""
    name = _NOT_IN_NAMES.sub("-", title).strip("-.") or "image"
    return Caption(
        number,
        title,
        " · ".join(filter(None, details)),
        f"{number:03}-{name[:60]}_{'_'.join(place)}{first}",
    )
