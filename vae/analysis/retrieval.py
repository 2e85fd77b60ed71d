"""Where an image belongs: the known items nearest to it, its class, and how sure that is.

The class is a vote of the nearest items, by code and by pixels. Shares of a vote are no
probabilities yet: they are pooled with one weight a vote (a logarithmic opinion pool), which are
fitted to images that neither the index nor the later test holds. With a single vote this is
temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599) by 1 / weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..data.dataset import Split
from ..data.subsample import evenly_spaced
from ..latent.encoding import encode_images
from ..models.base import Autoencoder
from .pixel_neighbours import Gallery

VOTERS = 20  # nearest items that vote on the class
_MOST_WEIGHT = 20.0


class Near(NamedTuple):
    """Of Q images the k nearest items [Q, k], nearest first, and their distances [Q, k]."""

    item: np.ndarray
    distance: np.ndarray

    def identical(self) -> np.ndarray:
        """The items at distance 0 [Q], -1 where there is none."""
        return np.where(self.distance[:, 0] == 0, self.item[:, 0], -1)

    def first(self, k: int) -> Near:
        """The k nearest of them."""
        return Near(self.item[:, :k], self.distance[:, :k])

    def without(self, items: np.ndarray) -> Near:
        """One neighbour fewer per query: without `items` [Q], or without the farthest neighbour
        of a query whose item is not among them."""
        dropped = self.item == np.asarray(items)[:, None]
        dropped[~dropped.any(1), -1] = True
        return Near(*(v[~dropped].reshape(len(v), v.shape[1] - 1) for v in self))


class Match(NamedTuple):
    """The items with the same pixels as Q images [Q], -1 for none, and their nearest others."""

    identical: np.ndarray
    by_code: Near
    by_pixels: Near


class Index:
    """N known items: codes [N, D], uint8 images [N, C, H, W], labels [N] below `classes`."""

    def __init__(
        self,
        codes: np.ndarray,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        *,
        gallery: Gallery | None = None,
    ) -> None:
        """`gallery` holds the same images, where one was laid out before."""
        from scipy.spatial import cKDTree

        if not len(codes) == len(images) == len(labels):
            raise ValueError(
                f"{len(codes)} codes, {len(images)} images and {len(labels)} labels; expected as "
                "many of each"
            )
        self._tree, self._gallery = cKDTree(codes), gallery or Gallery(images)
        self.codes, self.images, self.labels, self.classes = codes, images, labels, classes

    def __len__(self) -> int:
        return len(self.labels)

    def by_code(self, codes: np.ndarray, k: int, *, itself: np.ndarray | None = None) -> Near:
        """The nearest to codes [Q, D], Euclidean, in units of z: distances that know of the
        posteriors find classes no better (`tests/benchmarks/lookup.py`). `itself` [Q] are items
        that are left out, one a query: those that are the query; -1 for none."""

        def query(n: int) -> Near:
            return Near(*reversed(self._tree.query(codes, np.arange(1, n + 1))))

        return self._others(query, k, itself)

    def by_pixels(self, images: np.ndarray, k: int, *, itself: np.ndarray | None = None) -> Near:
        """The nearest to uint8 images [Q, C, H, W]: the root of the mean squared difference a
        pixel, 0 to 1. `itself` as above."""
        return self._others(lambda n: Near(*self._gallery.neighbours(images, n)), k, itself)

    def identical(self, images: np.ndarray) -> np.ndarray:
        """For images [Q, C, H, W] the items with the very same pixels [Q], -1 where there is
        none."""
        return self.by_pixels(images, 1).identical()

    def match(self, codes: np.ndarray, images: np.ndarray, k: int) -> Match:
        """The k nearest items by code [Q, D] and by pixels [Q, C, H, W], each found with one
        search; items identical to an image are not among its neighbours."""
        near = self.by_pixels(images, k + 1)
        same = near.identical()
        return Match(same, self.by_code(codes, k, itself=same), near.without(same))

    def shares(self, near: Near) -> np.ndarray:
        """Of the votes of neighbours, the share of each class [Q, K]. One vote more is spread over
        all classes, so that none is impossible."""
        count = np.zeros((len(near.item), self.classes))
        np.add.at(count, (np.arange(len(count))[:, None], self.labels[near.item]), 1)
        return (count + 1 / self.classes) / (near.item.shape[1] + 1)

    def votes(
        self, codes: np.ndarray, images: np.ndarray, *, itself: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shares [Q, K] of the `VOTERS` nearest by code and of those by pixels."""
        return (
            self.shares(self.by_code(codes, VOTERS, itself=itself)),
            self.shares(self.by_pixels(images, VOTERS, itself=itself)),
        )

    def _others(self, query: Callable[[int], Near], k: int, itself: np.ndarray | None) -> Near:
        most = len(self) - (itself is not None)
        k = min(k, most)
        if itself is None:
            return query(k)
        return query(k + 1).without(itself)


