"""Images made larger or smaller, one axis after the other. See `arithmetic`."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_LONGEST = 2**16  # numbers along an axis


def resize(
    x: Tensor,
    roi: Tensor | None = None,
    scales: Sequence[float] | None = None,
    sizes: Sequence[int] | None = None,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    axes: Sequence[int] | None = None,
    **others: object,
) -> Tensor:
    """Nearest and linear, one axis after the other: output i lies at a place of the input that the
    modes of the operator define."""
    axes = range(x.ndim) if axes is None else axes
    for place, axis in enumerate(axes):
        before = x.shape[axis]
        if sizes:
            after, scale = sizes[place], sizes[place] / before
        else:
            scale = scales[place]
            after = math.floor(before * scale)
        if after > _LONGEST:
            raise ValueError(f"an axis of {after:,} numbers is too long")
        if after != before:
            at = _places(before, after, scale, coordinate_transformation_mode).to(x.device)
            x = _interpolated(x, axis, at, mode, nearest_mode)
    return x


def _places(before: int, after: int, scale: float, mode: str) -> Tensor:
    i = torch.arange(after, dtype=torch.float64, device="cpu")
    if mode == "align_corners":
        return i * (before - 1) / max(1, after - 1)
    if mode == "asymmetric":
        return i / scale
    if mode == "pytorch_half_pixel" and after == 1:
        return i * 0
    return (i + 0.5) / scale - 0.5


def _interpolated(x: Tensor, axis: int, at: Tensor, mode: str, nearest_mode: str) -> Tensor:
    last = x.shape[axis] - 1
    if mode == "nearest":
        rounded = {
            "floor": at.floor,
            "ceil": at.ceil,
            "round_prefer_floor": lambda: (at - 0.5).ceil(),
            "round_prefer_ceil": lambda: (at + 0.5).floor(),
        }[nearest_mode]()
        return x.index_select(axis, rounded.long().clamp(0, last))
    at = at.clamp(0, last)
    low = at.floor().long()
    share = (at - low).to(x.dtype).view(-1, *[1] * (x.ndim - 1 - axis))
    high = (low + 1).clamp(max=last)
    return x.index_select(axis, low) * (1 - share) + x.index_select(axis, high) * share


def upsample(x: Tensor, scales: Sequence[float], mode: str = "nearest") -> Tensor:
    """The operator of older sets."""
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return resize(x, scales=scales, mode=mode, **how)
