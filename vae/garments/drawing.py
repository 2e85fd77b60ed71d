"""The shapes of a garment from its factors, in the order in which they are drawn.

This is the only description of a garment: `raster` turns it into pixels and `svg` into vectors.
"""

import numpy as np

from . import bottoms, tops
from .factors import KINDS, Table
from .shapes import Shape

_TOP = {  # of (0, 0), in frames: the room above garments of medium length
    "T-shirt": 0.14, "Shirt": 0.2, "Tank top": 0.075, "Hoodie": 0.27, "Jacket": 0.24,
    "Coat": 0.085, "Dress": 0.07, "Skirt": 0.1, "Trousers": 0.045, "Shorts": 0.17,
}  # fmt: skip
_STRUCTURE = ("kind", "neckline", "trims")


def draw(factors: Table) -> list[Shape]:
    """The shapes of garments that `groups` puts together."""
    room = bottoms if factors["kind"][0] in bottoms.KINDS else tops
    return room.draw(factors)


def origin(kind: str) -> tuple[float, float]:
    """Where (0, 0) of the shapes is in the frame, in millimetres from its top left."""
    frame = KINDS[kind].frame
    return frame / 2, frame * _TOP[kind]


def groups(factors: Table) -> list[np.ndarray]:
    """The rows of a table by structure: those of one group have the same pieces."""
    keys = [*(factors[name] for name in _STRUCTURE), np.asarray(factors["sleeve"]) > 0]
    names = np.array(["\t".join(map(str, row)) for row in zip(*keys, strict=True)])
    return [np.flatnonzero(names == name) for name in np.unique(names)]
