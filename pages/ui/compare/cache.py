"""Cached results of the Compare page and its lessons."""

import numpy as np
import streamlit as st

from vae import latent
from vae.latent.traversal import Traversal, traverse
from vae.latent.traversal import most_contrasting_pair as find_pair
from vae.pictures import grid

from ..runtime import cache


@st.cache_data(max_entries=64, show_spinner=False)
def central_items(name: str, digest: str) -> list[int | None]:
    data, codes = cache.display_dataset(name, digest), cache.codes(name, digest).mean
    return latent.central_items(codes, data.shown.labels, len(data.class_names))


@st.cache_data(max_entries=16, show_spinner=False)
def most_contrasting_pair(first: tuple[str, str], second: tuple[str, str]) -> tuple[int, int]:
    """The two central items between which two models, each (name, digest), differ most."""
    items = [item for item in central_items(*second) if item is not None]
    sparse, dense = cache.codes(*first).mean, cache.codes(*second).mean
    return find_pair(sparse, dense, items)


@st.cache_data(max_entries=200, show_spinner=False)
def traversal(
    name: str, digest: str, start: int, end: int, frames: int
) -> tuple[Traversal, bytes]:
    """The straight line between two items' codes, and `frames` images on it as one PNG."""
    model, codes = cache.checkpoint(name, digest).model, cache.codes(name, digest).mean
    images = cache.display_dataset(name, digest).shown.images
    path = traverse(model, codes, images, start, end, steps=8 * (frames - 1) + 1)
    strip = grid.mosaic(cache.codec(name, digest).decode(path.codes[::8]), frames, scale=3)
    return path, grid.encode_png(strip)


@st.cache_data(max_entries=64, show_spinner=False)
def decoded_grid(name: str, digest: str, extent: float, side: int) -> bytes:
    """side x side codes over the square from -extent to extent, decoded, as one PNG."""
    axis = np.linspace(-extent, extent, side)
    z1, z2 = np.meshgrid(axis, axis[::-1])
    images = cache.codec(name, digest).decode(np.stack([z1, z2], 2).reshape(-1, 2))
    return grid.encode_png(grid.mosaic(images, side, scale=2))


@st.cache_data(max_entries=200, show_spinner=False)
def posterior_draws(name: str, digest: str, item: int, n: int) -> np.ndarray | None:
    split = cache.display_dataset(name, digest).shown
    model = cache.checkpoint(name, digest).model
    return latent.posterior_samples(model, split.images[item], int(split.labels[item]), n)


@st.cache_data(max_entries=200, show_spinner=False)
def noise_variations(name: str, digest: str, item: int, seeds: int) -> np.ndarray:
    """The code of one item, decoded at zero noise and with the noise seeds 1, 2, ...: images
    [seeds + 1, H, W, C]."""
    z = np.repeat(cache.codes(name, digest).mean[item : item + 1], seeds + 1, axis=0)
    return cache.codec(name, digest).decode(z, seed=range(seeds + 1))