class Found(NamedTuple):
    """Over queries: `recall`, the share whose k nearest hold one of their class at all;
    `precision`, the share of the k nearest that are of it."""

    recall: float
    precision: float


def retrieval(of_near: np.ndarray, labels: np.ndarray) -> Found:
    """How well a look-up finds the class of queries [Q]; `of_near` [Q, k] are those it found."""
    same = of_near == labels[:, None]
    return Found(float(same.any(1).mean()), float(same.mean()))


@dataclass(frozen=True)
class Confidence:
    """How much each vote counts: the probability of a class is the normalised product of its
    shares, each to the power of its weight."""

    weights: tuple[float, ...]

    def probabilities(self, shares: Sequence[np.ndarray]) -> np.ndarray:
        """[Q, K] of as many votes [Q, K] as there are weights."""
        pooled = sum(w * np.log(s) for w, s in zip(self.weights, shares, strict=True))
        pooled = np.exp(pooled - pooled.max(1, keepdims=True))
        return pooled / pooled.sum(1, keepdims=True)


def uncalibrated(votes: int) -> Confidence:
    """The geometric mean of the shares; of a single vote the shares themselves."""
    return Confidence((1 / votes,) * votes)


def fit_confidence(shares: Sequence[np.ndarray], labels: np.ndarray) -> Confidence:
    """The weights, 0 or more, with the least log loss on held-out images; a convex problem."""
    from scipy.optimize import minimize

    logs = np.stack([np.log(s) for s in shares])
    rows = np.arange(len(labels))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        p = Confidence(tuple(weights)).probabilities(shares)
        expected = (p * logs).sum(2)
        return log_loss(p, labels), (expected - logs[:, rows, labels]).mean(1)

    start = np.array(uncalibrated(len(shares)).weights)
    bounds = [(0.0, _MOST_WEIGHT)] * len(shares)
    best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return Confidence(tuple(float(w) for w in best.x))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean -log p(class) in nats."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-300)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, *, bins: int = 15) -> float:
    """Expected calibration error: how far the confidence of first answers is from the share of
    them that is right, over equally wide bins, weighted by how many answers fall into each."""
    sure, right = _first(probabilities, labels)
    box = np.minimum((sure * bins).astype(int), bins - 1)
    off = np.bincount(box, sure - right, bins)
    return float(np.abs(off).sum() / len(sure))


class Reliability:
    """How often first answers of known confidence were right, on images kept out of everything."""

    def __init__(self, probabilities: np.ndarray, labels: np.ndarray) -> None:
        sure, right = _first(probabilities, labels)
        order = np.argsort(sure, kind="stable")
        self._sure, self._right = sure[order], right[order]

    def such(self, confidence: float, *, most: int = 300) -> tuple[float, int]:
        """Of the images answered about as surely, the share that was right; how many they are."""
        n = min(most, len(self._sure))
        start = int(np.searchsorted(self._sure, confidence)) - n // 2
        start = min(max(start, 0), len(self._sure) - n)
        return float(self._right[start : start + n].mean()), n


def _first(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of the first answer [Q], and whether it is right, 0 or 1 [Q]."""
    return probabilities.max(1), (probabilities.argmax(1) == labels).astype(float)


def fitted(index: Index, model: Autoencoder, learned: Split, *, most: int = 1000) -> Confidence:
    """Confidence fitted to at most so many images, evenly spread, that the model learned from and
    the index does not hold; a conditional model is told no class of them."""
    some = evenly_spaced(len(learned.images), most)
    images = learned.images[some]
    votes = index.votes(encode_images(model, images).mean, images)
    return fit_confidence(votes, learned.labels[some])


def measured(
    index: Index, model: Autoencoder, confidence: Confidence, *, most: int = 2000
) -> Reliability:
    """What confidence is worth on at most so many of the index's own items, evenly spread, each
    looked up among the others."""
    own = evenly_spaced(len(index), most)
    codes = index.codes[own]
    if model.classes:  # those of the index were told their class
        codes = encode_images(model, index.images[own]).mean
    votes = index.votes(codes, index.images[own], itself=own)
    return Reliability(confidence.probabilities(votes), index.labels[own])
