"""Terms that a training may add to its loss against blur. They are no part of the ELBO.

A pixel likelihood charges a blurred edge little and a displaced edge much, so the best mean image
under uncertainty is blurred. Structural similarity (SSIM; Wang et al. 2004,
https://doi.org/10.1109/TIP.2003.819861) also compares local contrast. The focal frequency loss
(Jiang et al. 2021, https://arxiv.org/abs/2012.12821) compares spectra, and most the frequencies
that are reconstructed worst.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .layers import autocast_off

_WINDOW, _SIGMA = 11, 1.5  # of SSIM, as its authors chose them
_C1, _C2 = 0.01**2, 0.03**2


class Sharpness(NamedTuple):
    """Weights of both terms: nats per pixel value for a structural similarity of 0 instead of 1,
    and for one unit of the focal frequency loss."""

    ssim: float = 0.0
    frequency: float = 0.0

    def loss(self, mean: Tensor, x: Tensor) -> Tensor:
        """The weighted terms `[B]` of decoded images and images `[B, C, H, W]` in [0, 1]."""
        found = x.new_zeros(len(x))
        with autocast_off(x):
            mean, x = mean.float(), x.float()
            if self.ssim:
                found = found + self.ssim * (1 - ssim(mean, x))
            if self.frequency:
                found = found + self.frequency * focal_frequency(mean, x)
        return found * x.shape[1:].numel()


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Mean structural similarity `[B]` of images `[B, C, H, W]` in [0, 1], 1 for equal ones. The
    window lies within the image; it is smaller for a side of less than 11 pixels."""
    rows, columns = (_windows(side, a) for side in a.shape[2:])

    def local(values: Tensor) -> Tensor:
        return rows @ values @ columns.T

    mean_a, mean_b = local(a), local(b)
    product, squares = mean_a * mean_b, mean_a.square() + mean_b.square()
    covariance = local(a * b) - product
    variances = local(a * a + b * b) - squares
    luminance = (2 * product + _C1) / (squares + _C1)
    return (luminance * (2 * covariance + _C2) / (variances + _C2)).flatten(1).mean(1)


def focal_frequency(a: Tensor, b: Tensor) -> Tensor:
    """Focal frequency loss `[B]` of images `[B, C, H, W]`, with alpha = 1."""
    difference = torch.fft.fft2(a - b, norm="ortho")
    square = difference.real.square() + difference.imag.square()
    weight = square.detach().sqrt()
    weight = weight / weight.amax((2, 3), keepdim=True).clamp(min=1e-12)
    return (weight * square).flatten(1).mean(1)


def _windows(side: int, like: Tensor) -> Tensor:
    """Gaussian weights `[positions, side]` of a window at each of its positions along a side."""
    size = min(_WINDOW, side - 1 + side % 2)
    distance = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    weights = torch.exp(-0.5 * (distance / _SIGMA).square())
    weights = weights / weights.sum()
    rows = like.new_zeros(side - size + 1, side)
    for position, row in enumerate(rows):
        row[position : position + size] = weights
    return rows
