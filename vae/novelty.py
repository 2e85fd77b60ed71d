"""Is a generated picture new, or nearly a copy of a real one?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch


class Nearest(NamedTuple):
    """Of each picture the `item` [n] nearest to it in pixels, and how far: the root of the mean
    squared difference a pixel [n], 0 to 1."""

    item: np.ndarray
    distance: np.ndarray


class Gallery:
    """Real uint8 images [N, C, H, W], laid out once so that many pictures can be compared."""

    def __init__(self, images: np.ndarray) -> None:
        self._real = torch.tensor(images).flatten(1).float() / 255
        self._half_sizes = 0.5 * self._real.square().sum(1)

    def nearest(self, pictures: np.ndarray) -> Nearest:
        """The nearest for uint8 pictures [n, H, W, C]; exact, as one matrix product."""
        made = torch.tensor(pictures.transpose(0, 3, 1, 2).copy()).flatten(1).float() / 255
        item = torch.addmm(self._half_sizes, made, self._real.T, alpha=-1).argmin(1)
        # Once more without the cancellation that the product suffers from close to a copy.
        distance = (made - self._real[item]).square().mean(1).sqrt()
        return Nearest(item.numpy(), distance.numpy())


def usual_distances(images: np.ndarray, *, few: int = 1000) -> tuple[float, float]:
    """How far real images are from their nearest other: the 5th percentile and the median of the
    first `few` of uint8 images [N, C, H, W]. Below the first a picture counts as nearly a copy."""
    real = torch.tensor(images).flatten(1).float() / 255
    apart = torch.cdist(real[:few], real)
    apart[torch.arange(len(apart)), torch.arange(len(apart))] = torch.inf
    found = apart.amin(1) / real.shape[1] ** 0.5
    low, middle = np.percentile(found.numpy(), (5, 50))
    return float(low), float(middle)
