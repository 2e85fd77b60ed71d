"""Straight lines through the plane: what a decoder draws between two items, on what ground."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch

from ..models.base import Autoencoder
from .density import at, bounds, density, pixel_entropy

THIN = 0.05  # of the median item's density: below it a decoder has hardly seen anything


class Walk(NamedTuple):
    """A line of S codes [S, D] and what is found at each: the `density` of the items, in units of
    the median item's; the mean pixel `entropy`, in nats; and the squared difference a pixel
    between the picture and the real image that is `nearest` to it."""

    codes: np.ndarray
    density: np.ndarray
    entropy: np.ndarray
    nearest: np.ndarray

    @property
    def empty(self) -> float:
        """The share of the way where there are hardly any items."""
        return float((self.density < THIN).mean())


@torch.inference_mode()
def walk(
    model: Autoencoder,
    codes: np.ndarray,
    images: np.ndarray,
    start: int,
    end: int,
    *,
    steps: int = 113,
) -> Walk:
    """From the code of one item to that of another, among the codes [N, D] of all and their uint8
    images [N, C, H, W]."""
    path = line(codes[start], codes[end], steps)
    pictures = model.picture(torch.as_tensor(path))
    real = torch.tensor(images).flatten(1).float() / 255
    apart = torch.cdist(pictures.flatten(1), real).min(1).values.square() / real.shape[1]
    return Walk(path, crowding(codes, [path])[0], pixel_entropy(pictures.numpy()), apart.numpy())


def line(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Codes [S, D] at equal distances, both ends included."""
    share = np.linspace(0, 1, steps)[:, None]
    return ((1 - share) * start + share * end).astype(np.float32)


def crowding(codes: np.ndarray, paths: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Density of the codes [N, D] along paths [S, D], in units of the median item's."""
    field = density(codes, bounds(codes))
    typical = max(float(np.median(at(field, codes))), 1e-12)
    return [at(field, path) / typical for path in paths]


def telling_pair(torn: np.ndarray, whole: np.ndarray, items: Sequence[int]) -> tuple[int, int]:
    """The two of `items` between which the line is emptier among the codes `torn` [N, D] than
    among `whole`, by the most."""
    pairs = list(combinations(items, 2))
    empty = [
        np.array(
            [(d < THIN).mean() for d in crowding(c, [line(c[i], c[j], 57) for i, j in pairs])]
        )
        for c in (torn, whole)
    ]
    return pairs[int((empty[0] - empty[1]).argmax())]
