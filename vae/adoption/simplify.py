"""A draft of a network made simple: shapes become constants, constants are computed once, and
normalisations and scalings go into the weights before them. What is computed stays the same."""

import torch
from torch import Tensor

from ..graph import Node
from ..operators.network import LISTS, compute
from .draft import Draft, Shapes, shapes
from .images import absorb_channels_last, even_windows, join_transposes
from .patterns import join_activations, join_group_norms, settle_columns

_LAYERS = ("Gemm", "Conv", "ConvTranspose")
_SHAPING = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")
_FLOAT = torch.float32


def free_batch(draft: Draft, batch: int | None) -> None:
    """Lets a network that was exported for a fixed number of images take any number: where it
    gives a tensor a shape that begins with that number, the number follows from the input."""
    if batch is None:
        return
    depending = draft.depending()
    for at, node in enumerate(draft.nodes):
        shape = draft.tensors.get(node.inputs[1]) if len(node.inputs) > 1 else None
        if node.op != "Reshape" or shape is None or node.inputs[0] not in depending:
            continue
        first, *rest = shape.tolist()
        if first == batch:
            free = torch.tensor([0 if -1 in rest else -1, *rest])
            inputs = node.inputs[0], draft.new(tensor=free)
            draft.nodes[at] = Node(node.op, inputs, node.outputs, node.attributes)


def simplify(draft: Draft, row: tuple[int, ...]) -> None:
    """Simplifies a draft whose input is `[B, *row]`. Raises `AdoptError` for a network that cannot
    be computed."""
    draft.prune()
    one, other = (shapes(draft, (batch, *row)) for batch in (2, 3))
    _settle_shapes(draft, one, other)
    _fold_constants(draft)
    found = shapes(draft, (2, *row))
    _drop_idle(draft, found)
    settle_columns(draft, found)
    join_activations(draft)
    join_transposes(draft)
    found = shapes(draft, (2, *row))
    join_group_norms(draft, found)
    even_windows(draft, found)
    _to_layers(draft, found)
    _absorb_orders(draft)
    while _absorb(draft):
        pass
    absorb_channels_last(draft, found)
    draft.prune()


def _settle_shapes(draft: Draft, one: Shapes, other: Shapes) -> None:
    """Writes lists of numbers that do not depend on the batch into the attributes."""
    depending = draft.depending()
    for name, value in one.known.items():
        if name not in draft.tensors and torch.equal(value, other.known[name]):
            draft.tensors[name] = value
    settled = []
    for node in draft.nodes:
        if all(name in draft.tensors for name in node.outputs if name):
            continue
        lists, inputs, options = LISTS.get(node.op, {}), list(node.inputs), dict(node.attributes)
        for place, option in lists.items():
            value = draft.tensors.get(inputs[place]) if place < len(inputs) else None
            if value is not None:
                inputs[place] = ""
                if value.numel():
                    options[option] = value.tolist()
        before = one.of[node.inputs[0]] if node.inputs and node.inputs[0] else ()
        after = [one.of[node.outputs[0]], other.of[node.outputs[0]]]
        if node.op in _SHAPING and node.inputs[0] in depending:
            varies = [a != b for a, b in zip(*after, strict=True)]
            if sum(varies) == 1 and 0 not in after[0]:
                shape = [-1 if v else n for v, n in zip(varies, after[0], strict=True)]
                if tuple(before) == tuple(after[0]):
                    node = Node("Identity", node.inputs[:1], node.outputs)
                else:
                    node = Node("Reshape", node.inputs[:1], node.outputs, {"shape": shape})
                settled.append(node)
                continue
        while inputs and not inputs[-1]:
            inputs.pop()
        settled.append(Node(node.op, tuple(inputs), node.outputs, options))
    draft.nodes = settled
    draft.prune()


@torch.no_grad()
def _fold_constants(draft: Draft) -> None:
    kept = []
    for node in draft.nodes:
        if all(name in draft.tensors for name in node.inputs if name):
            found = compute(node, [draft.tensors.get(name) for name in node.inputs])
            draft.tensors.update(zip(node.outputs, (t.contiguous() for t in found), strict=False))
        else:
            kept.append(node)
    draft.nodes = kept
    draft.prune()


def _drop_idle(draft: Draft, found: Shapes) -> None:
    """Drops nodes whose output is their input."""
    same = {}
    for node in draft.nodes:
        if not node.inputs or not node.inputs[0]:
            continue
        source, made = node.inputs[0], node.outputs[0]
        equal = found.of[source] == found.of[made]
        perm = node.attributes.get("perm")
        if (
            node.op in ("Identity", "Dropout")
            or (node.op == "Cast" and found.dtypes[source] == found.dtypes[made])
            or (node.op in ("Expand", "Tile") and equal)
            or (node.op == "Concat" and len(node.inputs) == 1)
            or (node.op == "Transpose" and perm == sorted(perm or [None]))
        ):
            same[made] = source
    draft.nodes = [node for node in draft.nodes if node.outputs[0] not in same]
    draft.rename(same)


@torch.no_grad()
def _to_layers(draft: Draft, found: Shapes) -> None:
    """Products with stored matrices become Gemm with a matrix [out, in]; batch normalisations and
    sums and products with stored numbers, one for each channel, become Affine."""
    for at, node in enumerate(draft.nodes):
        if node.op == "MatMul" and node.inputs[1] in draft.tensors:
            weight = draft.tensors[node.inputs[1]]
            if weight.ndim == 2 and len(found.of[node.inputs[0]]) == 2:
                inputs = node.inputs[0], draft.new(tensor=weight.T)
                draft.nodes[at] = Node("Gemm", inputs, node.outputs, {"transB": 1})
        elif node.op == "Gemm":
            draft.nodes[at] = _plain_gemm(draft, node)
        else:
            affine = _affine(draft, node, found)
            if affine is not None:
                source, weight, bias = affine
                inputs = source, draft.new(tensor=weight), draft.new(tensor=bias)
                draft.nodes[at] = Node("Affine", inputs, node.outputs)


