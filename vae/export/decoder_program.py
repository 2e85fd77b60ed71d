"""Decoder programs: a torch decoder as plain layers and weights that a browser can run.

A program's input is a code and, behind it, the decoder's `extra` numbers: the label, one-hot, of a
conditional model, or the noise of a hierarchical model's lower levels.

A program is one binary block: uint32 length of the manifest (little endian), the manifest (JSON,
padded with spaces to a multiple of four bytes), then every weight as float16 or float32. Its
reader is `pages/ui/decoder.js`; both sides agree within 1/255 a pixel.
"""

import json
import struct
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import AtelierError
from ..models.base import Autoencoder
from ..nn.layers import (
    LOG_STD,
    Beside,
    Draw,
    Fourier,
    Outer,
    Residual,
)


class ExportError(AtelierError):
    """The decoder holds a layer that a decoder program cannot express; the message names it."""


def decoder_program(model: Autoencoder) -> bytes:
    """The decoder of `model` (latents [D] -> pixel means [C, H, W] in [0, 1]) as one binary block.

    Weights travel as float16 where that loses nothing (a checkpoint stored in float16), else as
    float32. Raises `ExportError` for a layer outside the program's vocabulary.
    """
    weights = _Weights()
    layers = [*_layers(model.decoder, weights), {"op": "sigmoid"}]
    numbers, dtype = weights.packed()
    manifest = {
        "version": 1,
        "latent": model.latent,
        "extra": model.extra,
        "extra_kind": model.extra_kind,
        "image": list(model.image_shape),
        "dtype": dtype,
        "numbers": int(numbers.size),
        "layers": layers,
    }
    header = json.dumps(manifest, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    return struct.pack("<I", len(header)) + header + numbers.tobytes()


class _Weights:
    """Collects tensors into one flat block; a layer keeps the offset of its first number."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._size = 0

    def add(self, tensor: Tensor) -> int:
        block = tensor.detach().cpu().float().numpy().ravel()
        offset, self._size = self._size, self._size + block.size
        self._blocks.append(block)
        return offset

    def packed(self) -> tuple[np.ndarray, str]:
        block = np.concatenate(self._blocks).astype("<f4")
        with np.errstate(over="ignore"):  # too large for float16: the comparison below says so
            half = block.astype("<f2")
        if np.array_equal(half.astype("<f4"), block):
            return half, "float16"
        return block, "float32"


def _layers(network: nn.Sequential, weights: _Weights) -> list[dict]:
    specs = []
    for layer in network:
        describe = _DESCRIBERS.get(type(layer))
        if describe is None:
            known = ", ".join(sorted(kind.__name__ for kind in _DESCRIBERS))
            raise ExportError(
                f"the decoder holds a {type(layer).__name__}, a program knows only {known}; "
                "build it from these layers or let the server decode"
            )
        specs.append(describe(layer, weights))
    return specs


def _bias(layer: nn.Module, size: int, weights: _Weights) -> int:
    return weights.add(torch.zeros(size) if layer.bias is None else layer.bias)


def _linear(layer: nn.Linear, weights: _Weights) -> dict:
    return {
        "op": "linear",
        "in": layer.in_features,
        "out": layer.out_features,
        "weight": weights.add(layer.weight),
        "bias": _bias(layer, layer.out_features, weights),
    }


def _layer_norm(layer: nn.LayerNorm, weights: _Weights) -> dict:
    size = layer.normalized_shape[0]
    scale = torch.ones(size) if layer.weight is None else layer.weight
    return {
        "op": "layer_norm",
        "eps": layer.eps,
        "weight": weights.add(scale),
        "bias": _bias(layer, size, weights),
    }


def _convolution(op: str) -> Callable[[nn.Module, _Weights], dict]:
    def describe(layer: nn.Conv2d | nn.ConvTranspose2d, weights: _Weights) -> dict:
        square = all(a == b for a, b in (layer.kernel_size, layer.stride, layer.padding))
        if not square or layer.dilation != (1, 1) or layer.groups != 1:
            raise ExportError(
                f"the decoder holds {layer}, a program knows only square kernels, one group and "
                "no dilation; build it so or let the server decode"
            )
        return {
            "op": op,
            "in": layer.in_channels,
            "out": layer.out_channels,
            "kernel": layer.kernel_size[0],
            "stride": layer.stride[0],
            "padding": layer.padding[0],
            "output_padding": layer.output_padding[0],
            "weight": weights.add(layer.weight),
            "bias": _bias(layer, layer.out_channels, weights),
        }

    return describe


def _draw(layer: Draw, weights: _Weights) -> dict:
    return {
        "op": "draw",
        "width": layer.width,
        "size": layer.size,
        "log_std": list(LOG_STD),
        "prior": _linear(layer.prior, weights),
        "into": _linear(layer.into, weights),
    }


_DESCRIBERS: dict[type[nn.Module], Callable[[nn.Module, _Weights], dict]] = {
    nn.Linear: _linear,
    nn.SiLU: lambda layer, weights: {"op": "silu"},
    nn.ReLU: lambda layer, weights: {"op": "relu"},
    nn.LayerNorm: _layer_norm,
    Residual: lambda layer, weights: {
        "op": "residual",
        "layers": _layers(layer.body, weights),
    },
    Fourier: lambda layer, weights: {
        "op": "fourier",
        "in": layer.latent,
        "extra": layer.extra,
        "features": layer.weight.shape[0],
        "weight": weights.add(layer.weight),
    },
    nn.Sequential: lambda layer, weights: {"op": "chain", "layers": _layers(layer, weights)},
    Outer: lambda layer, weights: {"op": "outer", "width": layer.width, "extra": layer.extra},
    Beside: lambda layer, weights: {
        "op": "beside",
        "width": layer.width,
        "layers": _layers(layer.body, weights),
    },
    Draw: _draw,
    nn.Unflatten: lambda layer, weights: {"op": "reshape", "shape": list(layer.unflattened_size)},
    nn.Upsample: lambda layer, weights: {"op": "upsample", "scale": int(layer.scale_factor)},
    nn.Conv2d: _convolution("conv"),
    nn.ConvTranspose2d: _convolution("conv_transpose"),
}
