"""Enlargement of images that is consistent: averaged back, it gives the original image.

Lanczos resampling alone lowers contrast and changes every value. Iterative back-projection (Irani
and Peleg 1991, https://doi.org/10.1016/1049-9652(91)90045-L) corrects it: the difference between
the original and the average of the enlargement is itself enlarged and added, until it vanishes.
The light within a pixel is distributed by Lanczos resampling alone ("smooth") or by a small
super-resolution network ("refined").
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional as F

from ..errors import AtelierError
from . import super_resolution

METHODS = ("refined", "smooth", "nearest")
MAX_SIZE = 1024
TOLERANCE = 1e-4  # largest difference per pixel after averaging back
_ITERATIONS = 8  # of back-projection
_OF_REFINED = 3  # of what the network drew, whose averages are nearly right before
_LOBES = 3  # of the Lanczos kernel
_MOST_THREADS = 4  # each takes up to 100 MB


class UpscaleError(AtelierError):
    """A size or a method that is not supported."""


def enlarge(images: np.ndarray, size: int, method: str = "smooth") -> np.ndarray:
    """float32 images [N, C, H, W] in [0, 1] scaled to the height `size`, [N, C, size, W'].

    `smooth` and `refined` average back to the original within `TOLERANCE` per pixel where `size`
    is a multiple of H; other sizes are resampled from the next multiple, and smaller ones are
    area averages. `nearest` repeats pixels.
    """
    if method not in METHODS:
        raise UpscaleError(f"the method is {method!r}; expected one of {', '.join(METHODS)}")
    height, width = images.shape[2:]
    if not 1 <= size <= MAX_SIZE:
        raise UpscaleError(f"the size is {size} pixels; expected 1 to {MAX_SIZE}")
    full = (size, max(1, round(width * size / height)))
    x = torch.as_tensor(images, dtype=torch.float32)
    if method == "nearest":
        return F.interpolate(x, full, mode="nearest-exact").numpy()
    if size <= height:
        return F.interpolate(x, full, mode="area").numpy() if size < height else x.numpy()
    scale = -(-size // height)
    # Batches of the network are small enough for a processor's cache.
    upscale, batch_size = (_refined, 8) if method == "refined" else (_smooth, 64)
    large = torch.cat([upscale(batch, scale) for batch in x.split(batch_size)])
    if scale * height != size:
        large = F.interpolate(large, full, mode="bicubic", antialias=True).clamp(0, 1)
    return large.numpy()


def enlarge_uint8(image: np.ndarray, size: int, method: str = "smooth") -> np.ndarray:
    """One uint8 image [H, W, C] scaled to the height `size`."""
    large = enlarge(image.transpose(2, 0, 1)[None].astype(np.float32) / 255, size, method)
    return (large[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)


def enlarge_each(images: Sequence[np.ndarray], size: int, method: str) -> Iterator[np.ndarray]:
    """`enlarge_uint8` of each image, in their order, several at the same time."""
    threads = min(torch.get_num_threads(), _MOST_THREADS)
    pool = ThreadPoolExecutor(threads, initializer=_compute_alone)
    try:
        yield from pool.map(partial(enlarge_uint8, size=size, method=method), images)
    finally:
        pool.shutdown(cancel_futures=True)


def _compute_alone() -> None:
    """Lets torch use no further threads for the operations of this one. Many small operations that
    wait for each other's threads are several times slower on a machine that is busy."""
    torch.get_num_threads()  # which sets the number for a new thread, so first
    threadpool_limits(1, "openmp")


def _smooth(x: Tensor, scale: int, iterations: int = _ITERATIONS) -> Tensor:
    return x if scale == 1 else _back_project(lanczos(x, scale), x, scale, iterations)


@torch.inference_mode()
def _refined(x: Tensor, scale: int) -> Tensor:
    """Doubled by a network as often as needed: the three channels of colour images together, those
    of others one by one."""
    colours = 3 if x.shape[1] == 3 else 1
    network = super_resolution.load_bundled(colours)
    large = x.reshape(-1, colours, *x.shape[2:])
    reached = 1
    most = super_resolution.MAX_SCALE, super_resolution.MAX_HEIGHT
    while reached < min(scale, most[0]) and large.shape[2] <= most[1]:
        pixels = large.contiguous(memory_format=torch.channels_last)
        large = _back_project(network(pixels, lanczos(large, 2)), large, 2, _OF_REFINED)
        reached *= 2
    large = large.reshape(*x.shape[:2], *large.shape[2:])
    if reached < scale:
        large = _smooth(large, -(-scale // reached), _OF_REFINED)
    full = (scale * x.shape[2], scale * x.shape[3])
    if large.shape[2:] == full:
        return large
    large = F.interpolate(large, full, mode="bicubic", antialias=True)
    return _back_project(large, x, scale, _OF_REFINED)


def _back_project(large: Tensor, x: Tensor, scale: int, iterations: int) -> Tensor:
    """The enlargement nearest to `large` whose averages are x."""
    large = large.clamp(0, 1)
    for _ in range(iterations):
        large = (large + lanczos(x - F.avg_pool2d(large, scale), scale)).clamp(0, 1)
    # Remove the small rest exactly: scale each square, or its distance from white, by one factor,
    # which keeps it within [0, 1].
    mean = F.avg_pool2d(large, scale)
    dim = torch.where(mean > x, x / mean.clamp(min=1e-6), 1.0)
    lift = torch.where(mean < x, (1 - x) / (1 - mean).clamp(min=1e-6), 1.0)
    dim, lift = (f.repeat_interleave(scale, 2).repeat_interleave(scale, 3) for f in (dim, lift))
    return 1 - (1 - large * dim) * lift


def lanczos(x: Tensor, scale: int) -> Tensor:
    """Lanczos resampling [N, C, H, W] -> [N, C, scale H, scale W] with repeated edges."""
    offsets = (torch.arange(scale) + 0.5) / scale - 0.5  # of the new pixels within an old one
    taps = torch.arange(-_LOBES, _LOBES + 1)
    distance = offsets[:, None] - taps
    kernel = torch.sinc(distance) * torch.sinc(distance / _LOBES) * (distance.abs() < _LOBES)
    kernel = kernel / kernel.sum(1, keepdim=True)
    for axis in (2, 3):
        x = x.transpose(axis, 3)
        batch, channels, rows, width = x.shape
        padded = F.pad(x.reshape(-1, 1, width), (_LOBES, _LOBES), mode="replicate")
        fine = F.conv1d(padded, kernel[:, None])  # [.., scale, width]
        x = fine.transpose(1, 2).reshape(batch, channels, rows, width * scale).transpose(axis, 3)
    return x
