"""Decoder programs: a torch decoder as a list of layers and weights that a browser can run.

The input of a program is a code and the decoder's context: the one-hot label of a conditional
model, or the noise of a hierarchical model's lower levels.

A program is one binary block: uint32 length of the manifest (little endian), the manifest (JSON,
padded with spaces to a multiple of four bytes), then all weights as float16 or float32. Its
reader is `pages/ui/decoder/decoder.js`; both agree within 1/255 per pixel.
"""

import json
import struct
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import AtelierError
from ..models.base import Autoencoder
from ..nn import layers as ours


class DecoderProgramError(AtelierError):
    """The decoder contains a layer that a program cannot express; the message names it."""


# The names of contexts in a manifest, which the browser reads.
CONTEXT_NAMES = {"label": "label", "noise": "detail", None: None}


def decoder_program(model: Autoencoder) -> bytes:
    """The decoder of `model` (codes [D] -> pixel means [C, H, W] in [0, 1]) as one binary block.

    Weights are stored as float16 if that is exact (as for a checkpoint stored in float16), else as
    float32. Raises `DecoderProgramError` for a layer that programs do not support.
    """
    weights = _Weights()
    program = _layers([*model.decoder, model.likelihood.activation], weights)
    numbers, dtype = weights.packed()
    manifest = {
        "version": 1,
        "latent": model.latent,
        "extra": model.context_size,
        "extra_kind": CONTEXT_NAMES[model.context],
        "image": list(model.image_shape),
        "dtype": dtype,
        "numbers": int(numbers.size),
        "layers": program,
    }
    header = json.dumps(manifest, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    return struct.pack("<I", len(header)) + header + numbers.tobytes()


class _Weights:
    """Collects tensors in one flat block; a layer refers to the offset of its first number."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []

    def add(self, tensor: Tensor) -> int:
        offset = sum(block.size for block in self._blocks)
        self._blocks.append(tensor.detach().cpu().float().numpy().ravel())
        return offset

    def packed(self) -> tuple[np.ndarray, str]:
        block = np.concatenate(self._blocks).astype("<f4")
        with np.errstate(over="ignore"):  # too large for float16: the comparison below fails
            half = block.astype("<f2")
        if np.array_equal(half.astype("<f4"), block):
            return half, "float16"
        return block, "float32"


def _layers(network: Iterable[nn.Module], weights: _Weights) -> list[dict]:
    described = []
    for layer in network:
        describe = _DESCRIBERS.get(type(layer))
        if describe is None:
            known = ", ".join(sorted(kind.__name__ for kind in _DESCRIBERS))
            raise DecoderProgramError(
                f"the decoder contains a {type(layer).__name__}; expected only {known}: build it "
                "from these layers, or decode on the server"
            )
        described.append(describe(layer, weights))
    return described


def _affine(layer: nn.Module, size: int, weights: _Weights, facts: dict) -> dict:
    """Facts about a layer with its weights and biases, by default 1 and 0."""
    weight = torch.ones(size) if layer.weight is None else layer.weight
    bias = torch.zeros(size) if layer.bias is None else layer.bias
    return facts | {"weight": weights.add(weight), "bias": weights.add(bias)}


def _linear(layer: nn.Linear, weights: _Weights) -> dict:
    facts = {"op": "linear", "in": layer.in_features, "out": layer.out_features}
    return _affine(layer, layer.out_features, weights, facts)


def _layer_norm(layer: nn.LayerNorm, weights: _Weights) -> dict:
    facts = {"op": "layer_norm", "eps": layer.eps}
    return _affine(layer, layer.normalized_shape[0], weights, facts)


def _group_norm(layer: nn.GroupNorm, weights: _Weights) -> dict:
    facts = {"op": "group_norm", "groups": layer.num_groups, "eps": layer.eps}
    return _affine(layer, layer.num_channels, weights, facts)


def _convolution(layer: nn.Conv2d | nn.ConvTranspose2d, weights: _Weights) -> dict:
    square = all(a == b for a, b in (layer.kernel_size, layer.stride, layer.padding))
    if not square or layer.dilation != (1, 1) or layer.groups != 1:
        raise DecoderProgramError(
            f"the decoder contains {layer}; expected a square kernel, one group and no "
            "dilation: build it that way, or decode on the server"
        )
    op = "conv" if isinstance(layer, nn.Conv2d) else "conv_transpose"
    facts = {"op": op, "in": layer.in_channels, "out": layer.out_channels}
    facts |= {"kernel": layer.kernel_size[0], "stride": layer.stride[0]}
    facts |= {"padding": layer.padding[0], "output_padding": layer.output_padding[0]}
    return _affine(layer, layer.out_channels, weights, facts)


def _gelu(layer: nn.GELU, weights: _Weights) -> dict:
    return {"op": "gelu_tanh" if layer.approximate == "tanh" else "gelu"}


def _fourier(layer: ours.FourierFeatures, weights: _Weights) -> dict:
    facts = {"op": "fourier", "in": layer.latent, "extra": layer.context}
    return facts | {"features": len(layer.weight), "weight": weights.add(layer.weight)}


def _stochastic_layer(layer: ours.StochasticLayer, weights: _Weights) -> dict:
    facts = {"op": "draw", "width": layer.width, "size": layer.size, "log_std": list(ours.LOG_STD)}
    prior, into = _linear(layer.prior, weights), _linear(layer.project, weights)
    return facts | {"prior": prior, "into": into}


def _exemplars(layer: ours.Exemplars, weights: _Weights) -> dict:
    facts = {"op": "exemplars", "in": layer.latent, "size": layer.size, "count": len(layer.place)}
    facts |= {"nearest": layer.NEAREST, "bandwidth": layer.bandwidth, "wide": layer.WIDE}
    facts |= {"restore": layer.RESTORE, "jitter": layer.JITTER, "epsilon": layer.EPSILON}
    facts |= {"order": layer.order.tolist()}
    return facts | {"place": weights.add(layer.place), "code": weights.add(layer.code)}


_DESCRIBERS: dict[type[nn.Module], Callable[[nn.Module, _Weights], dict]] = {
    nn.Linear: _linear,
    nn.ELU: lambda layer, weights: {"op": "elu", "alpha": layer.alpha},
    nn.GELU: _gelu,
    nn.Hardtanh: lambda layer, weights: (
        {"op": "clip", "low": layer.min_val, "high": layer.max_val}
    ),
    nn.LeakyReLU: lambda layer, weights: {"op": "leaky_relu", "slope": layer.negative_slope},
    nn.Softplus: lambda layer, weights: {"op": "softplus"},
    nn.Tanh: lambda layer, weights: {"op": "tanh"},
    ours.Affine: lambda layer, weights: _affine(
        layer, len(layer.weight), weights, {"op": "affine"}
    ),
    ours.Logit: lambda layer, weights: {"op": "logit", "epsilon": layer.epsilon},
    nn.SiLU: lambda layer, weights: {"op": "silu"},
    nn.ReLU: lambda layer, weights: {"op": "relu"},
    nn.Sigmoid: lambda layer, weights: {"op": "sigmoid"},
    nn.LayerNorm: _layer_norm,
    nn.GroupNorm: _group_norm,
    ours.Residual: lambda layer, weights: (
        {"op": "residual", "layers": _layers(layer.body, weights)}
    ),
    ours.FourierFeatures: _fourier,
    nn.Sequential: lambda layer, weights: {"op": "chain", "layers": _layers(layer, weights)},
    ours.LabelInteraction: lambda layer, weights: (
        {"op": "outer", "width": layer.width, "extra": layer.labels}
    ),
    ours.OnFirstColumns: lambda layer, weights: (
        {"op": "beside", "width": layer.width, "layers": _layers(layer.body, weights)}
    ),
    ours.StochasticLayer: _stochastic_layer,
    ours.Exemplars: _exemplars,
    nn.Flatten: lambda layer, weights: {"op": "flatten"},
    nn.Unflatten: lambda layer, weights: {"op": "reshape", "shape": list(layer.unflattened_size)},
    nn.Upsample: lambda layer, weights: {"op": "upsample", "scale": int(layer.scale_factor)},
    nn.PixelShuffle: lambda layer, weights: (
        {"op": "pixel_shuffle", "scale": layer.upscale_factor}
    ),
    nn.Conv2d: _convolution,
    nn.ConvTranspose2d: _convolution,
}
