"""Synthetic corruptions of images, with which anomaly scores are tested."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = image.shape[-1] * 2.5 / 28
    return ndimage.gaussian_filter(image, (0, sigma, sigma))


def _hole(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = image.shape[-1] * 2 // 7
    inner = image.shape[-1] - 2 * side
    top, left = side + rng.integers(0, max(1, inner), 2) - side // 2
    image[:, top : top + side, left : left + side] = 0
    return image


def _inverted_patch(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = image.shape[-1] // 4
    top, left = rng.integers(0, image.shape[-1] - side, 2)
    patch = image[:, top : top + side, left : left + side]
    patch[:] = 255 - patch
    return image


def _shuffle(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The four quarters, rotated by a random number of positions."""
    half = image.shape[-1] // 2
    sides = slice(half), slice(half, 2 * half)
    quarters = [(..., rows, columns) for rows in sides for columns in sides]
    parts = [image[quarter].copy() for quarter in quarters]
    shift = int(rng.integers(1, 4))
    for k, quarter in enumerate(quarters):
        image[quarter] = parts[(k + shift) % 4]
    return image


CORRUPTIONS: dict[str, tuple[str, Corruption]] = {
    "noise": ("Gaussian noise", lambda image, rng: image + rng.normal(0, 40, image.shape)),
    "blur": ("Gaussian blur", _blur),
    "hole": ("black square", _hole),
    "stain": ("inverted patch", _inverted_patch),
    "turn": ("rotation by 90°", lambda image, rng: np.rot90(image, rng.choice((1, 3)), (1, 2))),
    "invert": ("inverted brightness", lambda image, rng: 255 - image),
    "shuffle": ("shuffled quarters", _shuffle),
}


def corrupt(images: np.ndarray, kind: str, *, seed: int = 0) -> np.ndarray:
    """Copies of uint8 images [N, C, H, W] with a corruption, drawn anew for each image."""
    rng, corruption = np.random.default_rng(seed), CORRUPTIONS[kind][1]
    copies = [corruption(image.astype(np.float64), rng) for image in images]
    return np.clip(np.round(copies), 0, 255).astype(np.uint8).reshape(images.shape)
