"""Networks whose images have their channels last and windows that are padded more at the end, as
in Keras and TensorFlow: rewritten as PyTorch would have them, so that they are known layers."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ..graph import Node
from ..operators.layers import pads_of, transposed_sides
from .draft import Draft, Shapes

_LAST_TO_FIRST = [0, 3, 1, 2]
_ELEMENTWISE = ("Elu", "Gelu", "LeakyRelu", "Relu", "Sigmoid", "Softplus", "Swish", "Tanh")


def join_transposes(draft: Draft) -> None:
    """Two transpositions of axes after another become one, or none."""
    producers, same = draft.producers(), {}
    for node in list(draft.nodes):
        before = producers.get(node.inputs[0]) if node.op == "Transpose" else None
        if before is None or before.op != "Transpose":
            continue
        perm = [before.attributes["perm"][i] for i in node.attributes["perm"]]
        if perm == sorted(perm):
            same[node.outputs[0]] = before.inputs[0]
            continue
        joined = Node("Transpose", before.inputs, node.outputs, {"perm": perm})
        draft.replace(node, joined)
        producers[node.outputs[0]] = joined
    draft.rename(same)
    draft.prune()


@torch.no_grad()
def absorb_channels_last(draft: Draft, found: Shapes) -> None:
    """A linear layer whose output becomes an image `[B, H, W, C]` that is transposed gives it as
    `[B, C, H, W]` at once."""
    producers, readers = draft.producers(), draft.readers()
    for node in list(draft.nodes):
        if node.op != "Transpose" or node.attributes.get("perm") != _LAST_TO_FIRST:
            continue
        layer = reshape = producers.get(node.inputs[0])
        while layer is not None and len(readers[layer.outputs[0]]) == 1:
            if layer.op not in (("Reshape",) if layer is reshape else _ELEMENTWISE):
                break
            layer = producers.get(layer.inputs[0])
        if layer is None or layer.op != "Gemm" or len(readers[layer.outputs[0]]) != 1:
            continue
        tensors = [draft.tensors.get(name) for name in layer.inputs[1:]]
        _, height, width, channels = found.of[reshape.outputs[0]]
        order = torch.arange(height * width * channels).view(height, width, channels)
        order = order.permute(2, 0, 1).flatten()
        if any(tensor is None or len(tensor) != len(order) for tensor in tensors):
            continue
        names = [draft.new(tensor=tensor[order]) for tensor in tensors]
        inputs = layer.inputs[0], *names
        draft.replace(layer, Node(layer.op, inputs, layer.outputs, layer.attributes))
        shape = {"shape": [-1, channels, height, width]}
        draft.replace(node, Node("Reshape", reshape.inputs, node.outputs, shape))
        draft.prune()


@torch.no_grad()
def even_windows(draft: Draft, found: Shapes) -> None:
    """Convolutions get equal padding on both sides, with zeros in their kernels where one side had
    more; a part of a transposed convolution that is cut out becomes its padding."""
    for node in list(draft.nodes):
        kernel = draft.tensors.get(node.inputs[1]) if len(node.inputs) > 1 else None
        plain = node.attributes.get("dilations") or [1, 1]
        if node.op not in ("Conv", "ConvTranspose") or kernel is None or kernel.ndim != 4:
            continue
        if plain == [1, 1]:
            size = found.of[node.inputs[0]][2:]
            rewrite = _even if node.op == "Conv" else _even_transposed
            rewrite(draft, found, node, kernel, size)
    draft.prune()


def _even(draft: Draft, found: Shapes, node: Node, kernel: Tensor, size: tuple[int, ...]) -> None:
    options = node.attributes
    strides, auto = options.get("strides") or [1, 1], options.get("auto_pad", "NOTSET")
    sides = pads_of(size, kernel.shape[2:], strides, [1, 1], options.get("pads"), auto)
    before = [max(0, last - first) for first, last in sides]
    after = [max(0, first - last) for first, last in sides]
    pads = [max(side) for side in sides] * 2
    _put(draft, node, node.outputs, _with_zeros(kernel, before, after), pads, {})


def _even_transposed(
    draft: Draft, found: Shapes, node: Node, kernel: Tensor, size: tuple[int, ...]
) -> None:
    options = node.attributes
    strides, auto = options.get("strides") or [1, 1], options.get("auto_pad", "NOTSET")
    more = options.get("output_padding") or [0, 0]
    where = (size, kernel.shape[2:], strides, [1, 1], options.get("pads"), auto, more)
    cut = transposed_sides(*where, options.get("output_shape"))
    sides = [[first, last - m] for (first, last), m in zip(cut, more, strict=True)]
    outputs, readers = node.outputs, draft.readers()[node.outputs[0]]
    if len(readers) == 1 and readers[0] is not None and readers[0].op == "Slice":
        (part,) = readers
        chosen = {"axes": [], "steps": [1, 1]} | part.attributes
        axes = [axis % 4 for axis in chosen["axes"]]
        if len(part.inputs) == 1 and {*axes} <= {2, 3} and {*chosen["steps"]} == {1}:
            bounds = zip(axes, chosen["starts"], chosen["ends"], strict=True)
            for axis, start, end in bounds:
                length = found.of[node.outputs[0]][axis]
                first, last, _ = slice(start, end).indices(length)
                sides[axis - 2][0] += first
                sides[axis - 2][1] += length - last
            outputs = part.outputs
    before = [max(0, last - first) for first, last in sides]
    longer = [max(0, first - last) for first, last in sides]
    fits = all(m < s for m, s in zip(longer, strides, strict=True))
    if fits and min(first for first, _ in sides) >= 0:
        pads = [first + zeros for (first, _), zeros in zip(sides, before, strict=True)] * 2
        kernel = _with_zeros(kernel, before, [0, 0])
        _put(draft, node, outputs, kernel, pads, {"output_padding": longer})


def _with_zeros(kernel: Tensor, before: list[int], after: list[int]) -> Tensor:
    """A kernel `[.., .., H, W]` with rows and columns of zeros."""
    return F.pad(kernel, [before[1], after[1], before[0], after[0]])


def _put(
    draft: Draft, node: Node, outputs: tuple[str, ...], kernel: Tensor, pads: list[int], more: dict
) -> None:
    """Replaces a convolution, and a slice of it, by one with another kernel and padding."""
    kept = {k: v for k, v in node.attributes.items() if k in ("strides", "group")}
    options = kept | {"kernel_shape": [*kernel.shape[2:]], "pads": pads} | more
    inputs = node.inputs[0], draft.new(tensor=kernel), *node.inputs[2:]
    if outputs != node.outputs:
        draft.nodes = [other for other in draft.nodes if outputs[0] not in other.outputs]
    draft.replace(node, Node(node.op, inputs, outputs, options))
