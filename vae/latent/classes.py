"""Classes in latent space: what a code lies among, and which items are typical of their class."""

from collections.abc import Callable, Sequence

import numpy as np

NEIGHBOURS = 10  # of a code
_MOST_LOOKED_AT = 2000  # items of a class
_CANDIDATES = 120  # items of a class that are decoded


def class_near(codes: np.ndarray, labels: np.ndarray, names: Sequence[str], z: np.ndarray) -> str:
    """The class of most of the ten codes [N, D] nearest to z [D], as words: "between Coat and
    Shirt" where no class has more than half of them, and nothing if there are no classes."""
    if len(names) < 2 or not len(codes):
        return ""
    near = np.argsort(np.square(codes - z).sum(1))[:NEIGHBOURS]
    counts = np.bincount(labels[near], minlength=len(names))
    first, second = np.argsort(-counts, kind="stable")[:2]
    if 2 * counts[first] > len(near) or not counts[second]:
        return names[first]
    return f"between {names[first]} and {names[second]}"


def typical_items(
    codes: np.ndarray,
    labels: np.ndarray,
    images: np.ndarray,
    *,
    reconstruct: Callable[[np.ndarray, int], np.ndarray],
    classes: int,
    count: int = 8,
) -> list[list[int]]:
    """Up to `count` typical items of each class, the most typical one first.

    They are in the half of the class around whose codes [N, D] most of the class lie (a small
    distance to its nearest twentieth), and in the half of these that is reconstructed best:
    images, uint8 [N, C, H, W], against `reconstruct(codes, label)`, uint8 [n, H, W, C]. The first
    lies where the class is densest, each other one farthest from those before, so that they
    differ.
    """
    from scipy.spatial import cKDTree

    found: list[list[int]] = []
    for label in range(classes):
        items = np.flatnonzero(labels == label)
        if not len(items):
            found.append([])
            continue
        items = items[:: 1 + len(items) // _MOST_LOOKED_AT]
        k = min(len(items), max(5, len(items) // 20))  # itself among them
        radius = cKDTree(codes[items]).query(codes[items], k=[k])[0][:, 0]
        densest = np.argsort(radius, kind="stable")[: max(count, len(items) // 2)]
        densest = densest[:: 1 + len(densest) // _CANDIDATES]
        candidates = items[densest]
        shown = reconstruct(codes[candidates], label).transpose(0, 3, 1, 2)
        difference = shown.astype(np.float32) - images[candidates]
        error = np.square(difference).mean((1, 2, 3))
        best = np.argsort(error, kind="stable")[: max(count, len(candidates) // 2)]
        found.append(_spread(candidates[np.sort(best)], codes, count))
    return found


def _spread(items: np.ndarray, codes: np.ndarray, count: int) -> list[int]:
    """The first item, then each time the one whose code is farthest from those before."""
    chosen, distance = [int(items[0])], np.full(len(items), np.inf)
    while len(chosen) < min(count, len(items)):
        distance = np.minimum(distance, np.linalg.norm(codes[items] - codes[chosen[-1]], axis=1))
        chosen.append(int(items[distance.argmax()]))
    return chosen
