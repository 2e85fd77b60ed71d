"""Ways as files that other tools open: films, contact sheets, tables; every frame decoded here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ..latent import paths
from ..latent.encoding import decode_uint8
from ..latent.paths import Frame
from ..models.base import Autoencoder
from . import animation, contact_sheet
from .animation import ExportError
from .upscale import as_bytes

# format -> the suffix of its files
SUFFIXES = {
    "gif": "gif",
    "mp4": "mp4",
    "webp": "webp",
    "zip": "zip",
    "sheet-png": "png",
    "sheet-pdf": "pdf",
    "csv": "csv",
    "json": "json",
}
SMALLEST, LARGEST = 28, 448  # pixels of a picture's height


@dataclass(frozen=True)
class Recipe:
    """What file is wanted: its format, a picture's height, how it is enlarged, how it plays."""

    format: str
    size: int = 224
    how: str = "refined"
    fps: float = 12.0
    order: str = "loop"


@dataclass(frozen=True)
class Origin:
    """Where a way comes from: the model with its digest, the kind of way, the frames' spacing,
    the codes between which it leads (of a drawn way, its stroke), and whether it was kept away
    from empty places."""

    model: str
    digest: str
    kind: str
    spacing: str
    stops: tuple[tuple[float, ...], ...] = ()
    guard: bool = True


def make(
    model: Autoencoder,
    path: Sequence[Frame],
    recipe: Recipe,
    origin: Origin,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """The bytes of one file. `progress(done, of)` hears of every frame; what it raises ends the
    work. Raises `ExportError` for what is beyond the limits, before anything is decoded."""
    if recipe.format not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise ExportError(f"the format is {recipe.format!r}; expected one of {known}")
    if recipe.format == "csv":
        return paths.to_csv(path, model=origin.model, digest=origin.digest).encode()
    if recipe.format == "json":
        return paths.to_json(path, **vars(origin)).encode()
    if not SMALLEST <= recipe.size <= LARGEST:
        raise ExportError(f"the size is {recipe.size} pixels; expected {SMALLEST} to {LARGEST}")
    _, height, width = model.image_shape
    animation.check(len(path), recipe.size, round(width * recipe.size / height))
    heard = progress or (lambda done, of: None)
    pictures = []
    for small in pictures_of(model, path):
        heard(0, len(path))
        pictures.append(as_bytes(small, recipe.size, recipe.how))
    if recipe.format.startswith("sheet"):
        words = [f"{i}: {', '.join(f'{v:.2f}' for v in f.z[:2])}" for i, f in enumerate(path, 1)]
        title = f"{origin.model} · {origin.kind}"
        page = contact_sheet.contact_sheet(np.stack(pictures), words, title=title)
        return (
            contact_sheet.png_bytes(page)
            if recipe.format == "sheet-png"
            else contact_sheet.pdf_bytes([page])
        )
    frames = [p[..., 0] if p.shape[2] == 1 else p for p in pictures]
    return animation.film(
        frames, recipe.format, fps=recipe.fps, order=recipe.order, progress=progress
    )


def pictures_of(model: Autoencoder, path: Sequence[Frame]) -> np.ndarray:
    """The frames as torch decodes them, uint8 [N, H, W, C]."""
    parts = []
    for (label, seed), group in groupby(path, lambda frame: (frame.label, frame.seed)):
        codes = np.array([frame.z for frame in group])
        parts.append(decode_uint8(model, codes, label=label, seed=seed))
    return np.concatenate(parts)
