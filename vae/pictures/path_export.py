"""Paths as files for other programs: animations, contact sheets, tables."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from ..latent import paths
from ..latent.encoding import decode_uint8
from ..latent.paths import Frame, PathOrigin
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from .animation import check_size, encode_animation
from .contact_sheet import Card, Look, contact_sheet
from .cut_out import cut_out, has_ground, over
from .export_options import ExportError, ExportOptions, check_choice, check_height
from .upscale import enlarge_each

# format -> file extension
EXTENSIONS = {
    **{"gif": "gif", "mp4": "mp4", "webp": "webp", "zip": "zip"},
    **{"sheet-png": "png", "sheet-pdf": "pdf", "csv": "csv", "json": "json"},
}
MAX_SIZE = 448  # pixels of an image's height
_SHEET_COLUMNS = 6


def export_path(
    model: Autoencoder,
    frames: Sequence[Frame],
    options: ExportOptions,
    origin: PathOrigin,
    *,
    head: Look | None = None,
    kinds: Sequence[str] = (),
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a file with all frames, decoded by the model.

    A contact sheet has a `head`, and says of each frame its class, of `kinds`. `progress` counts
    frames, half when enlarged and half when encoded; it may raise to cancel. Raises `ExportError`
    for options beyond the limits, before anything is decoded.
    """
    check_choice("format", options.format, EXTENSIONS)
    if options.format == "csv":
        return paths.to_csv(frames, model=origin.model, digest=origin.digest).encode()
    if options.format == "json":
        return paths.to_json(frames, origin).encode()
    check_height(options.size, MAX_SIZE)
    _, height, width = model.image_shape
    check_size(len(frames), options.size, round(width * options.size / height))
    ground = _colour(options.ground) if options.ground else None
    is_sheet, count, images = options.format.startswith("sheet"), len(frames), []
    (progress := progress or no_progress)(0, count)
    for image in enlarge_each(decode_frames(model, frames), options.size, options.method):
        if ground is not None and has_ground(image):
            cut = cut_out(image, scale=options.size / height, choke=options.choke)
            image = over(cut, ground)
        images.append(image)
        progress(len(images) if is_sheet else len(images) // 2, count)
    if is_sheet:
        head = head or Look(f"{origin.model}, {origin.kind} path", f"{count} frames")
        look = replace(head, columns=_SHEET_COLUMNS, paper=options.paper)
        return contact_sheet(_cards(images, frames, kinds), look, options.format)
    if len({image.shape[2] for image in images}) > 1:  # a frame without a ground of one colour
        images = [np.broadcast_to(image, (*image.shape[:2], 3)) for image in images]
    flat = [image.squeeze(2) if image.shape[2] == 1 else image for image in images]
    speed = {"fps": options.fps, "playback": options.playback}

    def encoded(done: int, of: int) -> None:  # ping-pong encodes more frames than there are
        progress((count + done * count // of) // 2, count)

    return encode_animation(flat, options.format, **speed, progress=encoded)


def _cards(
    images: Sequence[np.ndarray], frames: Sequence[Frame], kinds: Sequence[str]
) -> list[Card]:
    kinds = kinds or [""] * len(frames)
    return [
        Card(
            image,
            f"{number} · {kind}" if kind else f"{number}",
            f"z {', '.join(f'{v:.2f}' for v in frame.z[:2])}{'…' if len(frame.z) > 2 else ''}",
        )
        for number, (image, frame, kind) in enumerate(zip(images, frames, kinds, strict=True), 1)
    ]


def _colour(text: str) -> tuple[int, int, int]:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ExportError(f"the ground is {text!r}; expected a colour as #rrggbb")
    return tuple(bytes.fromhex(text[1:]))


def decode_frames(model: Autoencoder, frames: Sequence[Frame]) -> np.ndarray:
    """The frames' images, uint8 [N, H, W, C]."""
    parts = []
    for (label, seed), group in groupby(frames, lambda frame: (frame.label, frame.seed)):
        codes = np.array([frame.z for frame in group])
        parts.append(decode_uint8(model, codes, label=label, seed=seed))
    return np.concatenate(parts)
