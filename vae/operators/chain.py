"""Graphs that are a chain of known layers, as torch modules of which a decoder program can be
written (`vae.export.decoder_program`): linear layers, convolutions, activations, residual sums."""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from ..graph import Graph, Node
from ..nn import layers as ours
from . import columns
from .layers import LOGIT_EPSILON


class Chain(NamedTuple):
    """The modules in order, and which stored tensor each of their weights is."""

    modules: list[nn.Module]
    sources: list[tuple[Tensor, str]]


class _NoChainError(Exception):
    """The graph is not a chain of known layers."""


def parse(graph: Graph, size: int | None = None) -> Chain | None:
    """The chain of a graph with one output from codes `[B, size]`, or None if it is not one."""
    try:
        return Parser(graph, size).chain() if len(graph.outputs) == 1 else None
    except _NoChainError:
        return None


class Parser:
    """The state of one parsing. The tensor that has been reached is flat, `columns` wide where
    that is known, or an image."""

    def __init__(self, graph: Graph, size: int | None) -> None:
        self.graph, self.readers = graph, graph.readers()
        self.sources: list[tuple[Tensor, str]] = []
        self.axes, self.columns = 2, size

    def chain(self) -> Chain:
        modules, used = self.until(self.graph.input, self.graph.outputs[0])
        if used != len(self.graph.nodes) or not modules:
            raise _NoChainError
        return Chain(modules, self.sources)

    def until(self, value: str, end: str) -> tuple[list[nn.Module], int]:
        """The modules from one value to another, and the number of nodes that they stand for."""
        modules, used = [], 0
        while value != end:
            readers = self.readers.get(value, [])
            if len(readers) == 1:
                (node,) = readers
                modules.append(self._module(node, value))
                value, used = node.outputs[0], used + 1
                continue
            if found := columns.parse(self, value, readers):
                modules.append(found.module)
                value, used = found.output, used + found.nodes
                continue
            joins = [node for node in readers if node.op == "Add"]
            if len(readers) != 2 or len(joins) != 1:
                raise _NoChainError
            branch = next(name for name in joins[0].inputs if name != value)
            body, count = self._until_known(value, branch, joins[0])
            modules.append(ours.Residual(nn.Sequential(*body)))
            value, used = joins[0].outputs[0], used + count + 1
        return modules, used

    def _until_known(self, value: str, end: str, join: Node) -> tuple[list[nn.Module], int]:
        """The branch of a residual sum, which its join reads too."""
        axes, size, readers = self.axes, self.columns, self.readers[value]
        self.readers[value] = [node for node in readers if node is not join]
        body, used = self.until(value, end)
        self.readers[value] = readers
        if self.axes != axes:
            raise _NoChainError
        self.columns = size
        return body, used

    def _module(self, node: Node, value: str) -> nn.Module:
        make = _LAYERS.get(node.op)
        if make is None or node.inputs[0] != value or len(node.outputs) != 1:
            raise _NoChainError
        module = make(self, node)
        if module is None:
            raise _NoChainError
        return module

    def shape(self, node: Node, place: int) -> tuple[int, ...] | None:
        """The shape of an input that is stored; None without one."""
        name = node.inputs[place] if len(node.inputs) > place else ""
        if name and name not in self.graph.tensors:
            raise _NoChainError
        return self.graph.tensors[name].shape if name else None

    def with_weights(self, node: Node, module: nn.Module) -> nn.Module:
        """A module whose weight and bias are the second and third input of a node."""
        self.sources.append((module.weight, node.inputs[1]))
        if module.bias is not None:
            self.sources.append((module.bias, node.inputs[2]))
        return module


def _linear(parser: Parser, node: Node) -> nn.Module | None:
    weight, bias = parser.shape(node, 1), parser.shape(node, 2)
    options = {"transB": 1} | node.attributes
    plain = options == {"transB": 1} and node.attributes.get("transB")
    if parser.axes != 2 or not plain or (bias and math.prod(bias) != weight[0]):
        return None
    parser.columns = weight[0]
    return parser.with_weights(node, nn.Linear(weight[1], weight[0], bias=bias is not None))


def _convolution(kind: type[nn.Module]) -> Callable:
    def convolution(parser: Parser, node: Node) -> nn.Module | None:
        weight, bias = parser.shape(node, 1), parser.shape(node, 2)
        options = node.attributes
        pads = options.get("pads") or [0, 0, 0, 0]
        auto = options.get("auto_pad", "NOTSET")
        symmetric = pads[:2] == pads[2:] and auto in ("NOTSET", "VALID")
        if parser.axes != 4 or len(weight) != 4 or not symmetric or "output_shape" in options:
            return None
        group = options.get("group", 1)
        channels = weight[:2] if kind is nn.ConvTranspose2d else (weight[1] * group, weight[0])
        how = {"stride": options.get("strides") or [1, 1], "padding": pads[:2], "groups": group}
        how |= {"dilation": options.get("dilations") or [1, 1], "bias": bias is not None}
        if kind is nn.ConvTranspose2d:
            channels = weight[0], weight[1] * group
            how["output_padding"] = options.get("output_padding") or [0, 0]
            limits = zip(how["output_padding"], how["stride"], how["dilation"], strict=True)
            if any(more >= max(stride, dilation) for more, stride, dilation in limits):
                return None  # which torch does not compute
        how = {key: tuple(v) if isinstance(v, list) else v for key, v in how.items()}
        return parser.with_weights(node, kind(*channels, tuple(weight[2:]), **how))

    return convolution


