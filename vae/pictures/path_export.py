"""Paths as files for other programs: animations, contact sheets, tables."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from ..latent import paths
from ..latent.encoding import decode_uint8
from ..latent.paths import Frame, PathOrigin
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from .animation import check_size, encode_animation
from .contact_sheet import encode_sheet, make_contact_sheet
from .export_options import ExportOptions, check_choice, check_height
from .upscale import enlarge_uint8

# format -> file extension
EXTENSIONS = {
    **{"gif": "gif", "mp4": "mp4", "webp": "webp", "zip": "zip"},
    **{"sheet-png": "png", "sheet-pdf": "pdf", "csv": "csv", "json": "json"},
}
MAX_SIZE = 448  # pixels of an image's height


def export_path(
    model: Autoencoder,
    frames: Sequence[Frame],
    options: ExportOptions,
    origin: PathOrigin,
    *,
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a file with all frames, decoded by the model.

    `progress` counts frames, half when enlarged and half when encoded; it may raise to cancel.
    Raises `ExportError` for options beyond the limits, before anything is decoded.
    """
    check_choice("format", options.format, EXTENSIONS)
    if options.format == "csv":
        return paths.to_csv(frames, model=origin.model, digest=origin.digest).encode()
    if options.format == "json":
        return paths.to_json(frames, origin).encode()
    check_height(options.size, MAX_SIZE)
    _, height, width = model.image_shape
    check_size(len(frames), options.size, round(width * options.size / height))
    is_sheet, count, images = options.format.startswith("sheet"), len(frames), []
    (progress := progress or no_progress)(0, count)
    for small in decode_frames(model, frames):
        images.append(enlarge_uint8(small, options.size, options.method))
        progress(len(images) if is_sheet else len(images) // 2, count)
    if is_sheet:
        captions = [
            f"{i}: {', '.join(f'{v:.2f}' for v in f.z[:2])}" for i, f in enumerate(frames, 1)
        ]
        title = f"{origin.model} · {origin.kind}"
        sheet = make_contact_sheet(np.stack(images), captions, title=title)
        return encode_sheet(sheet, options.format)
    flat = [image.squeeze(2) if image.shape[2] == 1 else image for image in images]
    speed = {"fps": options.fps, "playback": options.playback}

    def encoded(done: int, of: int) -> None:  # ping-pong encodes more frames than there are
        progress((count + done * count // of) // 2, count)

    return encode_animation(flat, options.format, **speed, progress=encoded)


def decode_frames(model: Autoencoder, frames: Sequence[Frame]) -> np.ndarray:
    """The frames' images, uint8 [N, H, W, C]."""
    parts = []
    for (label, seed), group in groupby(frames, lambda frame: (frame.label, frame.seed)):
        codes = np.array([frame.z for frame in group])
        parts.append(decode_uint8(model, codes, label=label, seed=seed))
    return np.concatenate(parts)
