"""One visitor's place on one model's map, and its form in the address bar.

Links and the map's messages are read into a `Place` with every number checked, because both come
from outside. Pure: no Streamlit here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

LAYERS = ("points", "manifold", "density", "uncertainty", "names")
MOST_PINS = 200
_REACH = 1000.0  # codes beyond this are no place that anyone meant


@dataclass(frozen=True)
class Place:
    """Where a visitor stands on one model's map."""

    z: tuple[float, ...]
    view: tuple[float, float, float] | None = None  # centre z1, centre z2, span; None: everything
    layers: tuple[str, ...] = ("points", "names")
    pins: tuple[tuple[float, ...], ...] = ()
    item: int | None = None
    hidden: tuple[int, ...] = ()

    def to_json(self) -> dict:
        return {
            "z": list(self.z),
            "view": list(self.view) if self.view else None,
            "layers": list(self.layers),
            "pins": [list(z) for z in self.pins],
            "item": self.item,
            "hidden": list(self.hidden),
        }

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this place; those at their default are left out."""
        query = {"m": model, "d": digest[:12], "z": _text(self.z)}
        if self.view:
            query["v"] = _text(self.view)
        if self.layers != Place.layers:
            query["l"] = ",".join(self.layers)
        if self.pins:
            query["p"] = ";".join(_text(z) for z in self.pins)
        if self.item is not None:
            query["i"] = str(self.item)
        if self.hidden:
            query["h"] = ",".join(map(str, self.hidden))
        return query


def link(query: Mapping[str, str]) -> str:
    """The query string of a shared link."""
    return "?" + urlencode(query, safe=",;")


def place_from_query(query: Mapping[str, str], start: Place) -> tuple[Place, list[str]]:
    """The place a link describes, and the names of parameters that could not be read: those, as
    those that are absent, are taken from `start`, which also says how many latents there are."""
    latent = len(start.z)
    broken: list[str] = []

    def read(name: str, parse, default):
        if name not in query:
            return default
        try:
            return parse(query[name])
        except ValueError:
            broken.append(name)
            return default

    place = Place(
        z=read("z", lambda t: _code(t.split(","), latent), start.z),
        view=read("v", lambda t: _view(t.split(",")), start.view),
        layers=read("l", lambda t: _layers(t.split(",") if t else []), start.layers),
        pins=read("p", lambda t: _pins([c.split(",") for c in t.split(";")], latent), ()),
        item=read("i", _index, None),
        hidden=read("h", lambda t: tuple(sorted({_index(v) for v in t.split(",")})), ()),
    )
    return place, broken


def place_from_map(value: Mapping, latent: int) -> Place:
    """What the map component committed. Raises ValueError when it is not a place."""
    try:
        return Place(
            z=_code(value["z"], latent),
            view=_view(value["view"]),
            layers=_layers(value["layers"]),
            pins=_pins(value["pins"], latent),
            item=None if value["item"] is None else _index(value["item"]),
            hidden=tuple(sorted({_index(v) for v in value["hidden"]})),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the map sent no valid place ({error})") from error


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


def _pins(codes, latent: int) -> tuple[tuple[float, ...], ...]:
    if len(codes) > MOST_PINS:
        raise ValueError(f"{len(codes)} pins, at most {MOST_PINS}")
    return tuple(_code(code, latent) for code in codes)


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


def _index(value: str | int) -> int:
    number = int(value)
    if number < 0 or isinstance(value, bool):
        raise ValueError(f"{value} is no index")
    return number
