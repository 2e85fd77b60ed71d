"""Operators that treat numbers one by one or reduce them along axes, as functions of tensors.

Names, attributes and results are those of https://onnx.ai/onnx/operators. An operator is called
with its tensors and, by name, its attributes.
"""

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

TYPES = {
    **dict.fromkeys(("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE"), torch.float32),
    **dict.fromkeys(("INT8", "INT16", "INT32", "INT64"), torch.int64),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32", "UINT64"), torch.int64),
    "BOOL": torch.bool,
}


def _divide(a: Tensor, b: Tensor) -> Tensor:
    return torch.div(a, b, rounding_mode=None if a.is_floating_point() else "trunc")


def _modulo(a: Tensor, b: Tensor, fmod: int = 0) -> Tensor:
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


def _power(a: Tensor, b: Tensor) -> Tensor:
    return torch.pow(a, b).to(a.dtype)


def _clip(x: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    return x if min is None and max is None else x.clamp(min, max)


def _selu(x: Tensor, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805):
    return gamma * F.elu(x, alpha)


def _prelu(x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, slope * x, x)


def _threshold(x: Tensor, alpha: float = 1.0) -> Tensor:
    return torch.where(x > alpha, x, torch.zeros_like(x))


def _cast(x: Tensor, to: str) -> Tensor:
    return x.to(TYPES[to])


def _softmax(function: Callable) -> Callable:
    def softmax(x: Tensor, axis: int = -1, flattened: int = 0) -> Tensor:
        if flattened:  # before operator set 13: over all axes from this one on
            return function(x.flatten(axis % x.ndim), -1).reshape(x.shape)
        return function(x, axis)

    return softmax


def _folded(function: Callable) -> Callable:
    """An operator of any number of inputs."""
    return lambda *tensors: functools.reduce(function, tensors)


def _mean(*tensors: Tensor) -> Tensor:
    return sum(tensors) / len(tensors)


def _reduction(function: Callable[[Tensor, tuple[int, ...], bool], Tensor]) -> Callable:
    def reduce(
        x: Tensor,
        axes: Sequence[int] | None = None,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Tensor:
        if not axes:
            if noop_with_empty_axes:
                return x
            axes = range(x.ndim)
        return function(x, tuple(axes), bool(keepdims))

    return reduce


def _product(x: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def _extremum_place(function: Callable) -> Callable:
    def place(x: Tensor, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
        if not select_last_index:
            return function(x, axis, keepdim=bool(keepdims))
        return x.shape[axis] - 1 - function(x.flip(axis), axis, keepdim=bool(keepdims))

    return place


def _cumulate(x: Tensor, axis: int, exclusive: int = 0, reverse: int = 0) -> Tensor:
    x = x.flip(axis) if reverse else x
    total = x.cumsum(axis)
    total = total - x if exclusive else total
    return total.flip(axis) if reverse else total


ARITHMETIC: dict[str, Callable[..., Tensor]] = {
    "Abs": torch.abs,
    "Add": torch.add,
    "And": torch.logical_and,
    "ArgMax": _extremum_place(torch.argmax),
    "ArgMin": _extremum_place(torch.argmin),
    "Atan": torch.atan,
    "Cast": _cast,
    "Ceil": torch.ceil,
    "Celu": lambda x, alpha=1.0: F.celu(x, alpha),
    "Clip": _clip,
    "Cos": torch.cos,
    "Cosh": torch.cosh,
    "CumSum": _cumulate,
    "Div": _divide,
    "Elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "Equal": torch.eq,
    "Erf": torch.erf,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Gelu": lambda x, approximate="none": F.gelu(x, approximate=approximate),
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: (alpha * x + beta).clamp(0, 1),
    "HardSwish": F.hardswish,
    "IsNaN": torch.isnan,
    "LeakyRelu": lambda x, alpha=0.01: F.leaky_relu(x, alpha),
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "LogSoftmax": _softmax(torch.log_softmax),
    "Max": _folded(torch.maximum),
    "Mean": _mean,
    "Min": _folded(torch.minimum),
    "Mish": F.mish,
    "Mod": _modulo,
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "PRelu": _prelu,
    "Pow": _power,
    "Reciprocal": torch.reciprocal,
    "ReduceL1": _reduction(lambda x, axes, keep: x.abs().sum(axes, keepdim=keep)),
    "ReduceL2": _reduction(lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt()),
    "ReduceLogSum": _reduction(lambda x, axes, keep: x.sum(axes, keepdim=keep).log()),
    "ReduceLogSumExp": _reduction(torch.logsumexp),
    "ReduceMax": _reduction(torch.amax),
    "ReduceMean": _reduction(torch.mean),
    "ReduceMin": _reduction(torch.amin),
    "ReduceProd": _reduction(_product),
    "ReduceSum": _reduction(torch.sum),
    "ReduceSumSquare": _reduction(lambda x, axes, keep: x.square().sum(axes, keepdim=keep)),
    "Relu": torch.relu,
    "Round": torch.round,
    "Selu": _selu,
    "Sigmoid": torch.sigmoid,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sinh": torch.sinh,
    "Softmax": _softmax(torch.softmax),
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Sum": _folded(torch.add),
    "Swish": lambda x, alpha=1.0: x * torch.sigmoid(alpha * x),
    "Tan": torch.tan,
    "Tanh": torch.tanh,
    "ThresholdedRelu": _threshold,
    "Where": torch.where,
    "Xor": torch.logical_xor,
}
