"""Timelapse of a training: the latent plane coloured by class, next to decoded images."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..pictures.animation import encode_animation
from ..pictures.export_options import ExportError
from ..pictures.grid import mosaic
from ..progress import Progress, no_progress
from . import runs
from .recorder import GRID_SIDE
from .runs import ProbeImages, Snapshot

SIDE = 336  # pixels of the plane, and of the decoded images next to it
_BACKGROUND, _INK = (250, 248, 244), (58, 54, 49)
_HEADER = 30  # pixels of the line with the name and the epoch
# Ten colours of similar lightness (after Glasbey et al. 2007), repeated for more classes.
_HUES = ["#3f51b5", "#03a9f4", "#6a0572", "#808000", "#f28e2b", "#9aa88c", "#7d4f50", "#c2578a",
         "#5b7fe8", "#33310f"]  # fmt: skip


def render(
    ids: Sequence[str], kind: str, *, seconds: float = 8.0, progress: Progress = no_progress
) -> bytes:
    """A GIF or MP4 of one or two runs, side by side at the same epoch, as bytes."""
    if not 1 <= len(ids) <= 2:
        raise ExportError(f"{len(ids)} runs; expected one or two")
    if not 1 <= seconds <= 60:
        raise ExportError(f"{seconds:g} seconds; expected 1 to 60")
    snapshots = [[runs.snapshot(p) for p in runs.snapshots(id)] for id in ids]
    if not all(snapshots):
        raise ExportError("a run has no snapshots; wait until its training has begun")
    probes, names = [runs.probe_images(id) for id in ids], [runs.info(id).name for id in ids]
    epochs = sorted({s.epoch for s in max(snapshots, key=len)})
    frames = []
    for epoch in epochs:
        progress(len(frames), len(epochs))
        nearest = [min(part, key=lambda s: abs(s.epoch - epoch)) for part in snapshots]
        panels = [frame(*panel) for panel in zip(nearest, probes, names, strict=True)]
        frames.append(np.concatenate(panels, 1))
    frames += [frames[-1]] * max(1, len(frames) // 6)  # the last frame is shown longer
    fps = min(60.0, max(0.5, len(frames) / seconds))
    return encode_animation(frames, kind, fps=fps, playback="loop")


def frame(snapshot: Snapshot, probe: ProbeImages, name: str) -> np.ndarray:
    """One snapshot as an image uint8 [H, W, 3]."""
    picture = Image.new("RGB", (2 * SIDE + 24, SIDE + _HEADER + 8), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    draw.text((8, 7), f"{name}   epoch {snapshot.epoch:.1f}", _INK, font)
    left, right, low, high = (float(v) for v in snapshot.window)
    middle = np.array([(left + right) / 2, (low + high) / 2])
    half = 0.55 * max(right - left, high - low, 1e-6)
    at = ((snapshot.plane - middle) / half * [1, -1] + 1) / 2 * SIDE
    for (x, y), label in zip(at, probe.labels, strict=False):
        if 1 < x < SIDE - 1 and 1 < y < SIDE - 1:
            draw.circle((8 + x, _HEADER + y), 1.5, _HUES[int(label) % len(_HUES)])
    draw.rectangle((8, _HEADER, 8 + SIDE, _HEADER + SIDE), outline=(214, 208, 199))
    tiles, across = snapshot.decoded_grid, GRID_SIDE
    if tiles is None:
        tiles, across = snapshot.reconstructions, 3
    decoded = Image.fromarray(mosaic(tiles, across))
    picture.paste(decoded.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (SIDE + 16, _HEADER))
    return np.asarray(picture)
