"""Operators that move numbers: shapes, axes, parts, padding. See `arithmetic`.

Where an operator of ONNX reads a list of numbers as a tensor (a shape, axes, ends), it gets here a
list, by the name of that input.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _reshape(x: Tensor, shape: Sequence[int], allowzero: int = 0) -> Tensor:
    return x.reshape([x.shape[i] if n == 0 and not allowzero else n for i, n in enumerate(shape)])


def _flatten(x: Tensor, axis: int = 1) -> Tensor:
    rows = math.prod(x.shape[: axis if axis >= 0 else axis + x.ndim])
    return x.reshape(rows, -1)


def _transpose(x: Tensor, perm: Sequence[int] | None = None) -> Tensor:
    return x.permute(*(perm or reversed(range(x.ndim))))


def _squeeze(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def _unsqueeze(x: Tensor, axes: Sequence[int]) -> Tensor:
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _expand(x: Tensor, shape: Sequence[int]) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, tuple(shape)))


def _concat(*tensors: Tensor, axis: int) -> Tensor:
    return torch.cat(tensors, axis)


def _split(
    x: Tensor, axis: int = 0, split: Sequence[int] | None = None, num_outputs: int = 1
) -> tuple[Tensor, ...]:
    size = -(-x.shape[axis] // num_outputs)
    return x.split(size if split is None else list(split), axis)


def _slice(
    x: Tensor,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None = None,
    steps: Sequence[int] | None = None,
) -> Tensor:
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step > 0:
            part = [slice(None)] * (axis % x.ndim) + [slice(start, end, step)]
            x = x[tuple(part)]
        else:
            places = range(x.shape[axis])[start : None if end < -x.shape[axis] else end : step]
            x = x.index_select(axis, torch.tensor(list(places), device=x.device))
    return x


def _gather(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    axis %= x.ndim
    size = x.shape[axis]
    places = torch.where(indices < 0, indices + size, indices)
    found = x.index_select(axis, places.reshape(-1).to(x.device))
    return found.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _gather_elements(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    return x.gather(axis, torch.where(indices < 0, indices + x.shape[axis], indices))


def _pad(
    x: Tensor,
    pads: Sequence[int],
    constant_value: float = 0.0,
    axes: Sequence[int] | None = None,
    mode: str = "constant",
) -> Tensor:
    axes = range(x.ndim) if axes is None else axes
    sides = [(0, 0)] * x.ndim
    for place, axis in enumerate(axes):
        sides[axis] = pads[place], pads[place + len(pads) // 2]
    while len(sides) > 2 and mode != "constant" and sides[0] == (0, 0):
        sides = sides[1:]  # torch pads only the last axes in these modes
    flat = [n for pair in reversed(sides) for n in pair]
    if mode == "constant":
        return F.pad(x, flat, value=constant_value)
    return F.pad(x, flat, _MODES[mode])


def _tile(x: Tensor, repeats: Sequence[int]) -> Tensor:
    return x.repeat(*repeats)


def _constant_of_shape(shape: Sequence[int], value: float = 0.0) -> Tensor:
    return torch.full(tuple(shape), value)


def _range(start: float, limit: float, delta: float) -> Tensor:
    return torch.arange(start, limit, delta)


def _shape(x: Tensor, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(x.shape[start:end], dtype=torch.int64, device="cpu")


def _size(x: Tensor) -> Tensor:
    return torch.tensor(x.numel(), device="cpu")


def _depth_to_space(x: Tensor, blocksize: int, mode: str = "DCR") -> Tensor:
    if mode == "CRD":
        return F.pixel_shuffle(x, blocksize)
    n, c, h, w = x.shape
    blocks = x.reshape(n, blocksize, blocksize, c // blocksize**2, h, w)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * blocksize, w * blocksize)


def _space_to_depth(x: Tensor, blocksize: int) -> Tensor:
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // blocksize, w // blocksize)


def _same(x: Tensor, *others: object, **attributes: object) -> Tensor:
    return x


def _gather_nd(x: Tensor, indices: Tensor, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise ValueError("GatherND with batch_dims is not supported")
    return x[tuple(indices.unbind(-1))]


def _top_k(
    x: Tensor, k: Sequence[int], axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[Tensor, Tensor]:
    return tuple(torch.topk(x, k[0], dim=axis, largest=bool(largest), sorted=bool(sorted)))


REARRANGEMENT: dict[str, Callable[..., Tensor]] = {
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Dropout": _same,  # as in evaluation
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Identity": _same,
    "Pad": _pad,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "TopK": _top_k,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
