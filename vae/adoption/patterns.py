"""Groups of nodes by which exporters write one operator, put together again."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from ..graph import Node
from ..operators.network import compute
from .draft import Draft, Shapes

_ENDS = ("Add", "Div", "Mul", "Where")
_OF_ONE_NUMBER = (
    *("Add", "Cast", "Div", "Erf", "Exp", "Greater", "Less", "Log", "Mul", "Neg", "Pow"),
    *("Reciprocal", "Sigmoid", "Softplus", "Sqrt", "Sub", "Tanh", "Where"),
)
_LONGEST = 12  # nodes of one activation
_KNOWN: tuple[tuple[str, dict, Callable[[Tensor], Tensor]], ...] = (
    ("Swish", {}, F.silu),
    ("Gelu", {}, F.gelu),
    ("Gelu", {"approximate": "tanh"}, lambda x: F.gelu(x, approximate="tanh")),
    ("Softplus", {}, F.softplus),
)


def join_activations(draft: Draft) -> None:
    """Nodes that compute a known activation of one value become that operator. They are told by
    what they compute, since exporters write them in many ways."""
    for node in list(draft.nodes):
        if node.op not in _ENDS or node not in draft.nodes:
            continue
        for source, between in _single_sources(draft, node):
            x = torch.cat([torch.linspace(-8, 8, 161), torch.tensor([-40.0, 30.0])])
            found = _computed(draft, source, between, x)
            for op, options, function in _KNOWN:
                if torch.allclose(found, function(x), rtol=1e-5, atol=2e-6):
                    draft.replace(node, Node(op, (source,), node.outputs, options))
                    break
            else:
                continue
            break
    draft.prune()


def _single_sources(draft: Draft, end: Node) -> Iterator[tuple[str, list[Node]]]:
    """The values of which alone a node computes its output, number by number, the nearest first;
    and the nodes between them in their order."""
    places = {name: at for at, node in enumerate(draft.nodes) for name in node.outputs}
    frontier, between = {*end.outputs}, []
    while len(between) < _LONGEST:
        known = [n for n in frontier if n in places]
        known = [n for n in known if draft.nodes[places[n]].op in _OF_ONE_NUMBER]
        if not known:
            return
        node = draft.nodes[places[max(known, key=places.get)]]
        between.insert(0, node)
        frontier -= {*node.outputs}
        frontier |= {name for name in node.inputs if _scalar(draft, name) is None}
        if len(frontier) == 1:
            yield next(iter(frontier)), between


def _scalar(draft: Draft, name: str) -> Tensor | None:
    value = draft.tensors.get(name)
    return value.reshape(()) if value is not None and value.numel() == 1 else None


def _computed(draft: Draft, source: str, nodes: list[Node], x: Tensor) -> Tensor:
    values = {source: x}
    for node in nodes:
        inputs = [values[n] if n in values else _scalar(draft, n) for n in node.inputs]
        values[node.outputs[0]] = compute(node, inputs)[0]
    return values[nodes[-1].outputs[0]]


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
