"""Sheets of generated images, and the commands that the grid sends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vae.latent.sampling import MAX_SAMPLES, SamplingRequest

from ..runtime import query
from ..runtime.location import Pin, Polygon, Space, polygon
from ..runtime.query import InvalidValueError, list_of, number, one_of, optional, whole

# Each command with the number of selected images that it needs.
COMMANDS = {"variations": 1, "mix": 2, "move": 1, "a": 1, "b": 1, "save": 1}
COMMANDS |= {"region": 0, "undo": 0, "redo": 0}


@dataclass(frozen=True)
class Record:
    """An image: what decodes it, the records that it was derived from, and how."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0
    parents: tuple["Record", ...] = ()
    step: str = ""

    @property
    def pin(self) -> Pin:
        return Pin(self.z, self.label, self.seed)

    def to_json(self) -> dict:
        return {"z": list(self.z), "label": self.label, "seed": self.seed, "step": self.step}


@dataclass(frozen=True)
class Sheet:
    """Records that are shown together. `request` is what sampled them, None for those derived from
    other records; `note` says how many draws it took."""

    title: str
    records: tuple[Record, ...]
    request: SamplingRequest | None = None
    note: str = ""


class SampleStats(NamedTuple):
    """A sheet's images as one sprite of `columns` x `rows`, the URL of their nearest real images,
    and their local density [n]. `reference_distances` are the 5th percentile and the median of
    the distances between real images."""

    url: str
    columns: int
    rows: int
    nearest_url: str
    density: np.ndarray
    reference_distances: tuple[float, float]


@dataclass(frozen=True)
class GridCommand:
    """A command of the grid: `variations` of the first selected record, a `mix` of all, a `move`
    of the first to `z`, to `save` them, to make them group "a" or "b", to sample a `region`, to
    `undo` or `redo`."""

    turn: int
    action: str
    selected: tuple[int, ...] = ()
    spread: float = 0.25
    weights: tuple[float, ...] = ()
    z: tuple[float, ...] = ()
    polygon: Polygon = ()
    description: str = ""


_DEFAULTS = {"selected": [], "spread": 0.25, "weights": [], "z": None, "polygon": None}
_DEFAULTS |= {"description": ""}


def command_from_grid(value: Mapping, count: int, space: Space) -> GridCommand:
    """The message of a grid that shows `count` records; raises `InvalidValueError`."""
    checks = {
        "turn": whole(0, 2**53),
        "do": one_of(COMMANDS),
        "selected": list_of(whole(0, count - 1), MAX_SAMPLES),
        "spread": number(0, 3),
        "weights": list_of(number(0, 100), MAX_SAMPLES),
        "z": optional(query.code(space.latent, 17), ()),
        "polygon": optional(polygon, ()),
        "description": lambda text: str(text)[:80],
    }
    command = GridCommand(*query.read_message(value, checks, _DEFAULTS).values())
    if command.action == "region" and not command.polygon:
        raise InvalidValueError("the region has no corners")
    if len(command.selected) < COMMANDS[command.action]:
        raise InvalidValueError(
            f"{command.action} needs {COMMANDS[command.action]} or more images"
        )
    return command
