"""Larger pictures that stay true: averaged back to 28 pixels they are the decoder's own.

Lanczos resampling alone lowers contrast and changes every value. Iterative back-projection (Irani
and Peleg 1991, https://doi.org/10.1016/1049-9652(91)90045-L) puts back what is missing: the
difference between the picture and the shrunk enlargement is enlarged too and added, until nothing
is left of it. Where light lies within a pixel is decided by Lanczos alone ("smooth") or by a small
network that has seen many edges ("refined").
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import AtelierError
from . import super_resolution

HOW = ("refined", "smooth", "nearest")
LARGEST = 1024
CONSISTENT = 1e-4  # largest difference of any pixel after averaging back
_ROUNDS = 8
_LOBES = 3  # of the Lanczos kernel


class UpscaleError(AtelierError):
    """A size that cannot be: one sentence with what came and what was expected."""


def enlarge(images: np.ndarray, size: int, how: str = "smooth") -> np.ndarray:
    """float32 images [N, C, H, W] in [0, 1] with the height `size`, [N, C, size, W'].

    `smooth` and `refined` average back to the original within `CONSISTENT` a pixel where `size`
    is a whole multiple of H; another size is taken from the next multiple, antialiased, a smaller
    one from the averages of areas. `nearest` keeps the pixels as squares.
    """
    if how not in HOW:
        raise UpscaleError(f"the way to enlarge is {how!r}; expected one of {', '.join(HOW)}")
    height, width = images.shape[2:]
    if not 1 <= size <= LARGEST:
        raise UpscaleError(f"the size is {size} pixels; expected 1 to {LARGEST}")
    full = (size, max(1, round(width * size / height)))
    x = torch.as_tensor(images, dtype=torch.float32)
    if how == "nearest":
        return F.interpolate(x, full, mode="nearest-exact").numpy()
    if size <= height:
        return F.interpolate(x, full, mode="area").numpy() if size < height else x.numpy()
    scale = -(-size // height)
    # The network's parts are small enough to stay in a processor's cache.
    make, at_once = (_refined, 8) if how == "refined" else (_smooth, 64)
    large = torch.cat([make(part, scale) for part in x.split(at_once)])
    if scale * height != size:
        large = F.interpolate(large, full, mode="bicubic", antialias=True).clamp(0, 1)
    return large.numpy()


def as_bytes(picture: np.ndarray, size: int, how: str = "smooth") -> np.ndarray:
    """One uint8 picture [H, W, C] with the height `size`."""
    large = enlarge(picture.transpose(2, 0, 1)[None].astype(np.float32) / 255, size, how)
    return (large[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)


def shrink(images: np.ndarray, scale: int) -> np.ndarray:
    """Averages [N, C, H, W] of squares of `scale` x `scale` pixels."""
    return F.avg_pool2d(torch.as_tensor(images), scale).numpy()


def _smooth(x: Tensor, scale: int) -> Tensor:
    return x if scale == 1 else _consistent(lanczos(x, scale), x, scale)


@torch.inference_mode()
def _refined(x: Tensor, scale: int) -> Tensor:
    """Doubled by the network as often as needed, a channel at a time."""
    network = super_resolution.bundled()
    large = x.reshape(-1, 1, *x.shape[2:])
    times = 1
    while times < min(scale, super_resolution.MOST):
        fast = large.contiguous(memory_format=torch.channels_last)
        large = _consistent(network(fast, lanczos(large, 2)), large, 2)
        times *= 2
    large = large.reshape(*x.shape[:2], *large.shape[2:])
    if times < scale:
        large = _smooth(large, -(-scale // times))
    full = (scale * x.shape[2], scale * x.shape[3])
    if large.shape[2:] == full:
        return large
    return _consistent(F.interpolate(large, full, mode="bicubic", antialias=True), x, scale)


def _consistent(large: Tensor, x: Tensor, scale: int) -> Tensor:
    """An enlargement changed as little as makes it average back to x."""
    large = large.clamp(0, 1)
    for _ in range(_ROUNDS):
        large = (large + lanczos(x - F.avg_pool2d(large, scale), scale)).clamp(0, 1)
    # The little that is left, mostly by clipping, goes exactly: each square is dimmed, or its
    # distance to white is, by one factor, which no clipping can undo.
    mean = F.avg_pool2d(large, scale)
    dim = torch.where(mean > x, x / mean.clamp(min=1e-6), 1.0)
    lift = torch.where(mean < x, (1 - x) / (1 - mean).clamp(min=1e-6), 1.0)
    dim, lift = (f.repeat_interleave(scale, 2).repeat_interleave(scale, 3) for f in (dim, lift))
    return 1 - (1 - large * dim) * lift


def lanczos(x: Tensor, scale: int) -> Tensor:
    """[N, C, H, W] -> [N, C, scale H, scale W], edges repeated, weights of every place summing
    to 1."""
    pixels = (torch.arange(scale) + 0.5) / scale - 0.5  # of the new pixels within an old one
    taps = torch.arange(-_LOBES, _LOBES + 1)
    away = pixels[:, None] - taps
    kernel = torch.sinc(away) * torch.sinc(away / _LOBES) * (away.abs() < _LOBES)
    kernel = kernel / kernel.sum(1, keepdim=True)
    for axis in (2, 3):
        x = x.transpose(axis, 3)
        batch, channels, rows, width = x.shape
        padded = F.pad(x.reshape(-1, 1, width), (_LOBES, _LOBES), mode="replicate")
        fine = F.conv1d(padded, kernel[:, None])  # [.., scale, width]
        x = fine.transpose(1, 2).reshape(batch, channels, rows, width * scale).transpose(axis, 3)
    return x
