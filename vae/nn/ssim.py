"""A term that a training may add to its loss against blur. It is no part of the ELBO.

A pixel likelihood charges a blurred edge little and a displaced edge much, so the best mean image
under uncertainty is blurred. Structural similarity (SSIM; Wang et al. 2004,
https://doi.org/10.1109/TIP.2003.819861) also compares local contrast.
"""

import torch
from torch import Tensor

_WINDOW, _SIGMA = 11, 1.5  # as its authors chose them
_C1, _C2 = 0.01**2, 0.03**2


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
