"""The density of codes on the plane, how sure the decoder is there, and the window they fill."""

from typing import NamedTuple

import numpy as np

from .codec import Codec


class Field(NamedTuple):
    """A quantity over a rectangle of the plane: `values` [G, G], row 0 at the smallest z2."""

    values: np.ndarray
    bounds: tuple[float, float, float, float]  # z1 min, z1 max, z2 min, z2 max


def bounds(codes: np.ndarray, *, margin: float = 0.08) -> tuple[float, float, float, float]:
    """Rectangle of the first two dimensions of codes [N, D] that holds all but stray items."""
    low, high = np.percentile(codes[:, :2], (0.05, 99.95), axis=0)
    pad = margin * np.maximum(high - low, 1e-3)
    (x0, y0), (x1, y1) = low - pad, high + pad
    return float(x0), float(x1), float(y0), float(y1)


def density(
    codes: np.ndarray, area: tuple[float, float, float, float], *, size: int = 256
) -> Field:
    """Density of codes [N, D] over their first two dimensions, per unit of area; integrates to 1.

    A kernel density estimate on a grid: a histogram smoothed by a Gaussian whose width is the
    median distance to the 20th neighbour (the k-nearest-neighbour bandwidth of Breiman, Meisel
    and Purcell, 1977, made global), so that separate clusters stay separate, which Scott's rule
    does not manage with data this clumped.
    """
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    plane = codes[:, :2]
    sample = plane[:: max(1, len(plane) // 5000)]
    k = min(20, len(plane))
    width = float(np.median(cKDTree(plane).query(sample, k=k)[0][:, -1]))
    x0, x1, y0, y1 = area
    counts, _, _ = np.histogram2d(
        plane[:, 1], plane[:, 0], bins=size, range=((y0, y1), (x0, x1)), density=False
    )
    cell = ((y1 - y0) / size, (x1 - x0) / size)
    smooth = gaussian_filter(counts, sigma=[max(width / c, 0.5) for c in cell], mode="constant")
    values = smooth / (len(plane) * cell[0] * cell[1])
    return Field(values.astype(np.float32), area)


def at(field: Field, plane: np.ndarray) -> np.ndarray:
    """Values of a field at points [N, 2], bilinear between cell centres, 0 outside."""
    from scipy.ndimage import map_coordinates

    x0, x1, y0, y1 = field.bounds
    rows, columns = field.values.shape
    row = (plane[:, 1] - y0) / (y1 - y0) * rows - 0.5
    column = (plane[:, 0] - x0) / (x1 - x0) * columns - 0.5
    return map_coordinates(field.values, [row, column], order=1, mode="constant", cval=0.0)


def entropy(codec: Codec, area: tuple[float, float, float, float], *, size: int = 96) -> Field:
    """Mean entropy of a pixel in nats (0 to ln 2), taken as Bernoulli, over the first two latents.

    High where decoded images are blurred between several, low where they are definite. All other
    latents are 0.
    """
    x0, x1, y0, y1 = area
    z = np.zeros((size * size, codec.info.latent), np.float32)
    z[:, 0] = np.tile(x0 + (np.arange(size) + 0.5) * (x1 - x0) / size, size)
    z[:, 1] = np.repeat(y0 + (np.arange(size) + 0.5) * (y1 - y0) / size, size)
    parts = np.split(z, range(2048, len(z), 2048))
    values = np.concatenate([pixel_entropy(codec.pixel_means(part)) for part in parts])
    return Field(values.reshape(size, size), area)


def pixel_entropy(means: np.ndarray) -> np.ndarray:
    """The entropy of Bernoulli pixels with means [N, C, H, W], in nats, averaged per image [N]."""
    from scipy.special import entr

    return (entr(means) + entr(1 - means)).mean((1, 2, 3))
