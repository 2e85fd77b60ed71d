"""A location on the map of one model, and its form in the address bar.

Pure: no Streamlit here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from vae.analysis.columns import MAX_NAME
from vae.data.selection import SHOW

from . import query
from .query import Check, InvalidValueError, QueryField, code, code_text, comma_separated, whole

LAYERS = ("points", "thumbnails", "manifold", "density", "uncertainty", "names")
MAX_PINS = 200
MAX_CORNERS = 64
Polygon = tuple[tuple[float, float], ...]
_PIN = re.compile(r"([^cs]*)(?:c([^s]*))?(?:s(.*))?")


class Space(NamedTuple):
    """What a decoder takes: the number of latents, of labels and of noise seeds."""

    latent: int
    labels: int = 0
    seeds: int = 1

    def label(self, value: str | int | None) -> int | None:
        """A checked label; None is an unknown one."""
        if value is None:
            return None
        if not self.labels:
            raise InvalidValueError("This model is not conditioned on a label.")
        return _below(self.labels, value, "label")

    def seed(self, value: str | int) -> int:
        """A checked noise seed."""
        if self.seeds == 1 and str(value) != "0":
            raise InvalidValueError("This model has no noise seeds.")
        return _below(self.seeds, value, "seed")


@dataclass(frozen=True)
class Pin:
    """A pinned image: its code, label and noise seed."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0

    def to_json(self) -> dict:
        return dict(vars(self))

    def to_text(self) -> str:
        """`z1,z2`, followed by `c` and the label, and by `s` and the seed, where there are any."""
        label = "" if self.label is None else f"c{self.label}"
        return code_text(self.z) + label + (f"s{self.seed}" if self.seed else "")


@dataclass(frozen=True)
class Items:
    """Which items the map shows: all, those held out or those trained on ("": the default of their
    data set), without the `hidden` kinds of what they are coloured by: a column, or the class."""

    show: str = ""
    colour: str = ""
    hidden: tuple[int, ...] = ()

    def to_json(self) -> dict[str, str]:
        return {"show": self.show, "colour": self.colour}

    def to_query(self) -> dict[str, str]:
        """Query parameters that restore which items are shown, and their colours."""
        return query.write_query(self, _ITEMS)

    def known(self, facts: Mapping) -> "Items":
        """Those of a map with these facts: with a column and a choice that its data set has."""
        others = [show for show, _ in facts["choices"]][1:]  # than the default
        found = self if self.show in others else replace(self, show="")
        return found if found.colour in ("", *facts["columns"]) else Items(found.show)


