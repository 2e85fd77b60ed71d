"""One visitor's place on one model's map, and its form in the address bar.

Links and the map's messages are read into a `Place` with every number checked, because both come
from outside. Pure: no Streamlit here.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from .query import Reading

LAYERS = ("points", "manifold", "density", "uncertainty", "names")
MOST_PINS = 200
MOST_CORNERS = 64
SEEDS = 256  # detail seeds that the map offers, of which 0 is none at all
_REACH = 1000.0  # codes beyond this are no place that anyone meant
Polygon = tuple[tuple[float, float], ...]
_PIN = re.compile(r"([^cs]*)(?:c([^s]*))?(?:s(.*))?")


class Space(NamedTuple):
    """What decides about a model's pictures: latents, labels it can be told, detail seeds."""

    latent: int
    labels: int = 0
    seeds: int = 1

    def label(self, value: str | int | None) -> int | None:
        """A label that came from outside, checked; None is an unknown one."""
        if value is None:
            return None
        if not self.labels:
            raise ValueError("This model is told no label.")
        return _below(self.labels, value, "label")

    def seed(self, value: str | int) -> int:
        """A detail seed that came from outside, checked."""
        if self.seeds == 1 and str(value) != "0":
            raise ValueError("This model has no detail seeds.")
        return _below(self.seeds, value, "seed")


@dataclass(frozen=True)
class Pin:
    """A kept image: its code and what the decoder was told beside it."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0

    def to_json(self) -> dict:
        return {"z": list(self.z), "label": self.label, "seed": self.seed}

    def to_text(self) -> str:
        """`z1,z2`, then `c` and the label, `s` and the seed where there are any."""
        label = "" if self.label is None else f"c{self.label}"
        return _text(self.z) + label + (f"s{self.seed}" if self.seed else "")


@dataclass(frozen=True)
class Place:
    """Where a visitor stands on one model's map."""

    z: tuple[float, ...]
    view: tuple[float, float, float] | None = None  # centre z1, centre z2, span; None: everything
    layers: tuple[str, ...] = ("points", "names")
    pins: tuple[Pin, ...] = ()
    item: int | None = None
    hidden: tuple[int, ...] = ()
    label: int | None = None  # that a conditional model is told
    seed: int = 0  # of a hierarchical model's detail
    region: Polygon = ()  # corners in the plane of z1 and z2
    draw: int = 0  # seed of the samples from inside the region; the map does not know it

    def to_json(self) -> dict:
        return {
            "z": list(self.z),
            "view": list(self.view) if self.view else None,
            "layers": list(self.layers),
            "pins": [pin.to_json() for pin in self.pins],
            "item": self.item,
            "hidden": list(self.hidden),
            "label": self.label,
            "seed": self.seed,
            "region": [list(corner) for corner in self.region] or None,
        }

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this place; those at their default are left out."""
        query = {"m": model, "d": digest[:12], "z": _text(self.z)}
        if self.label is not None:
            query["c"] = str(self.label)
        if self.seed:
            query["s"] = str(self.seed)
        if self.view:
            query["v"] = _text(self.view)
        if self.layers != Place.layers:
            query["l"] = ",".join(self.layers)
        if self.pins:
            query["p"] = ";".join(pin.to_text() for pin in self.pins)
        if self.item is not None:
            query["i"] = str(self.item)
        if self.hidden:
            query["h"] = ",".join(map(str, self.hidden))
        if self.region:
            query["in"] = polygon_text(self.region)
        if self.region and self.draw:
            query["rs"] = str(self.draw)
        return query


def link(query: Mapping[str, str]) -> str:
    """The query string of a shared link."""
    return "?" + urlencode(query, safe=",;")


def place_from_query(
    query: Mapping[str, str], start: Place, space: Space
) -> tuple[Place, list[str]]:
    """The place a link describes, and the names of parameters that could not be read: those, as
    those that are absent, are taken from `start`."""
    read = Reading(query)
    place = Place(
        z=read("z", lambda t: _code(t.split(","), space.latent), start.z),
        view=read("v", lambda t: _view(t.split(",")), start.view),
        layers=read("l", lambda t: _layers(t.split(",") if t else []), start.layers),
        pins=read("p", lambda t: _pins([_pin_fields(c) for c in t.split(";")], space), ()),
        item=read("i", _index, None),
        hidden=read("h", lambda t: tuple(sorted({_index(v) for v in t.split(",")})), ()),
        label=read("c", space.label, start.label),
        seed=read("s", space.seed, start.seed),
        region=read("in", lambda t: polygon([c.split(",") for c in t.split(";")]), ()),
        draw=read("rs", lambda t: _below(2**31, t, "seed"), 0),
    )
    return place, read.broken


def place_from_map(value: Mapping, space: Space) -> Place:
    """What the map component committed. Raises ValueError when it is not a place."""
    try:
        return Place(
            z=_code(value["z"], space.latent),
            view=_view(value["view"]),
            layers=_layers(value["layers"]),
            pins=_pins(value["pins"], space),
            item=None if value["item"] is None else _index(value["item"]),
            hidden=tuple(sorted({_index(v) for v in value["hidden"]})),
            label=space.label(value["label"]),
            seed=space.seed(value["seed"]),
            region=() if value.get("region") is None else polygon(value["region"]),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"the map sent no valid place ({error})") from error


def polygon(corners: object) -> Polygon:
    """A region's corners that came from outside, checked and rounded as codes are."""
    if not isinstance(corners, list) or not 3 <= len(corners) <= MOST_CORNERS:
        raise ValueError(f"a region has 3 to {MOST_CORNERS} corners")
    return tuple(_code(corner, 2) for corner in corners)


