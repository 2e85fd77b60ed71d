"""The caches of the Train page: previews of images, snapshots of runs."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from vae.checkpoint.folder import CONFIG
from vae.config import Config, Preparation
from vae.data.load import bundled_equivalent, local_folder
from vae.data.preview import preview as read_preview
from vae.data.upload_store import is_upload
from vae.isolation import reader
from vae.pictures import grid
from vae.training import runs
from vae.training.recorder import PROBE_IMAGES

from ..runtime import cache, routes


class Shown(NamedTuple):
    """A data set before training: some of its images as a PNG, beside their originals where it is
    of picture files; the sizes of its splits, the number of training images per class, and what
    `vae.data.preview` says of the preparation and of files that were not read."""

    picture: bytes
    paired: bool
    count: int
    validation: int
    classes: list[tuple[str, int]]
    preparation: Preparation
    summary: str
    lines: tuple[str, ...]
    unread: str


@st.cache_data(max_entries=16, show_spinner="Reading the images")
def preview(data: str, size: str, wanted: dict) -> Shown:
    """Raises `DataError` for images that cannot be read."""
    name = data
    if data == "fashion-mnist" and not local_folder(data):
        name = bundled_equivalent(data)  # as training uses then
    read = reader.preview if is_upload(data) else read_preview
    found = read(name, size, wanted)
    counts = np.bincount(found.labels, minlength=len(found.class_names))
    named = list(zip(found.class_names, counts.tolist(), strict=True))
    paired = len(found.originals) > 0
    picture = grid.encode_png(grid.mosaic(found.pairs(), 4 if paired else 8))
    how = Preparation(**found.preparation)
    return Shown(
        picture, paired, len(found.labels), found.test_count, named, how, found.summary,
        found.lines, found.unread,
    )  # fmt: skip


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
