"""Caches of what a region of a model's map holds. Keys are names, digests and corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from vae.analysis import regions
from vae.latent import sampling
from vae.pictures import grid

from ..runtime import cache
from ..runtime.location import Pin, Polygon

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHOWN = 24
_COLUMNS = 6
_DRAWN = 256  # samples that the mean and the spread are taken over
_SIDE = 168  # pixels that a picture's height is enlarged to, about


class Look(NamedTuple):
    """Pictures seen together: their number, mean and standard deviation as PNG, the latter with
    0.5 of full brightness as white, and the `variance` averaged over the pixels."""

    count: int
    mean: bytes
    spread: bytes
    variance: float


class Drawn(NamedTuple):
    """Samples from inside: codes [n, D], the first `SHOWN` as one PNG, all of them together."""

    z: np.ndarray
    sheet: bytes
    look: Look


def members(name: str, digest: str, region: Polygon, hidden: tuple[int, ...]) -> regions.Members:
    """The test images inside, but for those of hidden classes."""
    data = cache.shown(name, digest)
    codes = cache.codes(name, digest).mean
    return regions.members(codes, data.test.labels, data.class_names, region, exclude=hidden)


@st.cache_data(max_entries=64, show_spinner=False)
def counts_and_look(
    name: str, digest: str, region: Polygon, hidden: tuple[int, ...]
) -> tuple[np.ndarray, Look | None]:
    """How many test images of each class [K] are inside, and how they look; None without any."""
    found = members(name, digest, region, hidden)
    pictures = cache.shown(name, digest).test.images[found.index]
    return found.counts, _look(pictures) if len(pictures) else None


@st.cache_resource(max_entries=64, show_spinner=False)
def bars(name: str, digest: str, region: Polygon, hidden: tuple[int, ...]) -> go.Figure:
    """The counts as bars. Kept, because Plotly takes 20 ms to build a figure: too long to wait
    for at each step on the map."""
    from .figures import counts_figure  # and plotly with it, which the first screen does not need

    counts, _ = counts_and_look(name, digest, region, hidden)
    return counts_figure(counts, cache.shown(name, digest).class_names)


@st.cache_data(max_entries=64, show_spinner="Drawing samples from inside")
def drawn(
    name: str, digest: str, region: Polygon, label: int | None, detail: int, seed: int
) -> Drawn | None:
    """Samples of the aggregate posterior inside a region, decoded as the map decodes: told a
    label, or with a detail seed. None where the posterior hardly reaches."""
    model = cache.checkpoint(name, digest).model
    asked = sampling.SamplingRequest("inside", _DRAWN, seed, label=label, polygon=region)
    try:
        found = sampling.sample(
            model,
            asked,
            codes=cache.codes(name, digest),
            labels=cache.shown(name, digest).test.labels,
            density=cache.ground(name, digest),
            aggregate=cache.aggregate_posterior(name, digest),
        )
    except sampling.SamplingError:
        return None
    pins = tuple(Pin(tuple(map(float, z)), label, detail) for z in found.z)
    made = cache.pictures(name, digest, pins)
    few = made[:SHOWN]
    room = np.zeros((-len(few) % _COLUMNS, *made.shape[1:]), np.uint8)
    sheet = grid.mosaic(np.concatenate([few, room]), _COLUMNS, scale=_scale(made.shape[1], 84))
    return Drawn(found.z, grid.png(sheet), _look(made.transpose(0, 3, 1, 2)))


def _look(pictures: np.ndarray) -> Look:
    """Of uint8 pictures [n, C, H, W]."""
    found = regions.moments(pictures)
    spread = np.sqrt(found.variance) / 0.5
    return Look(len(pictures), _png(found.mean), _png(spread), float(found.variance.mean()))


def _png(values: np.ndarray) -> bytes:
    """Of values [C, H, W] in [0, 1], each pixel a square."""
    picture = (values * 255).round().astype(np.uint8).transpose(1, 2, 0)
    return grid.png(grid.mosaic(picture[None], 1, scale=_scale(len(picture), _SIDE)))


def _scale(height: int, wanted: int) -> int:
    return max(1, round(wanted / height))
