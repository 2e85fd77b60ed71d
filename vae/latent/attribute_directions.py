"""Attribute directions: from the mean code of one group of images to that of another.

The difference of two groups' mean codes, as for words (Mikolov et al. 2013,
https://arxiv.org/abs/1310.4546) and faces (Larsen et al. 2016, https://arxiv.org/abs/1512.09300,
section 4.3).
"""

from __future__ import annotations

import json
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, structs

from ..errors import AtelierError
from ..files.records import read_json

MAX_BYTES = 2**20  # of a direction's file
_Coordinate = Annotated[float, Meta(ge=-1000, le=1000)]


class DirectionError(AtelierError):
    """A direction that cannot be computed or read."""


class AttributeDirection(Struct, frozen=True, forbid_unknown_fields=True):
    """A direction in the latent space of a `model` with a `digest`: the `vector` [D] between the
    means of two groups, and the `auc` with which projections on it separate them."""

    name: str
    vector: Annotated[tuple[_Coordinate, ...], Meta(min_length=1, max_length=1024)]
    auc: Annotated[float, Meta(ge=0, le=1)]
    model: str
    digest: str

    def reversed(self) -> AttributeDirection:
        """From the second group to the first; the AUC stays the same."""
        vector = tuple(-v for v in self.vector)
        return structs.replace(self, name=f"reverse of {self.name}", vector=vector)

    def to_json(self) -> str:
        return json.dumps({"schema": 1, **structs.asdict(self)}, indent=1)


class _DirectionFile(AttributeDirection, frozen=True, kw_only=True):
    schema: Annotated[int, Meta(ge=1, le=1)]


def fit_direction(
    start: np.ndarray, end: np.ndarray, *, name: str, model: str, digest: str
) -> AttributeDirection:
    """The direction from the codes [n, D] of one group to the codes [m, D] of another."""
    if not len(start) or not len(end):
        raise DirectionError("one of the two groups is empty; choose 1 image or more for each")
    vector = end.mean(0) - start.mean(0)
    if not np.linalg.norm(vector) > 1e-6:
        raise DirectionError("the two groups have the same mean; choose groups that differ")
    low, high = np.sort(start @ vector), end @ vector
    # The fraction of pairs in the right order (Mann and Whitney 1947), ties counted half.
    rank = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    auc = float(rank.sum() / (2 * len(low) * len(high)))
    return AttributeDirection(name, tuple(vector.tolist()), auc, model, digest)


def from_json(text: str) -> AttributeDirection:
    """A direction from its file. Raises `DirectionError`, which names the first wrong field."""
    if len(text) > MAX_BYTES:
        raise DirectionError(f"the file has {len(text):,} bytes; expected at most {MAX_BYTES:,}")
    file = read_json(text, _DirectionFile, DirectionError)
    return AttributeDirection(file.name[:80], file.vector, file.auc, file.model, file.digest)
