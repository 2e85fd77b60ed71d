"""Images side by side, heatmaps over images, and PNG encoding."""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

# From red over orange to pale yellow: lightness grows with the value, also without seeing colours.
_HEAT_COLOURS = np.array([[120, 20, 40], [240, 110, 30], [255, 240, 170]], np.float64)


def image_grid(images: Tensor, *, scale: int = 1) -> Tensor:
    """Images [B, C, H, W] in [0, 1] as one uint8 image [3, H', W'] with white gaps, about
    square, scaled by pixel repetition."""
    from torchvision.utils import make_grid

    large = images.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    columns = max(1, round(len(images) ** 0.5))
    grid = make_grid(large, nrow=columns, padding=2, pad_value=1.0)
    return (grid * 255).round().clamp(0, 255).to(torch.uint8)


def mosaic(images: np.ndarray, columns: int, *, scale: int = 1) -> np.ndarray:
    """uint8 images [B, H, W, C] without gaps, row by row, as one [H', W', 3 or 4], scaled by pixel
    repetition; an incomplete last row is filled with black."""
    count, height, width, channels = images.shape
    rows = max(1, -(-count // columns))
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count] = images
    flat = cells.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    flat = flat.reshape(rows * height, columns * width, channels)
    large = flat.repeat(scale, 0).repeat(scale, 1)
    return large.repeat(3, 2) if channels == 1 else large


def encode_png(image: np.ndarray | Image.Image) -> bytes:
    """A uint8 image [H, W] or [H, W, C], C of 1, 3 or 4, or a Pillow image, as a PNG file's
    bytes."""
    target, pixels = io.BytesIO(), np.asarray(image)
    pixels = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


def overlay_heatmap(images: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """uint8 images [N, C, H, W], dimmed by half, under heatmaps [N, H, W] that are transparent at
    0 and opaque from 1 on, as [N, 3, H, W]."""
    dimmed = images.mean(1, keepdims=True) * 0.5
    heat, stops = np.clip(heatmaps, 0, 1), np.linspace(0, 1, len(_HEAT_COLOURS))
    colour = np.stack([np.interp(heat, stops, channel) for channel in _HEAT_COLOURS.T], 1)
    opacity = heat[:, None]
    return (dimmed * (1 - opacity) + colour * opacity).round().astype(np.uint8)
