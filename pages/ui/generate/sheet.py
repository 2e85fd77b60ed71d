"""What the Generate page shows and how it came about: sheets of records, with a way back.

Pure: no Streamlit here. Links and the grid's messages come from outside, so every number in them
is checked.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from vae.latent.sampling import BOUNDED, MOST, SOURCES, SamplingRequest

from ..runtime.location import Pin, Polygon, Space, polygon, polygon_text

_LONGEST = 60  # sheets that a history remembers


def request_to_query(request: SamplingRequest, model: str, digest: str) -> dict[str, str]:
    """Query parameters that restore a request; those at their default are left out."""
    query = {"m": model, "d": digest[:12]}
    for name, key in _KEYS.items():
        value = getattr(request, name)
        if value != getattr(_DEFAULT, name):
            query[key] = _TEXTS.get(name, str)(value)
    return query


_DEFAULT = SamplingRequest()
_KEYS = {
    **{"source": "src", "n": "n", "seed": "seed", "temperature": "t", "label": "c"},
    **{"z": "z", "spread": "sp", "min_density": "min", "polygon": "in"},
}
_TEXTS = {
    "z": lambda code: ",".join(map(repr, code)),
    "polygon": polygon_text,
}


def request_from_query(
    query: Mapping[str, str], first: SamplingRequest, space: Space, classes: int
) -> tuple[SamplingRequest, list[str]]:
    """The request of a link, and the names of the parameters that could not be read."""
    checks = {
        "source": lambda v: v if v in SOURCES else _fail(),
        "n": lambda v: _whole(v, 1, MOST),
        "seed": lambda v: _whole(v, 0, 2**31 - 1),
        "temperature": lambda v: _number(v, 0, 3),
        "label": lambda v: _whole(v, 0, classes - 1),
        "z": lambda v: _code(v, space.latent),
        "spread": lambda v: _number(v, 0, 3),
        "min_density": lambda v: _number(v, 0, 10),
        "polygon": lambda v: polygon([corner.split(",") for corner in v.split(";")]),
    }
    request, broken = first, []
    for name, key in _KEYS.items():
        if key in query:
            try:
                request = replace(request, **{name: checks[name](query[key])})
            except ValueError:
                broken.append(key)
    if request.source in BOUNDED and not request.polygon:
        return replace(request, source=first.source), [*broken, "src"]
    return request, broken


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
    if not isinstance(picks, list) or not isinstance(weights, list) or len(picks) > MOST:
        raise ValueError("the picks are no list")
    ask = Ask(
        turn=_whole(value.get("turn", -1), 0, 2**53),
        do=str(value.get("do")),
        picks=tuple(_whole(pick, 0, count - 1) for pick in picks),
        spread=_number(value.get("spread", 0.25), 0, 3),
        weights=tuple(_number(weight, 0, 100) for weight in weights),
        z=_code(value["z"], space.latent) if value.get("z") is not None else (),
        polygon=polygon(value["polygon"]) if value.get("polygon") is not None else (),
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


def _fail():
    raise ValueError


def _whole(value: object, low: int, high: int) -> int:
    number = (
        int(value) if isinstance(value, str | int) and not isinstance(value, bool) else _fail()
    )
    return number if low <= number <= high else _fail()


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool):
        _fail()
    number = float(value)
    return number if math.isfinite(number) and low <= number <= high else _fail()


def _code(values: object, latent: int) -> tuple[float, ...]:
    parts = values.split(",") if isinstance(values, str) else list(values)
    code = tuple(_number(v, -1000, 1000) for v in parts)
    return code if len(code) == latent else _fail()
