"""What the Train page computes once: previews of images, snapshots of runs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae.pictures import grid
from vae.training import runs

from ..runtime import cache, routes


class Preview(NamedTuple):
    """What is shown of images before a training: 25 of them (as a PNG), how many there are, and of
    what."""

    picture: bytes
    count: int
    held_out: int
    classes: list[tuple[str, int]]


@st.cache_data(max_entries=16, show_spinner="Reading the images")
def preview(data: str, size: int) -> Preview:
    """Raises `DataError` for images that cannot be read."""
    try:
        found = vae.load_dataset(data, size=size)
    except vae.DataError:
        if data != "fashion-mnist":
            raise
        found = cache.dataset(data, size)  # what a training takes where the full set is not here
    images_ = found.train.images
    some = images_[np.linspace(0, len(images_) - 1, 25).round().astype(int)]
    tiles = np.ascontiguousarray(some.transpose(0, 2, 3, 1))
    counts = np.bincount(found.train.labels, minlength=len(found.class_names))
    named = list(zip(found.class_names, counts.tolist(), strict=True))
    picture = grid.encode_png(grid.mosaic(tiles, 5))
    return Preview(picture, len(images_), len(found.test.images), named[:20])


def run_eyes(id: str) -> dict | None:
    """The eight images that a run looks at, and its items' labels and class names."""
    path = runs.path_of(id) / "run" / "eyes.npz"
    return _run_eyes(id, path.stat().st_mtime_ns) if path.exists() else None


@st.cache_data(max_entries=64, show_spinner=False)
def _run_eyes(id: str, stamp: int) -> dict:
    seen = runs.probe_images(id)
    url = _strip(seen.images.transpose(0, 2, 3, 1))
    return {"url": url, "labels": seen.labels.tolist(), "names": list(seen.names)}


def run_snapshot(path: Path) -> dict | None:
    """URLs of what a snapshot shows; None for one that was thinned away or is damaged."""
    try:
        return _run_snapshot(str(path), path.stat().st_mtime_ns)
    except (OSError, runs.RunError):
        return None


@st.cache_data(max_entries=2000, show_spinner=False)
def _run_snapshot(path: str, stamp: int) -> dict:
    seen = runs.snapshot(Path(path))
    lattice = seen.decoded_grid
    places = None
    if lattice is not None:
        side = round(len(lattice) ** 0.5)
        places = routes.publish(grid.encode_png(grid.mosaic(lattice, side)), "image/png")
    return {
        "step": seen.step,
        "epoch": seen.epoch,
        "window": seen.window.tolist(),
        "plane": routes.publish(np.ascontiguousarray(seen.plane, "<f4").tobytes()),
        "lattice": places,
        "eyes": _strip(seen.reconstructions),
    }


def _strip(pictures: np.ndarray) -> str:
    """uint8 [N, H, W, C] in one row, published."""
    tiles = np.ascontiguousarray(pictures)
    return routes.publish(grid.encode_png(grid.mosaic(tiles, len(tiles))), "image/png")


def last_point(id: str) -> dict | None:
    """The last point of a run's curve."""
    rows = runs.curve(id)[0]
    return rows[-1] if rows else None
