"""Decoded images as pictures that people open: sheets and strips of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.utils import make_grid

from ..files import atomic


def sheet(images: Tensor, *, columns: int | None = None, gap: int = 2, scale: int = 1) -> Tensor:
    """Images `[B, C, H, W]` in [0, 1] as one uint8 sheet `[3, H', W']`, nearest upscaling."""
    columns = columns or max(1, round(len(images) ** 0.5))
    large = images.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    grid = make_grid(large, nrow=columns, padding=gap, pad_value=1.0)
    return (grid * 255).round().clamp(0, 255).to(torch.uint8)


def mosaic(pictures: np.ndarray, columns: int, *, scale: int = 1) -> np.ndarray:
    """uint8 pictures [B, H, W, C], B a multiple of `columns`, side by side without a gap as one
    [H', W', 3], row by row, nearest upscaling."""
    count, height, width, channels = pictures.shape
    rows = pictures.reshape(count // columns, columns, height, width, channels)
    flat = rows.transpose(0, 2, 1, 3, 4).reshape(-1, columns * width, channels)
    large = flat.repeat(scale, 0).repeat(scale, 1)
    return large.repeat(3, 2) if channels == 1 else large[..., :3]


def png(picture: np.ndarray) -> bytes:
    """A uint8 picture [H, W, 3] as the bytes of a PNG file."""
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(picture).save(target, "PNG")
    return target.getvalue()


def save_png(picture: Tensor, path: str | Path) -> None:
    """Writes a uint8 picture `[3, H, W]` as a PNG file."""
    save(png(picture.permute(1, 2, 0).numpy()), path)


def save(data: bytes, path: str | Path) -> None:
    """Writes a file whole, and the folders above it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, data)


def heated(pictures: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """uint8 pictures [N, C, H, W] in half their light under `heat` [N, H, W], clear at 0 and full
    colour from 1 on, as [N, 3, H, W]."""
    ground = pictures.mean(1, keepdims=True) * 0.5
    share = np.clip(heat, 0, 1)[:, None]
    # From red over orange to pale yellow: lighter as it grows, so also without seeing colours.
    stops = np.array([[120, 20, 40], [240, 110, 30], [255, 240, 170]], np.float64)
    place = np.clip(heat, 0, 1)[..., None] * (len(stops) - 1)
    low = np.minimum(place.astype(int), len(stops) - 2)
    colour = stops[low[..., 0]] + (place - low) * (stops[low[..., 0] + 1] - stops[low[..., 0]])
    mixed = ground * (1 - share) + colour.transpose(0, 3, 1, 2) * share
    return mixed.round().astype(np.uint8)
