"""Similarity search: the nearest known items of an image, its class, and a calibrated confidence.

The nearest items by code and by pixels vote on the class. The shares of the votes are combined
with one weight per vote (a logarithmic opinion pool) that is fitted to held-out images. With a
single vote this is temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599) by
1 / weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..data.dataset import Split, evenly_spaced
from ..latent.encoding import encode_images
from ..models.base import Autoencoder
from .pixel_neighbours import Neighbours, PixelIndex

VOTERS = 20  # nearest items that vote on the class
Excluded = np.ndarray | None  # for each of Q queries an item that is left out, -1 for none


class Match(NamedTuple):
    """The items with the same pixels as Q images [Q], -1 for none, and their nearest others."""

    identical: np.ndarray
    by_code: Neighbours
    by_pixels: Neighbours


class Index:
    """N known items: codes [N, D], uint8 images [N, C, H, W], labels [N] below `classes`."""

    def __init__(
        self,
        codes: np.ndarray,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        *,
        pixel_index: PixelIndex | None = None,
    ) -> None:
        """`pixel_index` of the same images, if there is one already."""
        from scipy.spatial import cKDTree

        if not len(codes) == len(images) == len(labels):
            counts = f"{len(codes)} codes, {len(images)} images and {len(labels)} labels"
            raise ValueError(f"{counts}; expected the same number of each")
        self._tree, self._pixel_index = cKDTree(codes), pixel_index or PixelIndex(images)
        self.codes, self.images, self.labels, self.classes = codes, images, labels, classes

    def __len__(self) -> int:
        return len(self.labels)

    def by_code(self, codes: np.ndarray, k: int, exclude: Excluded = None) -> Neighbours:
        """The k nearest items by Euclidean distance between codes [Q, D]; distances that take the
        posteriors into account find classes no better (`tests/benchmarks/lookup.py`)."""

        def query(n: int) -> Neighbours:
            return Neighbours(*reversed(self._tree.query(codes, np.arange(1, n + 1))))

        return self._search(query, k, exclude)

    def by_pixels(self, images: np.ndarray, k: int, exclude: Excluded = None) -> Neighbours:
        """The k nearest items to uint8 images [Q, C, H, W] by the distance of `PixelIndex`."""
        return self._search(lambda n: self._pixel_index.neighbours(images, n), k, exclude)

    def identical(self, images: np.ndarray) -> np.ndarray:
        """The items with the same pixels as images [Q, C, H, W]: [Q], -1 for none."""
        return self.by_pixels(images, 1).identical()

    def match(self, codes: np.ndarray, images: np.ndarray, k: int) -> Match:
        """The k nearest items by code [Q, D] and by pixels [Q, C, H, W], each found with one
        search; items identical to an image are not among its neighbours."""
        near = self.by_pixels(images, k + 1)
        same = near.identical()
        return Match(same, self.by_code(codes, k, exclude=same), near.without(same))

    def vote_shares(self, near: Neighbours) -> np.ndarray:
        """Class shares [Q, K] of the neighbours' labels, smoothed by one vote for all classes."""
        count = np.zeros((len(near.item), self.classes))
        np.add.at(count, (np.arange(len(count))[:, None], self.labels[near.item]), 1)
        return (count + 1 / self.classes) / (near.item.shape[1] + 1)

    def votes(self, codes: np.ndarray, images: np.ndarray, exclude: Excluded = None) -> list:
        """Vote shares [Q, K] of the `VOTERS` nearest items by code and of those by pixels."""
        near = self.by_code(codes, VOTERS, exclude), self.by_pixels(images, VOTERS, exclude)
        return [self.vote_shares(neighbours) for neighbours in near]

    def _search(self, query: Callable[[int], Neighbours], k: int, exclude: Excluded) -> Neighbours:
        k = min(k, len(self) - (exclude is not None))
        return query(k) if exclude is None else query(k + 1).without(exclude)


@dataclass(frozen=True)
class LogOpinionPool:
    """The normalised product of vote shares, each to the power of its weight."""

    weights: tuple[float, ...]

    @classmethod
    def uniform(cls, votes: int) -> LogOpinionPool:
        """The geometric mean; a single vote is unchanged."""
        return cls((1 / votes,) * votes)

    @classmethod
    def fit(cls, votes: Sequence[np.ndarray], labels: np.ndarray) -> LogOpinionPool:
        """The non-negative weights of least log loss on held-out images, a convex problem."""
        from scipy.optimize import minimize

        logs, rows = np.log(np.stack(votes)), np.arange(len(labels))

        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            p = cls(tuple(weights)).probabilities(votes)
            return log_loss(p, labels), ((p * logs).sum(2) - logs[:, rows, labels]).mean(1)

        start = np.array(cls.uniform(len(votes)).weights)
        bounds = [(0.0, 20.0)] * len(votes)
        best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
        return cls(tuple(best.x.tolist()))

    def probabilities(self, votes: Sequence[np.ndarray]) -> np.ndarray:
        """[Q, K] from as many vote shares [Q, K] as there are weights."""
        pooled = sum(w * np.log(s) for w, s in zip(self.weights, votes, strict=True))
        pooled = np.exp(pooled - pooled.max(1, keepdims=True))
        return pooled / pooled.sum(1, keepdims=True)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean -log p(class) in nats."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-300)).mean())


class Reliability:
    """The accuracy at a confidence, by probabilities [Q, K] and labels [Q] of held-out images."""

    def __init__(self, probabilities: np.ndarray, labels: np.ndarray) -> None:
        order = np.argsort(probabilities.max(1), kind="stable")
        self._confidence = probabilities.max(1)[order]
        self._correct = (probabilities.argmax(1) == labels)[order]

    def accuracy_at(self, confidence: float, *, sample: int = 300) -> tuple[float, int]:
        """Accuracy of the `sample` predictions of nearest confidence, and their number."""
        n = min(sample, len(self._confidence))
        start = int(np.searchsorted(self._confidence, confidence)) - n // 2
        start = min(max(start, 0), len(self._confidence) - n)
        return float(self._correct[start : start + n].mean()), n


def fit_confidence(index: Index, model: Autoencoder, train: Split) -> LogOpinionPool:
    """Fits the pool to at most 1000 evenly spaced training images, none of which votes for itself;
    a conditional model encodes them without their labels."""
    rows = evenly_spaced(len(train.images), 1000)
    images = train.images[rows]
    codes, same = encode_images(model, images).mean, index.identical(images)
    votes = index.votes(codes, images, exclude=same if (same >= 0).any() else None)
    return LogOpinionPool.fit(votes, train.labels[rows])


def measure_reliability(index: Index, model: Autoencoder, pool: LogOpinionPool) -> Reliability:
    """Reliability on at most 2000 evenly spaced items of the index, leave-one-out."""
    rows = evenly_spaced(len(index), 2000)
    codes = index.codes[rows]
    if model.classes:  # the codes of the index are conditioned on the labels
        codes = encode_images(model, index.images[rows]).mean
    votes = index.votes(codes, index.images[rows], exclude=rows)
    return Reliability(pool.probabilities(votes), index.labels[rows])
