"""Directions that mean something: from one group of examples to another, as a slider for any item.

The difference of two groups' mean codes, as for words (Mikolov et al. 2013,
https://arxiv.org/abs/1310.4546) and faces (Larsen et al. 2016, https://arxiv.org/abs/1512.09300,
section 4.3).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np

from ..errors import AtelierError


class DirectionError(AtelierError):
    """A direction that cannot be: one sentence with what came and what was expected."""


@dataclass(frozen=True)
class Direction:
    """`name`, the `vector` [D] whose length is the way from one group's mean to the other's, and
    how well it tells the groups apart: the `auc` of the codes' projections, 0.5 for not at all.
    `model` and `digest` say in whose plane it lies."""

    name: str
    vector: tuple[float, ...]
    auc: float
    model: str
    digest: str

    def reversed(self) -> Direction:
        return Direction(
            f"reverse of {self.name}",
            tuple(-v for v in self.vector),
            self.auc,  # with both groups exchanged too, every pair keeps its order
            self.model,
            self.digest,
        )

    def at(self, z: np.ndarray, share: float) -> np.ndarray:
        """Codes [.., D] moved: 0 stays, 1 goes as far as the groups' means are apart."""
        return (np.asarray(z) + share * np.asarray(self.vector)).astype(np.float32)

    def to_json(self) -> str:
        return json.dumps({"schema": 1, **asdict(self)}, indent=1)


def between(
    start: np.ndarray, end: np.ndarray, *, name: str, model: str, digest: str
) -> Direction:
    """From the codes [n, D] of one group to those [m, D] of another."""
    if not len(start) or not len(end):
        raise DirectionError("one of the two groups is empty; choose 1 example or more for each")
    vector = end.mean(0) - start.mean(0)
    if not np.linalg.norm(vector) > 1e-6:
        raise DirectionError("the two groups have the same middle; choose groups that differ")
    low, high = np.sort(start @ vector), end @ vector
    # The share of pairs in the right order (Mann and Whitney), ties counted half.
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    auc = float(below.sum() / (2 * len(low) * len(high)))
    return Direction(name, tuple(float(v) for v in vector), auc, model, digest)


def from_json(text: str) -> Direction:
    """A direction from its file; every field is checked and the first wrong one named."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DirectionError("the file is no JSON; expected a saved direction") from error
    if not isinstance(data, dict) or data.pop("schema", None) != 1:
        raise DirectionError("the file holds no direction of schema 1; expected a saved one")
    kinds = {"name": str, "vector": list, "auc": float, "model": str, "digest": str}
    for key, kind in kinds.items():
        value = data.get(key)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind):
            raise DirectionError(f"{key} is {value!r}; expected a {kind.__name__}")
    if set(data) - set(kinds):
        raise DirectionError(f"{min(set(data) - set(kinds))} is no field of a direction")
    vector = data["vector"]
    numbers = [v for v in vector if isinstance(v, int | float) and not isinstance(v, bool)]
    if not 1 <= len(vector) <= 1024 or len(numbers) != len(vector):
        raise DirectionError("vector is no list of numbers; expected one a latent dimension")
    if not all(math.isfinite(v) and abs(v) <= 1000 for v in vector):
        raise DirectionError("vector has a number beyond 1000; expected a way in the plane")
    if not 0 <= data["auc"] <= 1:
        raise DirectionError(f"auc is {data['auc']}; expected 0 to 1")
    return Direction(
        data["name"][:80],
        tuple(float(v) for v in vector),
        float(data["auc"]),
        data["model"],
        data["digest"],
    )
