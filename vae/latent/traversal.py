"""Straight lines through the latent space: what is decoded between two items, and how densely the
items lie there."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch

from ..models.base import Autoencoder, device_of
from .density import LOW_DENSITY, RelativeDensity, pixel_entropy


class Traversal(NamedTuple):
    """A line of S `codes` [S, D] with, for each code, the relative `density` of the items, the
    pixel `entropy` in nats, and the `nearest_error`: the mean squared error per pixel between the
    decoded image and the most similar real image."""

    codes: np.ndarray
    density: np.ndarray
    entropy: np.ndarray
    nearest_error: np.ndarray

    @property
    def low_density_fraction(self) -> float:
        """The fraction of the line that has hardly any items around it."""
        return float((self.density < LOW_DENSITY).mean())


@torch.inference_mode()
def traverse(
    model: Autoencoder, codes: np.ndarray, images: np.ndarray, start: int, end: int, *, steps: int
) -> Traversal:
    """The line of `steps` codes from item `start` to item `end`, given the codes [N, D] and the
    uint8 images [N, C, H, W] of all items."""
    path = linear_path(codes[start], codes[end], steps)
    pictures = model.picture(torch.as_tensor(path).to(device_of(model))).cpu()
    real = torch.tensor(images).flatten(1).float() / 255
    error = torch.cdist(pictures.flatten(1), real).min(1).values.square() / real.shape[1]
    density = RelativeDensity.fit(codes).at(path)
    return Traversal(path, density, pixel_entropy(pictures.numpy()), error.numpy())


def linear_path(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Equally spaced codes [steps, D] from `start` to `end`, both included."""
    t = np.linspace(0, 1, steps)[:, None]
    return ((1 - t) * start + t * end).astype(np.float32)


def most_contrasting_pair(
    sparse: np.ndarray, dense: np.ndarray, items: Sequence[int]
) -> tuple[int, int]:
    """The two of `items` whose connecting line has a larger low-density fraction among the codes
    `sparse` [N, D] than among `dense` [N, D], by the largest difference."""
    pairs = list(combinations(items, 2))

    def low_density_fractions(codes: np.ndarray) -> np.ndarray:
        density = RelativeDensity.fit(codes)
        lines = [linear_path(codes[i], codes[j], 57) for i, j in pairs]
        return np.array([(density.at(line) < LOW_DENSITY).mean() for line in lines])

    contrast = low_density_fractions(sparse) - low_density_fractions(dense)
    return pairs[int(contrast.argmax())]
