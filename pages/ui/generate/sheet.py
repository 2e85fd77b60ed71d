"""What the Generate page shows and how it came about: sheets of records, with a way back.

Pure: no Streamlit here. Links and the grid's messages come from outside, so every number in them
is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from vae.latent.sampling import MAX_SAMPLES, POLYGON_SOURCES, SOURCES, SamplingRequest

from ..runtime.location import Pin, Polygon, Space, polygon, polygon_text, split_codes
from ..runtime.query import (
    MAX_SEED,
    QueryField,
    code,
    comma_separated,
    model_query,
    number,
    one_of,
    optional,
    read_query,
    whole,
    write_query,
)

_LONGEST = 60  # sheets that a history remembers


def request_to_query(request: SamplingRequest, model: str, digest: str) -> dict[str, str]:
    """Query parameters that restore a request; those at their default are left out."""
    return model_query(model, digest) | write_query(request, _fields(Space(2), 0))


def _fields(space: Space, classes: int) -> tuple[QueryField, ...]:
    return (
        QueryField("source", "src", one_of(SOURCES)),
        QueryField("n", "n", whole(1, MAX_SAMPLES)),
        QueryField("seed", "seed", whole(0, MAX_SEED)),
        QueryField("temperature", "t", number(0, 3)),
        QueryField("label", "c", whole(0, classes - 1)),
        QueryField("z", "z", code(space.latent, 17), comma_separated, _exact_text),
        QueryField("spread", "sp", number(0, 3)),
        QueryField("min_density", "min", number(0, 10)),
        QueryField("polygon", "in", polygon, split_codes, polygon_text),
    )


def _exact_text(z: tuple[float, ...]) -> str:
    return ",".join(map(repr, z))


def request_from_query(
    query: Mapping[str, str], first: SamplingRequest, space: Space, classes: int
) -> tuple[SamplingRequest, list[str]]:
    """The request of a link, and the keys that could not be read."""
    request, unreadable = read_query(query, _fields(space, classes), first)
    if request.source in POLYGON_SOURCES and not request.polygon:
        return replace(request, source=first.source), [*unreadable, "src"]
    return request, unreadable


@dataclass(frozen=True)
class Record:
    """A picture: what decodes it, the records it was made of, and how."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0
    parents: tuple["Record", ...] = ()
    step: str = ""

    @property
    def pin(self) -> Pin:
        return Pin(self.z, self.label, self.seed)


@dataclass(frozen=True)
class Sheet:
    """Records that are shown together. `request` is what sampled them, None for those derived from
    other records; `note` says how many draws it took."""

    title: str
    records: tuple[Record, ...]
    request: SamplingRequest | None = None
    note: str = ""


class SampleStats(NamedTuple):
    """A sheet's pictures as one sprite of `columns` x `rows`, where to ask for their `nearest`
    real images, and how crowded each one's place is [n]. `usual` are the 5th percentile and the
    median of the distances between real images."""

    url: str
    columns: int
    rows: int
    nearest: str
    crowding: np.ndarray
    usual: tuple[float, float]


@dataclass(frozen=True)
class History:
    """Sheets one after the other, and which of them is seen."""

    sheets: tuple[Sheet, ...] = ()
    now: int = -1

    @property
    def sheet(self) -> Sheet | None:
        return self.sheets[self.now] if self.sheets else None

    def push(self, sheet: Sheet) -> "History":
        """A new sheet takes the place of what was undone."""
        kept = (*self.sheets[: self.now + 1], sheet)[-_LONGEST:]
        return History(kept, len(kept) - 1)

    def undo(self) -> "History":
        return replace(self, now=max(0, self.now - 1)) if self.sheets else self

    def redo(self) -> "History":
        return replace(self, now=min(len(self.sheets) - 1, self.now + 1))

    @property
    def can_undo(self) -> bool:
        return self.now > 0

    @property
    def can_redo(self) -> bool:
        return self.now + 1 < len(self.sheets)


@dataclass(frozen=True)
class Ask:
    """What the grid asks Python to do: `variations` of the first pick, a `mix` of all, a `move` of
    the first to `z`, to `keep` the picks, to take them as group "a" or "b", to draw in a
    `region`, to `undo` or `redo`."""

    turn: int
    do: str
    picks: tuple[int, ...] = ()
    spread: float = 0.25
    weights: tuple[float, ...] = ()
    z: tuple[float, ...] = ()
    polygon: Polygon = ()
    words: str = ""


def ask_from_grid(value: Mapping, count: int, space: Space) -> Ask:
    """The message of a grid that shows `count` records; ValueError for one that cannot be."""
    picks = value.get("picks", [])
    weights = value.get("weights", [])
    if not isinstance(picks, list) or not isinstance(weights, list) or len(picks) > MAX_SAMPLES:
        raise ValueError("the picks are no list")
    ask = Ask(
        turn=whole(0, 2**53)(value.get("turn", -1)),
        do=str(value.get("do")),
        picks=tuple(map(whole(0, count - 1), picks)),
        spread=number(0, 3)(value.get("spread", 0.25)),
        weights=tuple(map(number(0, 100), weights)),
        z=optional(code(space.latent, 17), ())(value.get("z")),
        polygon=optional(polygon, ())(value.get("polygon")),
        words=str(value.get("words", ""))[:80],
    )
    least = {
        "variations": 1,
        "mix": 2,
        "move": 1,
        "a": 1,
        "b": 1,
        "keep": 1,
        "region": 0,
        "undo": 0,
        "redo": 0,
    }
    if ask.do not in least:
        raise ValueError(f"{ask.do!r} is nothing to do")
    if ask.do == "region" and not ask.polygon:
        raise ValueError("the region has no corners")
    if len(ask.picks) < least[ask.do]:
        raise ValueError(f"{ask.do} needs {least[ask.do]} pictures or more")
    return ask


def record_json(record: Record) -> dict:
    """What the grid needs of a record."""
    return {"z": list(record.z), "label": record.label, "seed": record.seed, "step": record.step}
