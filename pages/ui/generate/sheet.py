"""Sheets of generated images, and the commands that the grid sends. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Meta, Struct

from vae.files.records import convert
from vae.latent.attribute_directions import AttributeDirection
from vae.latent.sampling import MAX_SAMPLES, SamplingRequest
from vae.latent.variations import MAX_DISTANCE

from ..runtime.location import MAX_CORNERS, Pin, Space
from ..runtime.query import InvalidValueError

# Each command with the number of selected images that it needs.
COMMANDS = {"variations": 1, "mix": 2, "move": 1, "film": 2, "a": 1, "b": 1, "save": 1}
COMMANDS |= {"region": 0, "undo": 0, "redo": 0}
# Those that derive a sheet, with the fields that determine it.
_DERIVING = {
    "variations": ("spread", "distance", "diversity", "lock", "unlike", "z", "description"),
    "mix": ("weights",),
    "move": ("z", "description"),
}

_Number = Annotated[float, Meta(ge=-1000, le=1000)]
_Spread = Annotated[float, Meta(ge=0, le=3)]
_Distance = Annotated[float, Meta(ge=0, le=MAX_DISTANCE)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Index = Annotated[int, Meta(ge=0, le=MAX_SAMPLES)]
_Corners = Annotated[
    tuple[tuple[_Number, _Number], ...], Meta(min_length=3, max_length=MAX_CORNERS)
]
Code = tuple[_Number, ...]
Indices = Annotated[tuple[_Index, ...], Meta(max_length=MAX_SAMPLES + 1)]
Codes = Annotated[tuple[Code, ...], Meta(max_length=MAX_SAMPLES + 1)]
_Weights = Annotated[Code, Meta(max_length=MAX_SAMPLES)]


@dataclass(frozen=True)
class Record:
    """An image: what decodes it, the records that it was derived from, and how. Of a variation,
    the class that it shows, and how far it is from its parent, in RMS per pixel."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0
    parents: tuple["Record", ...] = ()
    step: str = ""
    kind: int | None = None
    distance: float | None = None

    @property
    def pin(self) -> Pin:
        return Pin(self.z, self.label, self.seed)

    def to_json(self) -> dict:
        shown = ("label", "seed", "step", "kind", "distance")
        return {"z": list(self.z)} | {name: getattr(self, name) for name in shown}


@dataclass(frozen=True)
class Sheet:
    """Records that are shown together. The model, the `request` that sampled the first sheet and
    the `steps` that derived this one from it determine them; `note` counts the draws. `unlike` are
    the records that the variations of the first one avoid."""

    title: str
    records: tuple[Record, ...]
    request: SamplingRequest
    note: str = ""
    steps: tuple["GridCommand", ...] = ()
    unlike: tuple[Record, ...] = ()

    @property
    def key(self) -> str:
        """Equal for sheets of one model with the same records."""
        return hashlib.sha256(repr((self.request, self.steps)).encode()).hexdigest()[:16]


class SampleStats(NamedTuple):
    """A sheet's images as one sprite of `columns` x `rows`, the URL of their nearest real images,
    with the classes that they show, and their local density [n]. `directions_url` serves the
    directions that are ready for each class. `reference_distances` are the 5th percentile and the
    median of the distances between real images."""

    url: str
    columns: int
    rows: int
    nearest_url: str
    directions_url: str
    density: np.ndarray
    reference_distances: tuple[float, float]


class GridCommand(Struct, frozen=True, omit_defaults=True):
    """A command of the grid: `variations` of the first selected record, a `mix` of all, a `move`
    of the first to `z`, a `film` from each to the next, to `save` them, to make them group "a" or
    "b", to sample a `region`, to `undo` or `redo`. With a `z`, the record is moved there before it
    is varied. Variations are at most at a `distance`, in the class of the record with
    `lock`, and none like the records `unlike`; older links have the `spread` of a Gaussian."""

    do: Literal["variations", "mix", "move", "film", "a", "b", "save", "region", "undo", "redo"]
    turn: Annotated[int, Meta(ge=0, le=2**53)] = 0
    selected: Indices = ()
    spread: _Spread = 0.25
    distance: _Distance = 0
    diversity: _Share = 0.7
    lock: bool = True
    unlike: Indices = ()
    weights: _Weights = ()
    z: Code | None = None
    polygon: _Corners | None = None
    description: Annotated[str, Meta(max_length=4000)] = ""

    @property
    def as_step(self) -> "GridCommand":
        """The command with nothing but what determines the sheet that it derives."""
        used = {name: getattr(self, name) for name in _DERIVING[self.do]}
        selected = self.selected if self.do == "mix" else self.selected[:1]
        return GridCommand(self.do, selected=selected, **used)


class View(Struct, frozen=True, omit_defaults=True):
    """How the grid shows a sheet: the selected records, the current one first, their weights, the
    shares of the directions; and for all sheets the order, what is hidden, how variations are
    made and the lasso on the map. A distance of 0 stands for that of the model."""

    selected: Annotated[Indices, Meta(min_length=1)] = (0,)
    weights: _Weights = ()
    shares: _Weights = ()
    sort: Literal["sampled", "novel", "dense"] = "sampled"
    hide: tuple[Literal["copies", "sparse"], ...] = ()
    distance: _Distance = 0
    diversity: _Share = 0.7
    lock: bool = True
    polygon: _Corners | None = None


class Derived(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was made of the samples of a request: the steps to the sheet that is shown, the codes
    of group "a" and group "b", and directions."""

    steps: Annotated[tuple[GridCommand, ...], Meta(max_length=200)] = ()
    a: Codes = ()
    b: Codes = ()
    directions: Annotated[tuple[AttributeDirection, ...], Meta(max_length=50)] = ()

    def fits(self, latent: int) -> bool:
        """Whether the steps derive sheets, and all codes have as many latents."""
        codes = [*self.a, *self.b, *(d.vector for d in self.directions)]
        codes += [step.z or () for step in self.steps if step.z or step.do == "move"]
        derive = all(step.do in _DERIVING and step.selected for step in self.steps)
        return derive and all(len(code) == latent for code in codes)


def command_from_grid(value: Mapping, count: int, space: Space) -> GridCommand:
    """The message of a grid that shows `count` records; raises `InvalidValueError`."""
    command = convert(value, GridCommand, InvalidValueError)
    if command.do == "region" and not command.polygon:
        raise InvalidValueError("the region has no corners")
    indices = (*command.selected, *command.unlike)
    if len(command.selected) < COMMANDS[command.do] or max(indices, default=0) >= count:
        raise InvalidValueError(
            f"{command.do} needs {COMMANDS[command.do]} or more of the {count} images"
        )
    if command.z is not None and len(command.z) != space.latent:
        raise InvalidValueError(f"z has {len(command.z)} numbers; expected {space.latent}")
    return command
