"""Nearest neighbours in pixel space: is a generated picture new or a near-duplicate?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

_BATCH = 500  # pictures, to bound the memory of a matrix product
_ITEMS = 2048  # real images that are converted to float at a time
_SPARE = 8  # additional candidates, since the product may confuse items at equal distances


class Neighbours(NamedTuple):
    """The k nearest items of Q images [Q, k], nearest first, and their distances [Q, k]."""

    item: np.ndarray
    distance: np.ndarray

    def identical(self) -> np.ndarray:
        """The items at distance 0 [Q], -1 if there is none."""
        return np.where(self.distance[:, 0] == 0, self.item[:, 0], -1)

    def first(self, k: int) -> Neighbours:
        """The k nearest of them."""
        return Neighbours(self.item[:, :k], self.distance[:, :k])

    def without(self, items: np.ndarray) -> Neighbours:
        """One neighbour fewer per query: without `items` [Q], or without the farthest neighbour
        of a query whose item is not among them."""
        dropped = self.item == np.asarray(items)[:, None]
        dropped[~dropped.any(1), -1] = True
        return Neighbours(*(v[~dropped].reshape(len(v), v.shape[1] - 1) for v in self))


class PixelIndex:
    """Real uint8 images [N, C, H, W], prepared once for many searches; distances are root mean
    squared differences per pixel, 0 to 1."""

    def __init__(self, images: np.ndarray) -> None:
        self._real = torch.tensor(images).flatten(1)  # uint8: a quarter of the memory
        norms = [real.float().square().sum(1) for real in self._real.split(_ITEMS)]
        self._half_norms = 0.5 * torch.cat(norms)

    def __len__(self) -> int:
        return len(self._real)

    def nearest(self, pictures: np.ndarray) -> Neighbours:
        """The nearest item [n] and its distance [n] for uint8 pictures [n, H, W, C]; exact."""
        found = self.neighbours(pictures.transpose(0, 3, 1, 2), 1)
        return Neighbours(found.item[:, 0], found.distance[:, 0])

    def neighbours(self, images: np.ndarray, k: int) -> Neighbours:
        """The k nearest items for uint8 images [n, C, H, W]."""
        parts = [self._search(part, k) for part in torch.tensor(images.copy()).split(_BATCH)]
        return Neighbours(*(torch.cat(both).numpy() for both in zip(*parts, strict=True)))

    def _search(self, images: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        queries = images.flatten(1).float()
        parts = zip(self._half_norms.split(_ITEMS), self._real.split(_ITEMS), strict=True)
        product = torch.cat(
            [torch.addmm(norms, queries, real.float().T, alpha=-1) for norms, real in parts], 1
        )
        candidates = min(k + _SPARE, len(self))
        item = product.topk(candidates, largest=False).indices.sort(1).values
        # Computed again, since the product loses precision to cancellation at small distances.
        distance = queries.new_empty(item.shape)
        for row, query in enumerate(queries):
            difference = self._real[item[row]].float() - query
            distance[row] = difference.square().mean(1).sqrt() / 255
        order = distance.sort(dim=1, stable=True)
        return item.gather(1, order.indices[:, :k]), order.values[:, :k]


def reference_distances(images: np.ndarray, *, sample: int = 1000) -> tuple[float, float]:
    """5th percentile and median of the distances between the first `sample` of uint8 images
    [N, C, H, W] and their nearest others; a picture closer than the former is a near-duplicate."""
    real = torch.tensor(images).flatten(1)
    first = real[:sample].float()
    distances = torch.cat([torch.cdist(first, part.float()) for part in real.split(_ITEMS)], 1)
    distances.fill_diagonal_(torch.inf)
    nearest = distances.amin(1) / real.shape[1] ** 0.5 / 255
    return tuple(np.percentile(nearest.numpy(), (5, 50)).tolist())
