"""Where the codes of a data set lie in the first two latent dimensions, and how densely."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .codec import Codec

Area = tuple[float, float, float, float]  # z1 min, z1 max, z2 min, z2 max

LOW_DENSITY = 0.05  # relative density below which the decoder has seen hardly any item
_MAX_KERNEL = 0.25  # of the grid's side: a kernel wider than that takes minutes and shows nothing
_DECODED = 96 * 96 * 28 * 28  # pixel values of the images on the grid of a field


class Field(NamedTuple):
    """A scalar field over a rectangle of the plane: `values` [G, G], row 0 at the smallest z2."""

    values: np.ndarray
    bounds: Area


class RelativeDensity(NamedTuple):
    """Density of the codes of a data set in units of the density at its median item."""

    field: Field
    median: float

    @classmethod
    def fit(cls, codes: np.ndarray) -> RelativeDensity:
        """The relative density of codes [N, D] in their first two dimensions."""
        field = kernel_density(codes, bounds(codes))
        return cls(field, max(float(np.median(sample_field(field, codes))), 1e-12))

    def at(self, z: np.ndarray) -> np.ndarray:
        """Relative density [n] at codes [n, D]: 1 at a typical item, 0 far from all items."""
        return sample_field(self.field, np.asarray(z)) / self.median


def bounds(codes: np.ndarray, *, margin: float = 0.08) -> Area:
    """Rectangle around codes [N, D] in the first two dimensions, without the outermost 0.1 %.
    Where the codes have hardly any spread along one axis, that side gets a twentieth of the
    other."""
    low, high = np.percentile(codes[:, :2].astype(float), (0.05, 99.95), axis=0)
    spread = np.maximum(high - low, max(1e-3, 0.05 * (high - low).max()))
    middle, half = (low + high) / 2, (0.5 + margin) * spread
    (x0, y0), (x1, y1) = middle - half, middle + half
    return float(x0), float(x1), float(y0), float(y1)


def kernel_density(codes: np.ndarray, area: Area, *, size: int = 256) -> Field:
    """Density per unit area of codes [N, D] in their first two dimensions; it integrates to 1. A
    histogram on a grid, smoothed by a Gaussian kernel. The bandwidth is the median distance to the
    20th nearest neighbour (the k-nearest-neighbour bandwidth of Breiman, Meisel and Purcell, 1977,
    made global): it keeps separate clusters separate, which Scott's rule does not."""
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    plane = codes[:, :2]
    sample = plane[:: max(1, len(plane) // 5000)]
    k = min(20, len(plane))
    bandwidth = float(np.median(cKDTree(plane).query(sample, k=k)[0][:, -1]))
    x0, x1, y0, y1 = area
    counts = np.histogram2d(plane[:, 1], plane[:, 0], size, ((y0, y1), (x0, x1)))[0]
    cell = ((y1 - y0) / size, (x1 - x0) / size)
    sigma = [min(max(bandwidth / c, 0.5), _MAX_KERNEL * size) for c in cell]
    smooth = gaussian_filter(counts, sigma=sigma, mode="constant")
    return Field((smooth / (len(plane) * cell[0] * cell[1])).astype(np.float32), area)


def sample_field(field: Field, z: np.ndarray, *, outside: float = 0.0) -> np.ndarray:
    """Values [N] of a field at codes [N, D], bilinear between the centres of its cells."""
    from scipy.ndimage import map_coordinates

    x0, x1, y0, y1 = field.bounds
    rows, columns = field.values.shape
    row = (z[:, 1] - y0) / (y1 - y0) * rows - 0.5
    column = (z[:, 0] - x0) / (x1 - x0) * columns - 0.5
    return map_coordinates(field.values, [row, column], order=1, mode="constant", cval=outside)


def pixel_entropy_field(codec: Codec, area: Area, *, size: int | None = None) -> Field:
    """Pixel entropy, in nats (0 to ln 2), of the images decoded over a rectangle of the plane. It
    is high where the decoder blends several images. All other latents are 0. By default the grid
    is as fine as `_DECODED` values allow, for a map waits for it."""
    x0, x1, y0, y1 = area
    size = size or int(min(96, max(16, np.sqrt(_DECODED / np.prod(codec.info.image_shape)))))
    z = np.zeros((size * size, codec.info.latent), np.float32)
    z[:, 0] = np.tile(x0 + (np.arange(size) + 0.5) * (x1 - x0) / size, size)
    z[:, 1] = np.repeat(y0 + (np.arange(size) + 0.5) * (y1 - y0) / size, size)
    values = pixel_entropy(codec.pixel_means(z))
    return Field(values.reshape(size, size), area)


def pixel_entropy(means: np.ndarray) -> np.ndarray:
    """The entropy of Bernoulli pixels with means [N, C, H, W], in nats, averaged per image [N]."""
    from scipy.special import entr

    return (entr(means) + entr(1 - means)).mean((1, 2, 3))
