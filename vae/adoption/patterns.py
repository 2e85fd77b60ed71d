"""Groups of nodes by which exporters write one operator, put together again."""

import math

import torch

from ..graph import Node
from .draft import Draft, Shapes


def _scalar(draft: Draft, name: str) -> float | None:
    value = draft.tensors.get(name)
    return float(value) if value is not None and value.numel() == 1 else None


def join_activations(draft: Draft) -> None:
    """x sigmoid(x) becomes Swish, and 0.5 x (1 + erf(x / sqrt 2)) Gelu."""
    for node in list(draft.nodes):
        if node not in draft.nodes:
            continue
        readers, made = draft.readers(), node.outputs[0]
        if node.op == "Sigmoid" and len(readers.get(made, ())) == 1 and readers[made][0]:
            (product,) = readers[made]
            if product.op == "Mul" and sorted(product.inputs) == sorted((node.inputs[0], made)):
                draft.replace(product, Node("Swish", node.inputs, product.outputs))
        if node.op == "Erf":
            _join_gelu(draft, node)
    draft.prune()


def _join_gelu(draft: Draft, erf: Node) -> None:
    scaled = draft.producers().get(erf.inputs[0])
    if scaled is None or scaled.op not in ("Mul", "Div"):
        return
    factors = [(name, _scalar(draft, name)) for name in scaled.inputs]
    x = next((name for name, value in factors if value is None), None)
    factor = next((value for _, value in factors if value is not None), 0.0)
    expected = math.sqrt(2) if scaled.op == "Div" else math.sqrt(0.5)
    if x is None or abs(factor - expected) > 1e-5:
        return
    product, value, half, met = 1.0, erf.outputs[0], False, False
    halves = {
        node.outputs[0]: value
        for node in draft.nodes
        for value in [_product_with_scalar(draft, node, x)]
        if value is not None
    }
    while not met or not half:
        readers = draft.readers().get(value, [])
        if len(readers) != 1 or readers[0] is None:
            return
        (node,) = readers
        others = [name for name in node.inputs if name != value]
        number = _scalar(draft, others[0]) if others else None
        if node.op == "Add" and number == 1 and not met:
            pass
        elif node.op == "Mul" and number is not None:
            product *= number
        elif node.op == "Mul" and others and (others[0] == x or others[0] in halves):
            product *= halves.get(others[0], 1.0)
            met = True
        else:
            return
        value, half = node.outputs[0], abs(product - 0.5) < 1e-6
    draft.replace(node, Node("Gelu", (x,), (value,)))


def _product_with_scalar(draft: Draft, node: Node, x: str) -> float | None:
    if node.op != "Mul" or x not in node.inputs:
        return None
    return next((v for name in node.inputs if (v := _scalar(draft, name)) is not None), None)


def join_group_norms(draft: Draft, found: Shapes) -> None:
    """An instance normalisation of channels that were put together in groups, as PyTorch exports
    a group normalisation, becomes one."""
    producers, readers = draft.producers(), draft.readers()
    for node in list(draft.nodes):
        if node.op != "InstanceNormalization" or node.inputs[0] not in producers:
            continue
        before, after = producers[node.inputs[0]], readers[node.outputs[0]]
        scale, bias = (draft.tensors.get(name) for name in node.inputs[1:])
        grouped = before.op == "Reshape" and len(found.of[before.outputs[0]]) == 3
        if not grouped or len(after) != 1 or after[0] is None or scale is None or bias is None:
            continue
        shape, made = found.of[before.inputs[0]], found.of[after[0].outputs[0]]
        plain = scale.eq(1).all() and bias.eq(0).all()
        if after[0].op != "Reshape" or shape != made or len(shape) != 4 or not plain:
            continue
        ones = draft.new(tensor=torch.ones(shape[1]))
        zeros = draft.new(tensor=torch.zeros(shape[1]))
        options = {"num_groups": len(scale), "epsilon": node.attributes.get("epsilon", 1e-5)}
        inputs = before.inputs[0], ones, zeros
        draft.replace(after[0], Node("GroupNormalization", inputs, after[0].outputs, options))
    draft.prune()


def settle_columns(draft: Draft, found: Shapes) -> None:
    """Slices of the columns of `[B, n]` get plain bounds; those that leave nothing out, and the
    concatenation of all parts in their order, become what they were taken from."""
    same, parts = {}, {}
    for at, node in enumerate(draft.nodes):
        made, source = node.outputs[0], node.inputs[0] if node.inputs else ""
        if node.op == "Slice" and (bounds := _column_bounds(node, found.of[source])):
            first, last = bounds
            parts[made] = source, first, last
            options = {"starts": [first], "ends": [last], "axes": [1]}
            draft.nodes[at] = Node(node.op, (source,), node.outputs, options)
            if last - first == found.of[source][1]:
                same[made] = source
        if node.op == "Concat" and all(name in parts for name in node.inputs):
            (source, *others), firsts, lasts = zip(*map(parts.get, node.inputs), strict=True)
            whole = {*others} <= {source} and firsts == (0, *lasts[:-1])
            if whole and found.of[made] == found.of[source]:  # so along the columns
                same[made] = source
    draft.rename(same)
    draft.prune()


def _column_bounds(node: Node, shape: tuple[int, ...]) -> tuple[int, int] | None:
    options = {"axes": [0], "steps": [1]} | node.attributes
    plain = len(shape) == 2 and len(node.inputs) == 1 and options["steps"] == [1]
    if not plain or options["axes"] not in ([1], [-1]):
        return None
    first, last, _ = slice(options["starts"][0], options["ends"][0]).indices(shape[1])
    return first, last
