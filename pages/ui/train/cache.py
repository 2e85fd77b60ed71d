"""The caches of the Train page: previews of images, snapshots of runs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae.pictures import grid
from vae.training import runs
from vae.training.recorder import PROBE_IMAGES

from ..runtime import cache, routes


class Preview(NamedTuple):
    """A data set before training: 25 of its images as a PNG, the sizes of its splits, and the
    number of training images per class."""

    picture: bytes
    count: int
    validation: int
    classes: list[tuple[str, int]]


@st.cache_data(max_entries=16, show_spinner="Reading the images")
def preview(data: str, size: int) -> Preview:
    """Raises `DataError` for images that cannot be read."""
    try:
        found = vae.load_dataset(data, size=size)
    except vae.DataError:
        if data != "fashion-mnist":
            raise
        found = cache.dataset(data, size)  # the bundled subset, as training uses then
    images = found.train.images
    some = images[np.linspace(0, len(images) - 1, 25).round().astype(int)].transpose(0, 2, 3, 1)
    counts = np.bincount(found.train.labels, minlength=len(found.class_names))
    named = list(zip(found.class_names, counts.tolist(), strict=True))
    picture = grid.encode_png(grid.mosaic(some, 5))
    return Preview(picture, len(images), len(found.test.images), named[:20])


def probe_images(id: str) -> dict | None:
    """The eight images that a run reconstructs, and its items' labels and class names."""
    path = runs.path_of(id) / "run" / PROBE_IMAGES
    return _probe_images(id, path.stat().st_mtime_ns) if path.exists() else None


@st.cache_data(max_entries=64, show_spinner=False)
def _probe_images(id: str, stamp: int) -> dict:
    found = runs.probe_images(id)
    url = cache.publish_mosaic(found.images.transpose(0, 2, 3, 1), len(found.images))
    return {"url": url, "labels": found.labels.tolist(), "names": list(found.names)}


def snapshot(path: Path) -> dict | None:
    """URLs of the parts of a snapshot; None for one that was deleted meanwhile or is damaged."""
    try:
        return _snapshot(str(path), path.stat().st_mtime_ns)
    except (OSError, runs.RunError):
        return None


@st.cache_data(max_entries=2000, show_spinner=False)
def _snapshot(path: str, stamp: int) -> dict:
    found = runs.snapshot(Path(path))
    decoded, rebuilt, decoded_url = found.decoded_grid, found.reconstructions, None
    if decoded is not None:
        decoded_url = cache.publish_mosaic(decoded, round(len(decoded) ** 0.5))
    return {
        "step": found.step,
        "epoch": found.epoch,
        "window": found.window.tolist(),
        "plane": routes.publish(np.ascontiguousarray(found.plane, "<f4").tobytes()),
        "decodedGrid": decoded_url,
        "reconstructions": cache.publish_mosaic(rebuilt, len(rebuilt)),
    }


def last_point(id: str) -> dict | None:
    """The last point of a run's curve."""
    rows = runs.curve(id)[0]
    return rows[-1] if rows else None