def polygon_text(corners: Polygon) -> str:
    """The corners as `polygon` reads them from an address: `z1,z2;z1,z2;...`."""
    return ";".join(map(_text, corners))


def _text(values: tuple[float, ...]) -> str:
    return ",".join(f"{v:g}" if v != round(v, 4) else f"{round(v, 4):.10g}" for v in values)


def _number(value: str | float) -> float:
    if isinstance(value, bool):
        raise ValueError("a number was expected")
    number = float(value)
    if not math.isfinite(number) or abs(number) > _REACH:
        raise ValueError(f"{value} is out of reach")
    return number


def _code(values, latent: int) -> tuple[float, ...]:
    code = tuple(round(_number(v), 4) for v in values)
    if len(code) != latent:
        raise ValueError(f"{len(code)} numbers, the model has {latent}")
    return code


def _pins(pins, space: Space) -> tuple[Pin, ...]:
    if len(pins) > MOST_PINS:
        raise ValueError(f"{len(pins)} pins, at most {MOST_PINS}")
    return tuple(
        Pin(_code(pin["z"], space.latent), space.label(pin["label"]), space.seed(pin["seed"]))
        for pin in pins
    )


def _pin_fields(text: str) -> dict:
    """What `Pin.to_text` wrote, unchecked."""
    z, label, seed = _PIN.fullmatch(text).groups()
    return {"z": z.split(","), "label": label, "seed": seed or 0}


def _view(values) -> tuple[float, float, float] | None:
    if values is None:
        return None
    x, y, span = (_number(v) for v in values)
    if span <= 0:
        raise ValueError("the span must be above 0")
    return x, y, span


def _layers(names) -> tuple[str, ...]:
    chosen = tuple(name for name in LAYERS if name in set(names))
    if len(chosen) != len(set(names)):
        raise ValueError("unknown layer")
    return chosen


def _below(limit: int, value: str | int, name: str) -> int:
    try:
        number = _index(value)
    except ValueError:
        number = limit
    if number >= limit:
        raise ValueError(f"The {name} must be a whole number from 0 to {limit - 1}.")
    return number


def _index(value: str | int) -> int:
    number = int(value)
    if number < 0 or isinstance(value, bool):
        raise ValueError(f"{value} is no index")
    return number
