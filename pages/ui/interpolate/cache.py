"""What the Interpolate page computes once: metrics, and ways as they are walked."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from vae import latent
from vae.latent import geodesics, paths

from ..runtime import cache, routes
from .settings import Way


@st.cache_resource(max_entries=8, show_spinner="Measuring how fast pictures change")
def metric(
    name: str, digest: str, label: int | None, seed: int, guard: bool
) -> tuple[geodesics.Metric, str]:
    """The decoder's metric and the URL of its field: log sqrt det G [side, side]."""
    ck, known = cache.checkpoint(name, digest), cache.codes(name, digest).mean
    # A convolutional decoder is ten times slower: fewer nodes, for some seconds instead of ten.
    side = 40 if ck.config.model.network == "conv" else geodesics.GRID_SIDE
    field = geodesics.Metric(
        geodesics.pixel_means(ck.model, label=label, seed=seed),
        latent.bounds(known),
        penalty=geodesics.density_penalty(known) if guard else None,
        side=side,
    )
    return field, routes.publish(field.log_magnification.values.astype("<f4").tobytes())


class Travel(NamedTuple):
    """A way as it is walked: its curve [S, D], the frames [n, D], rounded as codes are shown, and
    how much the picture changes on it and on the straight line through the same stops."""

    path: np.ndarray
    frames: np.ndarray
    length: float
    straight: float


@st.cache_data(max_entries=400, show_spinner=False)
def travel(name: str, digest: str, way: Way) -> Travel:
    """Walks a way of at least two stops, or a drawn one."""
    model = cache.checkpoint(name, digest).model
    decode = geodesics.pixel_means(model, label=way.label, seed=way.seed)
    stops = np.array(way.stroke if way.kind == "drawn" else way.stops)
    if way.kind == "geodesic":
        field, _ = metric(name, digest, way.label, way.seed, way.guard)
        path = paths.geodesic(stops, field)
    elif way.kind == "drawn":
        x0, x1, y0, y1 = latent.bounds(cache.codes(name, digest).mean)
        path = paths.drawn(stops, tolerance=0.006 * min(x1 - x0, y1 - y0))
        stops = stops[[0, -1]]
    else:
        path = paths.spherical(stops) if way.kind == "spherical" else paths.straight(stops)
    found = paths.frames(path, way.frames, spacing=way.spacing, decode=decode).round(4) + 0.0
    return Travel(
        path,
        found,
        geodesics.pixel_length(decode, path),
        geodesics.pixel_length(decode, stops),
    )