def _reshape(parser: Parser, node: Node) -> nn.Module | None:
    shape = node.attributes.get("shape") or []
    if len(node.inputs) != 1 or shape[:1] not in ([-1], [0]) or any(n < 1 for n in shape[1:]):
        return None
    return _to_shape(parser, shape[1:])


def _to_shape(parser: Parser, shape: list[int]) -> nn.Module | None:
    if len(shape) == 1:
        parser.axes, parser.columns = 2, None
        return nn.Flatten()
    if len(shape) == 3 and parser.axes == 2:
        parser.axes = 4
        return nn.Unflatten(1, tuple(shape))
    return None


def _flatten(parser: Parser, node: Node) -> nn.Module | None:
    return _to_shape(parser, [-1]) if node.attributes.get("axis", 1) == 1 else None


def _per_channel(parser: Parser, node: Node) -> nn.Module | None:
    """`Affine`, which adoption writes with a weight and a bias for each channel."""
    module = ours.Affine(parser.shape(node, 1)[0])
    return parser.with_weights(node, module)


def _group_norm(parser: Parser, node: Node) -> nn.Module | None:
    groups, eps = node.attributes["num_groups"], node.attributes.get("epsilon", 1e-5)
    (channels,) = parser.shape(node, 1)
    if parser.axes != 4 or parser.shape(node, 2) != (channels,):
        return None
    return parser.with_weights(node, nn.GroupNorm(groups, channels, eps))


def _layer_norm(parser: Parser, node: Node) -> nn.Module | None:
    shape = parser.shape(node, 1)
    eps = node.attributes.get("epsilon", 1e-5)
    if parser.axes != 2 or node.attributes.get("axis", -1) not in (-1, 1) or len(shape) != 1:
        return None
    has_bias = parser.shape(node, 2) is not None
    return parser.with_weights(node, nn.LayerNorm(shape[0], eps, bias=has_bias))


def _exemplars(parser: Parser, node: Node) -> nn.Module | None:
    (count, latent), size = parser.shape(node, 1), parser.shape(node, 2)[1]
    if parser.axes != 2 or parser.columns != 2 * latent + 1:
        return None
    module = ours.Exemplars(count, latent, size, node.attributes["bandwidth"])
    tensors = module.place, module.code, module.order
    parser.sources += zip(tensors, node.inputs[1:], strict=True)
    parser.columns = size
    return module


def _depth_to_space(parser: Parser, node: Node) -> nn.Module | None:
    crd = node.attributes.get("mode", "DCR") == "CRD"
    return nn.PixelShuffle(node.attributes["blocksize"]) if crd else None


def _resize(parser: Parser, node: Node) -> nn.Module | None:
    """Nearest enlargement by a whole factor, for which all modes of rounding but one agree."""
    options = node.attributes
    scales = options.get("scales") or []
    factor = scales[-1] if scales else 0
    how = options.get("coordinate_transformation_mode", "half_pixel")
    rounding = options.get("nearest_mode", "round_prefer_floor")
    whole = factor == int(factor) >= 1 and scales == [1, 1, factor, factor]
    known = (how, rounding) in {
        ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"),
        ("half_pixel", "round_prefer_ceil"), ("pytorch_half_pixel", "round_prefer_floor"),
    }  # fmt: skip
    nearest = options.get("mode", "nearest") == "nearest" and node.op == "Resize"
    if parser.axes != 4 or not (nearest and whole and known) or "axes" in options:
        return None
    return nn.Upsample(scale_factor=int(factor), mode="nearest")


def _activation(make: Callable[[dict], nn.Module | None]) -> Callable:
    return lambda parser, node: make(node.attributes) if len(node.inputs) == 1 else None


_LAYERS: dict[str, Callable[[Parser, Node], nn.Module | None]] = {
    "Affine": _per_channel,
    "Conv": _convolution(nn.Conv2d),
    "ConvTranspose": _convolution(nn.ConvTranspose2d),
    "DepthToSpace": _depth_to_space,
    "Exemplars": _exemplars,
    "Flatten": _flatten,
    "Gemm": _linear,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "Reshape": _reshape,
    "Resize": _resize,
    "Clip": _activation(
        lambda a: nn.Hardtanh(a["min"], a["max"]) if a.keys() == {"min", "max"} else None
    ),
    "Elu": _activation(lambda a: nn.ELU(a.get("alpha", 1.0))),
    "Gelu": _activation(lambda a: nn.GELU(a.get("approximate", "none"))),
    "LeakyRelu": _activation(lambda a: nn.LeakyReLU(a.get("alpha", 0.01))),
    "Logit": _activation(lambda a: ours.Logit(LOGIT_EPSILON)),
    "Relu": _activation(lambda a: nn.ReLU()),
    "Sigmoid": _activation(lambda a: nn.Sigmoid()),
    "Softplus": _activation(lambda a: nn.Softplus()),
    "Swish": _activation(lambda a: nn.SiLU() if a.get("alpha", 1.0) == 1 else None),
    "Tanh": _activation(lambda a: nn.Tanh()),
}
