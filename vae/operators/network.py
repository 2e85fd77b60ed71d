"""Graphs as torch modules: a chain of layers as layers, any other graph node by node."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..graph import Graph, Node
from ..validation import ConfigError, suggest
from . import chain
from .arithmetic import ARITHMETIC
from .layers import LAYERS
from .rearrangement import REARRANGEMENT

OPERATORS = ARITHMETIC | REARRANGEMENT | LAYERS

# The inputs, by place, that an operator gets as a number or a list of numbers.
LISTS: dict[str, dict[int, str]] = {
    "Clip": {1: "min", 2: "max"},
    "ConstantOfShape": {0: "shape"},
    "CumSum": {1: "axis"},
    "Expand": {1: "shape"},
    "Pad": {1: "pads", 2: "constant_value", 3: "axes"},
    "Range": {0: "start", 1: "limit", 2: "delta"},
    "Reshape": {1: "shape"},
    "Resize": {2: "scales", 3: "sizes"},
    "Slice": {1: "starts", 2: "ends", 3: "axes", 4: "steps"},
    "Split": {1: "split"},
    "Squeeze": {1: "axes"},
    "Tile": {1: "repeats"},
    "Unsqueeze": {1: "axes"},
    "Upsample": {1: "scales"},
    **{name: {1: "axes"} for name in ARITHMETIC if name.startswith("Reduce")},
}


def check_operators(graph: Graph) -> None:
    """Raises `ConfigError` for the first operator that is not known."""
    for node in graph.nodes:
        if node.op not in OPERATORS:
            raise ConfigError(
                f"the network has an operator {node.op}{suggest(node.op, OPERATORS)}, which is "
                "not supported: export the network without it"
            )


def compute(node: Node, inputs: list[Tensor | None]) -> tuple[Tensor, ...]:
    """The outputs of one node."""
    places, options = LISTS.get(node.op, {}), dict(node.attributes)
    tensors = []
    for place, value in enumerate(inputs):
        if place not in places:
            tensors.append(value)
        elif value is not None and value.numel():  # an empty list means the default
            options[places[place]] = value.tolist()
    if node.op == "CumSum":
        (options["axis"],) = torch.tensor(options["axis"], device="cpu").flatten().tolist()
    if node.op == "Split" and "split" not in options:
        options.setdefault("num_outputs", len(node.outputs))
    while tensors and tensors[-1] is None:
        tensors.pop()
    found = OPERATORS[node.op](*tensors, **options)
    return found if isinstance(found, tuple) else (found,)


class GraphNetwork(nn.Module):
    """A graph that is computed node by node. A tensor is forgotten after it was last read."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        check_operators(graph)
        self.graph = graph
        for name, stored in graph.tensors.items():
            tensor = torch.empty(stored.shape, dtype=getattr(torch, stored.dtype))
            if stored.dtype == "float32":
                self.register_parameter(name, nn.Parameter(tensor))
            else:
                self.register_buffer(name, tensor)
        last = {name: at for at, node in enumerate(graph.nodes) for name in node.inputs}
        self._forgotten = [
            [name for name in set(node.inputs) if last[name] == at and name not in graph.outputs]
            for at, node in enumerate(graph.nodes)
        ]

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        graph, values = self.graph, {self.graph.input: x}
        values |= {name: getattr(self, name) for name in graph.tensors}
        for node, forgotten in zip(graph.nodes, self._forgotten, strict=True):
            found = compute(node, [values.get(name) for name in node.inputs])
            values.update(zip(node.outputs, found, strict=False))
            for name in forgotten:
                values.pop(name, None)
        outputs = tuple(values[name] for name in graph.outputs)
        return outputs if len(outputs) > 1 else outputs[0]


@torch.no_grad()
def network(graph: Graph, tensors: Mapping[str, Tensor] | None = None) -> nn.Sequential:
    """The module of a graph, with the numbers of its tensors if they are given. Raises
    `ConfigError` for an operator that is not known."""
    found = chain.parse(graph)
    if found is None:
        module = GraphNetwork(graph)
        if tensors is not None:
            module.load_state_dict(dict(tensors))
        return nn.Sequential(module)
    for parameter, name in found.sources if tensors is not None else ():
        parameter.copy_(tensors[name].reshape(parameter.shape))
    return nn.Sequential(*found.modules)
