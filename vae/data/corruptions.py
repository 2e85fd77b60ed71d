"""Known damage to images, to see whether a score notices it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

Damage = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return image + rng.normal(0, 40, image.shape)


def _blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = image.shape[-1] * 2.5 / 28
    return ndimage.gaussian_filter(image, (0, sigma, sigma))


def _hole(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = image.shape[-1] * 2 // 7
    inner = image.shape[-1] - 2 * side
    top, left = side + rng.integers(0, max(1, inner), 2) - side // 2
    image[:, top : top + side, left : left + side] = 0
    return image


def _stain(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = image.shape[-1] // 4
    top, left = rng.integers(0, image.shape[-1] - side, 2)
    image[:, top : top + side, left : left + side] = (
        255 - image[:, top : top + side, left : left + side]
    )
    return image


def _turn(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.rot90(image, int(rng.choice((1, 3))), (1, 2)).copy()


def _invert(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 255 - image


def _shuffle(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Quarters in another order."""
    half = image.shape[-1] // 2
    parts = [image[:, r : r + half, c : c + half].copy() for r in (0, half) for c in (0, half)]
    shift = int(rng.integers(1, 4))
    for place in range(4):
        top, left = half * (place // 2), half * (place % 2)
        image[:, top : top + half, left : left + half] = parts[(place + shift) % 4]
    return image


DAMAGES: dict[str, tuple[str, Damage]] = {
    "noise": ("noise", _noise),
    "blur": ("out of focus", _blur),
    "hole": ("a hole", _hole),
    "stain": ("an inverted patch", _stain),
    "turn": ("turned by a right angle", _turn),
    "invert": ("light and dark exchanged", _invert),
    "shuffle": ("quarters exchanged", _shuffle),
}


def damaged(images: np.ndarray, kind: str, *, seed: int = 0) -> np.ndarray:
    """Copies of uint8 images [N, C, H, W], each damaged in its own way of the kind."""
    rng, damage = np.random.default_rng(seed), DAMAGES[kind][1]
    made = [damage(image.astype(np.float64), rng) for image in images]
    return np.clip(np.round(made), 0, 255).astype(np.uint8).reshape(images.shape)
