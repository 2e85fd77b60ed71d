"""Operators with weights and windows: products, convolutions, normalisations, pooling. See
`arithmetic`."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ..nn.layers import Exemplars
from .resizing import resize, upsample

_CONVOLUTIONS = (F.conv1d, F.conv2d, F.conv3d)
_TRANSPOSED = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
_AVERAGES, _MAXIMA = (
    (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d),
    (F.max_pool1d, F.max_pool2d, F.max_pool3d),
)
LOGIT_EPSILON = 1e-6  # a pixel is kept this far from 0 and 1


def _gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    product = (a.T if transA else a) @ (b.T if transB else b)
    product = product if alpha == 1 else alpha * product
    return product if c is None else product + (c if beta == 1 else beta * c)


def pads_of(
    size: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int] | None,
    auto_pad: str,
) -> list[tuple[int, int]]:
    """The padding before and after each axis of a window; `size` is that of the image."""
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        found = []
        for n, k, s, d in zip(size, kernel, strides, dilations, strict=True):
            total = max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
            less, more = total // 2, total - total // 2
            found.append((less, more) if auto_pad == "SAME_UPPER" else (more, less))
        return found
    pads = pads or [0] * (2 * len(kernel))
    return list(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))


def _padded(x: Tensor, sides: list[tuple[int, int]], value: float = 0.0) -> Tensor:
    flat = [n for pair in reversed(sides) for n in pair]
    return F.pad(x, flat, value=value) if any(flat) else x


def _conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    kernel_shape: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    group: int = 1,
    auto_pad: str = "NOTSET",
) -> Tensor:
    kernel, axes = weight.shape[2:], weight.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    sides = pads_of(x.shape[2:], kernel, strides, dilations, pads, auto_pad)
    x = _padded(x, sides)
    return _CONVOLUTIONS[axes - 1](x, weight, bias, strides, 0, dilations, group)


def transposed_sides(
    size: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int] | None,
    auto_pad: str,
    output_padding: Sequence[int],
    output_shape: Sequence[int] | None,
) -> list[tuple[int, int]]:
    """What is cut before and after each axis from a transposed convolution without padding."""
    if output_shape is None and auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        return pads_of(size, kernel, strides, dilations, pads, auto_pad)
    found, upper = [], auto_pad == "SAME_UPPER"
    wanted = output_shape or [n * s for n, s in zip(size, strides, strict=True)]
    sizes = (size, kernel, strides, dilations, output_padding, wanted[-len(kernel) :])
    for n, k, s, d, more, target in zip(*sizes, strict=True):
        total = s * (n - 1) + more + d * (k - 1) + 1 - target
        half = total // 2
        found.append((half, total - half) if upper else (total - half, half))
    return found


def _conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    kernel_shape: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    group: int = 1,
    auto_pad: str = "NOTSET",
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> Tensor:
    kernel, axes = weight.shape[2:], weight.ndim - 2
    strides, dilations = strides or [1] * axes, dilations or [1] * axes
    more = output_padding or [0] * axes
    sides = transposed_sides(
        x.shape[2:], kernel, strides, dilations, pads, auto_pad, more, output_shape
    )
    # Without padding and with the rows that are added at the end, from which the sides are cut.
    y = _TRANSPOSED[axes - 1](x, weight, bias, strides, 0, 0, group, dilations)
    ends = [(-a, m - b) for (a, b), m in zip(sides, more, strict=True)]
    if bias is not None and any(end > 0 for _, end in ends):
        shape = (1, -1, *[1] * axes)
        return _padded(y - bias.view(shape), ends) + bias.view(shape)
    return _padded(y, ends)


def _per_channel(tensor: Tensor, x: Tensor) -> Tensor:
    return tensor.view(1, -1, *[1] * (x.ndim - 2))


def _batch_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    epsilon: float = 1e-5,
    **training: object,
) -> Tensor:
    gain = scale / (var + epsilon).sqrt()
    return x * _per_channel(gain, x) + _per_channel(bias - mean * gain, x)


def _instance_norm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: float = 1e-5) -> Tensor:
    axes = tuple(range(2, x.ndim))
    centred = x - x.mean(axes, keepdim=True)
    normal = centred / (centred.square().mean(axes, keepdim=True) + epsilon).sqrt()
    return normal * _per_channel(scale, x) + _per_channel(bias, x)


def _group_norm(
    x: Tensor, scale: Tensor, bias: Tensor, num_groups: int, epsilon: float = 1e-5, **precision
) -> Tensor:
    if len(scale) == num_groups != x.shape[1]:  # before operator set 21: one for each group
        scale, bias = (t.repeat_interleave(x.shape[1] // num_groups) for t in (scale, bias))
    return F.group_norm(x, num_groups, scale, bias, epsilon)


def _layer_norm(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    axis: int = -1,
    epsilon: float = 1e-5,
    **precision: object,
) -> Tensor:
    shape = x.shape[axis % x.ndim :]
    scale = scale.expand(shape)
    return F.layer_norm(x, shape, scale, None if bias is None else bias.expand(shape), epsilon)


def _rms_norm(
    x: Tensor, scale: Tensor, axis: int = -1, epsilon: float = 1e-5, **precision: object
) -> Tensor:
    axes = tuple(range(axis % x.ndim, x.ndim))
    return x * (x.square().mean(axes, keepdim=True) + epsilon).rsqrt() * scale


def _lp_norm(x: Tensor, axis: int = -1, p: int = 2) -> Tensor:
    return x / torch.linalg.vector_norm(x, p, axis, keepdim=True)


def _pool(functions: Sequence[Callable], padding_value: float) -> Callable:
    def pool(
        x: Tensor,
        kernel_shape: Sequence[int],
        strides: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        auto_pad: str = "NOTSET",
        ceil_mode: int = 0,
        count_include_pad: int = 0,
        storage_order: int = 0,
    ) -> Tensor:
        axes = len(kernel_shape)
        strides, dilations = strides or [1] * axes, dilations or [1] * axes
        where = (x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)
        sides = pads_of(*where)
        if functions is _MAXIMA:
            x = _padded(x, sides, padding_value)
            return functions[axes - 1](x, kernel_shape, strides, 0, dilations, bool(ceil_mode))

        def average(values: Tensor) -> Tensor:
            values = _padded(values, sides)
            return functions[axes - 1](values, kernel_shape, strides, 0, bool(ceil_mode))

        inside = x.new_ones(1, 1, *x.shape[2:])
        return average(x) if count_include_pad else average(x) / average(inside)

    return pool


def _global(function: Callable) -> Callable:
    return lambda x: function(x, tuple(range(2, x.ndim)), keepdim=True)


def _affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x * _per_channel(weight, x) + _per_channel(bias, x)


def _einsum(*tensors: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation, *tensors)


def _exemplars(x: Tensor, place: Tensor, code: Tensor, order: Tensor, bandwidth: float) -> Tensor:
    with torch.device("meta"):  # draws no numbers
        layer = Exemplars(*place.shape, code.shape[1], bandwidth)
    layer.place, layer.code, layer.order = place, code, order
    return layer(x)


def _logit(x: Tensor) -> Tensor:
    return torch.logit(x, LOGIT_EPSILON)


LAYERS: dict[str, Callable[..., Tensor]] = {
    "Affine": _affine,  # not of ONNX: a weight and a bias for each channel
    "AveragePool": _pool(_AVERAGES, 0.0),
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Einsum": _einsum,
    "Exemplars": _exemplars,  # not of ONNX: the layer of an exemplar model
    "Gemm": _gemm,
    "GlobalAveragePool": _global(torch.mean),
    "GlobalMaxPool": _global(torch.amax),
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "Logit": _logit,  # not of ONNX: from pixels to logits
    "LpNormalization": _lp_norm,
    "MatMul": torch.matmul,
    "MaxPool": _pool(_MAXIMA, -math.inf),
    "RMSNormalization": _rms_norm,
    "Resize": resize,
    "Upsample": upsample,
}