@dataclass(frozen=True)
class Location:
    """The state of the map of one model."""

    z: tuple[float, ...]
    view: tuple[float, float, float] | None = None  # centre z1, centre z2, span; None: everything
    layers: tuple[str, ...] = ("points", "names")
    pins: tuple[Pin, ...] = ()
    item: int | None = None
    show: str = ""  # which items; "": the default of their data set
    colour: str = ""  # the column that they are coloured by; "": the class
    hidden: tuple[int, ...] = ()  # classes, or kinds of the column
    label: int | None = None  # the condition
    seed: int = 0  # noise seed
    region: Polygon = ()  # corners in the plane of z1 and z2
    draw: int = 0  # seed of the samples inside the region; unknown to the map

    @property
    def items(self) -> Items:
        return Items(self.show, self.colour, self.hidden)

    def with_items(self, items: Items) -> "Location":
        """The location with other items on the map."""
        return replace(self, **vars(items))

    def to_json(self) -> dict:
        pins = [pin.to_json() for pin in self.pins]
        state = vars(self) | {"pins": pins, "region": self.region or None}
        del state["draw"]
        return state

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this location; those at their default are left out."""
        return query.write_query(self, (*_fields(Space(len(self.z))), _DRAW), model, digest)


def _fields(space: Space) -> tuple[QueryField, ...]:
    index = whole(0, query.MAX_SEED)

    def hidden(classes: list) -> tuple[int, ...]:
        return tuple(sorted({index(k) for k in classes}))

    return (
        QueryField("z", "z", code(space.latent), comma_separated, code_text),
        QueryField("view", "v", query.optional(_view), comma_separated, code_text),
        QueryField("layers", "l", query.subset(LAYERS), comma_separated, ",".join),
        QueryField("pins", "p", query.list_of(_pin(space), MAX_PINS), _split_pins, _pins_text),
        QueryField("item", "i", query.optional(index)),
        *_ITEMS,
        QueryField("hidden", "h", hidden, comma_separated, lambda ks: ",".join(map(str, ks))),
        QueryField("label", "c", space.label),
        QueryField("seed", "s", space.seed),
        QueryField("region", "in", query.optional(polygon, ()), split_codes, polygon_text),
    )


_DRAW = QueryField(
    "draw", "rs", whole(0, query.MAX_SEED), when=lambda state: state.region and state.draw
)


def link(parameters: Mapping[str, str]) -> str:
    """The query string of a shared link."""
    return "?" + urlencode(parameters, safe=",;")


def location_from_query(
    parameters: Mapping[str, str], start: Location, space: Space
) -> tuple[Location, list[str]]:
    """The location of a link, and the keys that could not be read; those keep the value of
    `start`."""
    return query.read_query(parameters, (*_fields(space), _DRAW), start)


def location_from_map(value: Mapping, space: Space) -> Location:
    """The location that the map committed; raises `InvalidValueError`."""
    defaults = {"region": None, "show": "", "colour": ""}
    return Location(**query.read_message(value, query.checks_of(_fields(space)), defaults))


def polygon(corners: object) -> Polygon:
    """The checked corners of a region, rounded as codes are."""
    if not isinstance(corners, list | tuple) or not 3 <= len(corners) <= MAX_CORNERS:
        raise InvalidValueError(f"a region has 3 to {MAX_CORNERS} corners")
    return tuple(map(code(2), corners))


def split_codes(text: str) -> list[list[str]]:
    """The unchecked numbers of `z1,z2;z1,z2;...`."""
    return [part.split(",") for part in text.split(";")] if text else []


def polygon_text(corners: Polygon) -> str:
    """The text that `split_codes` reads."""
    return ";".join(map(code_text, corners))


def pins_from_text(text: str, space: Space) -> tuple[Pin, ...]:
    """The checked pins of a link or a request; raises `InvalidValueError`."""
    try:
        return query.list_of(_pin(space), MAX_PINS)(_split_pins(text))
    except AttributeError:
        raise InvalidValueError("the pins must be `z1,z2` each, separated by `;`") from None


def _pin(space: Space) -> Check:
    checks = {"z": code(space.latent), "label": space.label, "seed": space.seed}
    return lambda pin: Pin(**query.read_message(pin, checks))


def _split_pins(text: str) -> list[dict]:
    """The unchecked pins that `_pins_text` wrote."""
    matches = (_PIN.fullmatch(part).groups() for part in text.split(";"))
    return [{"z": z.split(","), "label": label, "seed": seed or 0} for z, label, seed in matches]


def _pins_text(pins: tuple[Pin, ...]) -> str:
    return ";".join(pin.to_text() for pin in pins)


def column_name(value: object) -> str:
    """The checked name of a column, which a data set may not have."""
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise InvalidValueError(f"a column has a name of at most {MAX_NAME} characters")
    return value


SHOW_FIELD = QueryField("show", "show", query.one_of(("", *SHOW)))
_ITEMS = (SHOW_FIELD, QueryField("colour", "by", column_name))


def items_from_query(parameters: Mapping[str, str]) -> tuple[Items, list[str]]:
    """The items and colours of a link, and the keys that could not be read."""
    return query.read_query(parameters, _ITEMS, Items())


def items_from_map(value: Mapping) -> Items:
    """The items and colours that a map asks for; raises `InvalidValueError`."""
    return Items(**query.read_message(value, query.checks_of(_ITEMS)))


def _view(values: list) -> tuple[float, float, float]:
    x, y, span = values
    coordinate = query.number(-query.MAX_COORDINATE, query.MAX_COORDINATE)
    return coordinate(x), coordinate(y), query.number(1e-9, query.MAX_COORDINATE)(span)


def _below(limit: int, value: str | int, name: str) -> int:
    try:
        return whole(0, limit - 1)(value)
    except ValueError:
        raise InvalidValueError(
            f"The {name} must be a whole number from 0 to {limit - 1}."
        ) from None
