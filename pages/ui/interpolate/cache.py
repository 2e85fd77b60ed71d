"""Caches of the Interpolate page: the decoder's metric, sampled paths and typical items."""

import json
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from vae import latent
from vae.latent import geodesics, paths
from vae.latent.classes import typical_items

from ..runtime import cache, routes
from .settings import PathSettings

_CNN_SIDE = 40  # grid nodes per side for a CNN decoder, which is ten times slower than an MLP


@st.cache_resource(max_entries=8, show_spinner="Computing the metric of the decoder")
def metric(
    name: str, digest: str, label: int | None, seed: int, guard: bool
) -> tuple[geodesics.Metric, str]:
    """The pullback metric of the decoder and the URL of log sqrt(det G) [side, side]."""
    ck, codes = cache.checkpoint(name, digest), cache.codes(name, digest).mean
    field = geodesics.Metric(
        geodesics.pixel_means(ck.model, label=label, seed=seed),
        latent.bounds(codes),
        penalty=geodesics.density_penalty(codes) if guard else None,
        side=_CNN_SIDE if ck.config.model.network != "mlp" else geodesics.GRID_SIDE,
    )
    _computed().add((digest, label, seed, guard))
    return field, routes.publish(field.log_magnification.values.astype("<f4").tobytes())


@st.cache_resource(show_spinner=False)
def _computed() -> set[tuple[str, int | None, int, bool]]:
    """What the metric was computed for."""
    return set()


def metric_is_ready(digest: str, label: int | None, seed: int, guard: bool) -> bool:
    """Whether a geodesic can be shown at once; computing the metric takes up to half a minute."""
    return (digest, label, seed, guard) in _computed()


class SampledPath(NamedTuple):
    """A path with its frames: the `curve` [S, D], the `frames` [n, D] rounded as codes are shown,
    and the length in pixel space of the path and of the straight line through its waypoints."""

    curve: np.ndarray
    frames: np.ndarray
    length: float
    straight_length: float


def sample_path(name: str, digest: str, path: PathSettings) -> SampledPath:
    """Samples a path of two or more waypoints, or a drawn one."""
    return _sampled(name, digest, replace(path, layers=(), fps=1.0, playback="once"))


@st.cache_data(max_entries=400, show_spinner=False)
def _sampled(name: str, digest: str, path: PathSettings) -> SampledPath:
    model = cache.checkpoint(name, digest).model
    decode = geodesics.pixel_means(model, label=path.label, seed=path.seed)
    points = np.array(path.stroke if path.kind == "drawn" else path.waypoints)
    if path.kind == "geodesic":
        field, _ = metric(name, digest, path.label, path.seed, path.avoid_low_density)
        curve = paths.geodesic_path(points, field)
    elif path.kind == "drawn":
        x0, x1, y0, y1 = latent.bounds(cache.codes(name, digest).mean)
        curve = paths.smooth_stroke(points, tolerance=0.006 * min(x1 - x0, y1 - y0))
        points = points[[0, -1]]
    else:
        curve = paths.spherical_path(points) if path.kind == "spherical" else points
    place = {"spacing": path.spacing, "decode": decode, "waypoints": points}
    frames = paths.place_frames(curve, path.frames, **place)
    lengths = [geodesics.pixel_length(decode, line) for line in (curve, points)]
    return SampledPath(curve, frames.round(4) + 0.0, *lengths)


def typical_url(name: str, digest: str) -> str:
    """The URL of the numbers of typical items of each class, as JSON."""
    return routes.publish_deferred(f"typical {name} {digest}", partial(_typical, name, digest))


@st.cache_resource(max_entries=16, show_spinner=False)
def _typical(name: str, digest: str) -> bytes:
    data, codec = cache.display_dataset(name, digest), cache.codec(name, digest)
    conditional = bool(cache.space(name, digest).labels)

    def reconstruct(codes: np.ndarray, label: int) -> np.ndarray:
        return codec.decode(codes, label=label if conditional else None)

    found = typical_items(
        cache.codes(name, digest).mean,
        data.shown.labels,
        data.shown.images,
        reconstruct=reconstruct,
        classes=len(data.class_names),
    )
    return json.dumps(found).encode()
