"""Paths as files for other programs: animations, contact sheets, tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ..latent import paths
from ..latent.encoding import decode_uint8
from ..latent.paths import Frame, PathOrigin
from ..models.base import Autoencoder
from ..progress import Progress
from .animation import ExportError, check_size, encode_animation
from .contact_sheet import encode_pdf, make_contact_sheet
from .grid import encode_png
from .upscale import enlarge_uint8

# format -> file extension
EXTENSIONS = {
    **{"gif": "gif", "mp4": "mp4", "webp": "webp", "zip": "zip"},
    **{"sheet-png": "png", "sheet-pdf": "pdf", "csv": "csv", "json": "json"},
}
MIN_SIZE, MAX_SIZE = 28, 448  # pixels of an image's height


@dataclass(frozen=True)
class ExportOptions:
    """The format of a file, the height of an image in pixels, the method of enlargement, and the
    speed and `playback` of an animation."""

    format: str
    size: int = 224
    method: str = "refined"
    fps: float = 12.0
    playback: str = "loop"


def export_path(
    model: Autoencoder,
    frames: Sequence[Frame],
    options: ExportOptions,
    origin: PathOrigin,
    *,
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a file with all frames, decoded by the model.

    `progress` is called after every frame, and may raise to cancel. Raises `ExportError` for
    options beyond the limits, before anything is decoded.
    """
    if options.format not in EXTENSIONS:
        known = ", ".join(EXTENSIONS)
        raise ExportError(f"the format is {options.format!r}; expected one of {known}")
    if options.format == "csv":
        return paths.to_csv(frames, model=origin.model, digest=origin.digest).encode()
    if options.format == "json":
        return paths.to_json(frames, origin).encode()
    if not MIN_SIZE <= options.size <= MAX_SIZE:
        raise ExportError(f"the size is {options.size} pixels; expected {MIN_SIZE} to {MAX_SIZE}")
    _, height, width = model.image_shape
    check_size(len(frames), options.size, round(width * options.size / height))
    images = []
    for small in decode_frames(model, frames):
        if progress:
            progress(0, len(frames))
        images.append(enlarge_uint8(small, options.size, options.method))
    if options.format.startswith("sheet"):
        captions = [
            f"{i}: {', '.join(f'{v:.2f}' for v in f.z[:2])}" for i, f in enumerate(frames, 1)
        ]
        title = f"{origin.model} · {origin.kind}"
        sheet = make_contact_sheet(np.stack(images), captions, title=title)
        return encode_pdf([sheet]) if options.format == "sheet-pdf" else encode_png(sheet)
    return encode_animation(
        [image.squeeze(2) if image.shape[2] == 1 else image for image in images],
        options.format,
        fps=options.fps,
        playback=options.playback,
        progress=progress,
    )


def decode_frames(model: Autoencoder, frames: Sequence[Frame]) -> np.ndarray:
    """The frames' images, uint8 [N, H, W, C]."""
    parts = []
    for (label, seed), group in groupby(frames, lambda frame: (frame.label, frame.seed)):
        codes = np.array([frame.z for frame in group])
        parts.append(decode_uint8(model, codes, label=label, seed=seed))
    return np.concatenate(parts)
