"""Caches of the region panel. Keys are names, digests and corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from vae.analysis import regions
from vae.data import selection
from vae.latent import sampling
from vae.pictures import grid

from ..generate import cache as generate_cache
from ..runtime import cache
from ..runtime.location import Items, Pin, Polygon
from . import items

if TYPE_CHECKING:
    import plotly.graph_objects as go

N_SHOWN = 24
_COLUMNS = 6
_N_SAMPLES = 256  # for the mean and the standard deviation
_TILE, _SIZE = 84, 168  # approximate heights in pixels of an enlarged sample and mean
_WHITE = 0.5  # standard deviation that is shown as white


class ImageStats(NamedTuple):
    """Statistics of a set of images: the mean and the pixel-wise standard deviation as PNG, and
    the variance averaged over the pixels."""

    count: int
    mean: bytes
    std: bytes
    variance: float


class RegionSamples(NamedTuple):
    """Samples from a region: codes [n, D], a PNG of the first `N_SHOWN`, and their statistics."""

    z: np.ndarray
    sheet: bytes
    stats: ImageStats


@st.cache_data(max_entries=64, show_spinner=False)
def counts_and_stats(
    name: str, digest: str, region: Polygon, shown: Items
) -> tuple[np.ndarray, ImageStats | None]:
    """The number of shown images of each category [K] in a region and their statistics, None for
    an empty region."""
    found, column = (
        items.members(name, digest, region, shown),
        items.categories(name, digest, shown),
    )
    images = selection.split_of(cache.display_dataset(name, digest), found.index).images
    counts = found.counts
    if column is not None:
        counts = np.bincount(column.kinds[found.index], minlength=len(column.names))
    return counts, _stats(images) if len(images) else None


@st.cache_resource(max_entries=64, show_spinner=False)
def counts_chart(name: str, digest: str, region: Polygon, shown: Items) -> go.Figure:
    """The counts as a bar chart, cached because Plotly takes 20 ms to build it."""
    from .figures import counts_figure  # imports plotly, which the first screen does not need

    counts, _ = counts_and_stats(name, digest, region, shown)
    column = items.categories(name, digest, shown)
    classes = cache.display_dataset(name, digest).class_names
    return counts_figure(counts, classes if column is None else column.names)


@st.cache_data(max_entries=64, show_spinner="Sampling the region")
def region_samples(
    name: str, digest: str, region: Polygon, label: int | None, noise_seed: int, seed: int
) -> RegionSamples | None:
    """Samples of the aggregate posterior in a region, decoded with the map's condition or noise
    seed. None where the posterior has almost no mass."""
    request = sampling.SamplingRequest("inside", _N_SAMPLES, seed, label=label, polygon=region)
    try:
        found = generate_cache.samples(name, digest, request)
    except sampling.SamplingError:
        return None
    pins = tuple(Pin(tuple(map(float, z)), label, noise_seed) for z in found.z)
    images = cache.decoded_images(name, digest, pins)
    scale = max(1, round(_TILE / images.shape[1]))
    sheet = grid.encode_png(grid.mosaic(images[:N_SHOWN], _COLUMNS, scale=scale))
    return RegionSamples(found.z, sheet, _stats(images.transpose(0, 3, 1, 2)))


def _stats(images: np.ndarray) -> ImageStats:
    """Of uint8 images [n, C, H, W]."""
    moments = regions.moments(images)
    std = _png(np.sqrt(moments.variance) / _WHITE)
    return ImageStats(len(images), _png(moments.mean), std, float(moments.variance.mean()))


def _png(values: np.ndarray) -> bytes:
    """Of values [C, H, W] in [0, 1], enlarged without interpolation."""
    image = (values * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return grid.encode_png(grid.mosaic(image[None], 1, scale=max(1, round(_SIZE / len(image)))))
