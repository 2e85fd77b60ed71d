"""What decoders take beside a code, as it is known of a model that was adopted or is exported."""

import json
from typing import NamedTuple

import msgspec

from ..config import Config

_VARIATIONS = 64  # seeds of the same width of the kernel
_WIDTHS = (0.0, -3.0, -1.5, 1.5)  # log2 of what multiplies the bandwidth, of 64 seeds each
_GROUPS = ("like real items", 1), ("close to real items", 2), ("mixed", 0), ("new", 3)


class SeedGroups(NamedTuple):
    """Fields of `vae.models.base.Autoencoder`."""

    variations: int
    seed_groups: tuple[tuple[str, int], ...]
    group_numbers: tuple[float, ...]


# Seed s is the noise of variation s % 64 (0: none), with the s // 64-th of the widths.
EXEMPLAR_SEEDS = SeedGroups(
    _VARIATIONS, tuple((name, _VARIATIONS * width) for name, width in _GROUPS), _WIDTHS
)


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of `ModelConfig` and `TrainConfig`: the one-hot label of a conditional model
    (`classes`), or the noise of lower levels, which for an exemplar model moves the place and ends
    with the width of the kernel."""

    classes: int = 0
    levels: tuple[int, ...] = ()
    exemplars: int = 0
    bandwidth: float = 0.12
    unlabelled: float = 0.0

    @classmethod
    def of(cls, config: Config) -> "Context":
        model = config.model
        levels = model.levels, model.exemplars, model.bandwidth
        return cls(model.classes, *levels, config.train.unlabelled)

    @property
    def kind(self) -> str | None:
        """As `Autoencoder.context`."""
        if self.classes:
            return "label"
        return "noise" if self.levels else None

    def size(self, latent: int) -> int:
        """The numbers beside a code of `latent` numbers."""
        if self.kind != "noise":
            return self.classes
        return latent + 1 if self.exemplars else sum(self.levels)

    def to_json(self) -> str:
        return json.dumps(msgspec.structs.asdict(self))