def _plain_gemm(draft: Draft, node: Node) -> Node:
    options = node.attributes
    stored = all(name in draft.tensors for name in node.inputs[1:])
    if not stored or options.get("transA"):
        return node
    weight = draft.tensors[node.inputs[1]]
    weight = options.get("alpha", 1.0) * (weight if options.get("transB") else weight.T)
    inputs = [node.inputs[0], draft.new(tensor=weight)]
    if len(node.inputs) > 2:
        bias = options.get("beta", 1.0) * draft.tensors[node.inputs[2]]
        if bias.numel() not in (1, len(weight)):
            return node
        inputs.append(draft.new(tensor=bias.reshape(-1).expand(len(weight))))
    return Node("Gemm", tuple(inputs), node.outputs, {"transB": 1})


def _affine(draft: Draft, node: Node, found: Shapes) -> tuple[str, Tensor, Tensor] | None:
    """The input, and the weight and bias of each channel, of a node that is w x + b; else None."""
    if node.op == "BatchNormalization":
        if any(name not in draft.tensors for name in node.inputs[1:5]):
            return None
        scale, bias, mean, var = (draft.tensors[name] for name in node.inputs[1:5])
        weight = scale / (var + node.attributes.get("epsilon", 1e-5)).sqrt()
        return node.inputs[0], weight, bias - mean * weight
    if node.op == "Neg":
        node = Node("Mul", (node.inputs[0], draft.new(tensor=torch.tensor(-1.0))), node.outputs)
    if node.op not in ("Add", "Sub", "Mul", "Div") or len(node.inputs) != 2:
        return None
    first, second = node.inputs
    if (first in draft.tensors) == (second in draft.tensors):
        return None
    source, stored = (second, first) if first in draft.tensors else (first, second)
    channels = found.of[source][1] if len(found.of[source]) in (2, 4) else 0
    if found.dtypes[source] != _FLOAT or found.of[node.outputs[0]] != found.of[source]:
        return None
    numbers = _of_channels(draft.tensors[stored], channels, len(found.of[source]))
    if numbers is None or (node.op == "Div" and source == second):
        return None
    one, zero = torch.ones(channels), torch.zeros(channels)
    if node.op == "Mul":
        return source, numbers, zero
    if node.op == "Div":
        return source, 1 / numbers, zero
    if node.op == "Add":
        return source, one, numbers
    return (source, one, -numbers) if source == first else (source, -one, numbers)


def _of_channels(value: Tensor, channels: int, axes: int) -> Tensor | None:
    """Numbers `[C]` of a tensor that is broadcast to `[B, C]` or `[B, C, H, W]`, if it differs
    between channels alone."""
    if value.numel() == 1 and channels:
        return value.reshape(1).expand(channels).to(_FLOAT)
    shape = [1] * (axes - value.ndim) + list(value.shape)
    single = value.numel() == channels and len(shape) == axes and shape[1] == channels
    return value.reshape(-1).to(_FLOAT) if single else None


@torch.no_grad()
def _absorb_orders(draft: Draft) -> None:
    """Puts a permutation of the inputs of a linear layer into its matrix."""
    readers, producers = draft.readers(), draft.producers()
    for node in list(draft.nodes):
        before = producers.get(node.inputs[0]) if node.op == "Gemm" else None
        if before is None or before.op != "Gather" or len(readers[node.inputs[0]]) > 1:
            continue
        order, weight = (draft.tensors.get(name) for name in (before.inputs[1], node.inputs[1]))
        if order is None or weight is None or order.ndim != 1 or before.attributes["axis"] != 1:
            continue
        permuted = torch.zeros_like(weight).index_add(1, order, weight)
        inputs = before.inputs[0], draft.new(tensor=permuted), *node.inputs[2:]
        draft.replace(node, Node(node.op, inputs, node.outputs, node.attributes))
    draft.prune()


@torch.no_grad()
def _absorb(draft: Draft) -> bool:
    """Puts the first Affine that follows a layer or an Affine into that; False without any."""
    readers, producers = draft.readers(), draft.producers()
    for node in draft.nodes:
        before = producers.get(node.inputs[0]) if node.op == "Affine" else None
        if before is None or len(readers[node.inputs[0]]) > 1:
            continue
        weight, bias = (draft.tensors[name] for name in node.inputs[1:])
        made = _scaled(draft, before, weight, bias)
        if made is not None:
            draft.replace(before, Node(before.op, made, node.outputs, before.attributes))
            draft.nodes = [other for other in draft.nodes if other is not node]
            return True
    return False


def _scaled(draft: Draft, node: Node, weight: Tensor, bias: Tensor) -> tuple[str, ...] | None:
    """The inputs of a layer whose output is multiplied by a weight and increased by a bias for
    each channel."""
    stored = all(name in draft.tensors for name in node.inputs[1:])
    if node.op not in (*_LAYERS, "Affine", "GroupNormalization") or not stored:
        return None
    kernel = draft.tensors[node.inputs[1]]
    before = draft.tensors[node.inputs[2]] if len(node.inputs) > 2 else torch.zeros_like(bias)
    if node.op == "ConvTranspose":
        if node.attributes.get("group", 1) != 1:
            return None
        kernel = kernel * weight.view(1, -1, *[1] * (kernel.ndim - 2))
    else:
        kernel = kernel * weight.view(-1, *[1] * (kernel.ndim - 1))
    bias = before * weight + bias
    return node.inputs[0], draft.new(tensor=kernel), draft.new(tensor=bias)
