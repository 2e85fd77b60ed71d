"""Graphs as torch modules: a chain of layers as layers, any other graph node by node."""

import re
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
    "TopK": {1: "k"},
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
            if not re.fullmatch(r"[a-z]\d*", name):  # modules have attributes of other names
                raise ConfigError(f"a stored tensor is named {name[:60]!r}; expected w0, w1, ...")
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


class Network(nn.Sequential):
    """The module of a graph: its layers where it is a chain of known ones, else a `GraphNetwork`.
    `columns` is the size of its input `[B, columns]`, where it is known.
    Its state dict has the names of the graph's tensors, whatever the layers are."""

    def __init__(self, graph: Graph, columns: int | None = None) -> None:
        found = chain.parse(graph, columns)
        super().__init__(*(found.modules if found else [GraphNetwork(graph)]))
        own = {id(t): key for key, t in (*self.named_parameters(), *self.named_buffers())}
        given = ((f"0.{name}", name) for name in graph.tensors)
        self._names = [(own[id(t)], name) for t, name in found.sources] if found else [*given]
        self._shapes = {name: stored.shape for name, stored in graph.tensors.items()}
        self.register_load_state_dict_pre_hook(_with_names_of_layers)

    def state_dict(self, *args, prefix: str = "", **options) -> dict[str, Tensor]:
        found = super().state_dict(*args, prefix=prefix, **options)
        for key, name in self._names:
            found[prefix + name] = found.pop(prefix + key).reshape(self._shapes[name])
        return found


def _with_names_of_layers(module: Network, state: dict[str, Tensor], prefix: str, *_) -> None:
    """Gives the tensors of a graph the names and shapes that they have in its layers."""
    own = dict((*module.named_parameters(), *module.named_buffers()))
    tensors = {name: state.pop(prefix + name, None) for _, name in module._names}
    for key, name in module._names:
        if tensors[name] is not None:
            state[prefix + key] = tensors[name].reshape(own[key].shape)


def network(graph: Graph, tensors: Mapping[str, Tensor]) -> Network:
    """The module of a graph with the numbers of its tensors. Raises `ConfigError` for an operator
    that is not known."""
    made = Network(graph)
    made.load_state_dict(dict(tensors))
    return made.requires_grad_(False)
