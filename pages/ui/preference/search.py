"""A search by choosing: its state, and the commands of its gallery. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, json

from vae.files.records import convert
from vae.preference.search import MAX_CHOICES, RIVALS, SIDE

from ..runtime.query import MAX_COORDINATE, InvalidValueError

_Number = Annotated[float, Meta(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
Code = tuple[_Number, ...]
# The chosen code, then those that were shown and not chosen; none where nothing was near.
Choice = Annotated[tuple[Code, ...], Meta(max_length=1 + RIVALS)]


class Search(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The choices so far. They and the model determine the gallery that is shown."""

    choices: Annotated[tuple[Choice, ...], Meta(max_length=MAX_CHOICES)] = ()

    @property
    def best(self) -> Code | None:
        """The last code that was chosen."""
        return next((choice[0] for choice in reversed(self.choices) if choice), None)

    @property
    def key(self) -> str:
        return hashlib.sha256(json.encode(self)).hexdigest()[:16]

    def fits(self, latent: int) -> bool:
        """Whether all codes have as many latents."""
        return all(len(code) == latent for choice in self.choices for code in choice)


class Found(NamedTuple):
    """A gallery: codes [SIDE²][D], and the median RMS difference between their pictures. The key
    is that of the search, and of the model."""

    key: str
    codes: list[list[float]]
    spread: float


class Command(Struct, frozen=True):
    """A command of the gallery with this key: to `choose` the picture with an index, or `none`; to
    `undo`, to `redo`, to `restart`, to go `back` to the gallery of a step, to `use` the result."""

    do: Literal["choose", "none", "undo", "redo", "restart", "back", "use"]
    key: Annotated[str, Meta(max_length=64)]
    turn: Annotated[int, Meta(ge=0, le=2**53)]
    index: Annotated[int, Meta(ge=0, lt=SIDE**2)] = 0
    step: Annotated[int, Meta(ge=0, lt=MAX_CHOICES)] = 0


def command_from_gallery(value: Mapping) -> Command:
    """The message of the gallery; raises `InvalidValueError`."""
    return convert(value, Command, InvalidValueError)
