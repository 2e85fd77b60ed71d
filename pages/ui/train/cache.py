"""The caches of the Train page: previews of images, snapshots of runs."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae.checkpoint.folder import CONFIG
from vae.config import Config
from vae.data.dataset import evenly_spaced
from vae.isolation import reader
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
    if data.endswith(".zip"):  # may be an upload
        images, labels, validation, class_names = reader.preview(data, size)
    else:
        try:
            found = vae.load_dataset(data, size=size)
        except vae.DataError:
            if data != "fashion-mnist":
                raise
            found = cache.dataset(data, size)  # the bundled subset, as training uses then
        images, labels = found.train
        validation, class_names = len(found.test.images), found.class_names
    tiles = images[evenly_spaced(len(images), 25)].transpose(0, 2, 3, 1)
    counts = np.bincount(labels, minlength=len(class_names))
    named = list(zip(class_names, counts.tolist(), strict=True))
    picture = grid.encode_png(grid.mosaic(tiles, 5))
    return Preview(picture, len(labels), validation, named[:20])


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


def settings_of(run: runs.RunInfo) -> dict:
    """The options of a run; of one that the command line started, what its checkpoint holds."""
    with suppress(OSError, ValueError):
        if not run.plan.options:
            config = Config.from_json(json.loads((run.path / CONFIG).read_bytes()))
            own = {"model": config.model.name, "size": config.model.image_shape[1]}
            return asdict(config.model) | asdict(config.train) | own
    return run.plan.options


def last_point(id: str) -> dict | None:
    """The last point of a run's curve."""
    rows = runs.curve(id)[0]
    return rows[-1] if rows else None
