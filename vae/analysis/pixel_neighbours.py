"""Is a generated picture new, or nearly a copy of a real one?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

_AT_ONCE = 500  # pictures, so that a product of theirs with all real ones stays small
_SPARE = 8  # more candidates than asked for: the product may confuse those equally far


class Nearest(NamedTuple):
    """Of each picture the `item` nearest to it in pixels, [n], or the k nearest, [n, k], and how
    far: the root of the mean squared difference a pixel, 0 to 1."""

    item: np.ndarray
    distance: np.ndarray


class Gallery:
    """Real uint8 images [N, C, H, W], laid out once so that many pictures can be compared."""

    def __init__(self, images: np.ndarray) -> None:
        self._real = torch.tensor(images).flatten(1).float() / 255
        self._half_sizes = 0.5 * self._real.square().sum(1)

    def __len__(self) -> int:
        return len(self._real)

    def nearest(self, pictures: np.ndarray) -> Nearest:
        """The nearest for uint8 pictures [n, H, W, C]; exact, as one matrix product."""
        near = self.neighbours(pictures.transpose(0, 3, 1, 2), 1)
        return Nearest(near.item[:, 0], near.distance[:, 0])

    def neighbours(self, images: np.ndarray, k: int) -> Nearest:
        """The k nearest for uint8 images [n, C, H, W], nearest first; [n, k]."""
        parts = [self._among(part, k) for part in torch.tensor(images.copy()).split(_AT_ONCE)]
        item, distance = (torch.cat(both).numpy() for both in zip(*parts, strict=True))
        return Nearest(item, distance)

    def _among(self, images: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        made = images.flatten(1).float() / 255
        product = torch.addmm(self._half_sizes, made, self._real.T, alpha=-1)
        some = min(k + _SPARE, len(self))
        item = product.topk(some, largest=False).indices.sort(1).values
        # Once more without the cancellation that the product suffers from close to a copy.
        distance = torch.stack(
            [(self._real[i] - m).square().mean(1).sqrt() for i, m in zip(item, made, strict=True)]
        )
        order = distance.sort(dim=1, stable=True)
        return item.gather(1, order.indices[:, :k]), order.values[:, :k]


def usual_distances(images: np.ndarray, *, few: int = 1000) -> tuple[float, float]:
    """How far real images are from their nearest other: the 5th percentile and the median of the
    first `few` of uint8 images [N, C, H, W]. Below the first a picture counts as nearly a copy."""
    real = torch.tensor(images).flatten(1).float() / 255
    apart = torch.cdist(real[:few], real)
    apart[torch.arange(len(apart)), torch.arange(len(apart))] = torch.inf
    found = apart.amin(1) / real.shape[1] ** 0.5
    low, middle = np.percentile(found.numpy(), (5, 50))
    return float(low), float(middle)
