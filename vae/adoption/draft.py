"""A graph while it is rewritten, and the shapes of all its values, which are found on torch's meta
device: no number is computed, and no memory taken, before the sizes are known to be small."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ..graph import Graph, Node, Stored
from ..operators.network import LISTS, OPERATORS, compute
from ..validation import suggest
from .onnx_file import AdoptError, OnnxNetwork

Given = Callable | str | Path  # of PyTorch, or an ONNX file

MAX_VALUE = 2**24  # numbers of one value, for one image or code
MAX_VALUES = 2**28  # of all of them
_SMALL = 2**16  # numbers of a value that is known without an image, such as a shape
_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
           "Bernoulli", "Multinomial")  # fmt: skip


@dataclass
class Draft:
    """A graph whose nodes and stored tensors may be replaced. `name` is that of its file, `second`
    a second input, until both are columns of one (`ends.join_inputs`)."""

    name: str
    input: str
    outputs: list[str]
    nodes: list[Node]
    tensors: dict[str, Tensor]
    second: str = ""
    made: int = 0

    def new(self, *, tensor: Tensor | None = None) -> str:
        """A name that is not taken, of a stored tensor if one is given."""
        self.made += 1
        name = f"made:{self.made}"
        if tensor is not None:
            self.tensors[name] = tensor.contiguous()
        return name

    def add(self, op: str, *inputs: str, **attributes) -> str:
        """Appends a node and returns its output."""
        output = self.new()
        self.nodes.append(Node(op, inputs, (output,), attributes))
        return output

    def halves(self, value: str) -> list[str]:
        """Appends the split of a value `[B, 2 D]` into two."""
        halves = self.new(), self.new()
        self.nodes.append(Node("Split", (value,), halves, {"axis": 1, "num_outputs": 2}))
        return list(halves)

    def prepend(self, make: Callable[[str], dict[str, str]]) -> None:
        """Gives the graph a new input. `make` adds the first nodes, which read it, and says by
        which of their values the former ones are replaced."""
        nodes, self.nodes, self.input = self.nodes, [], self.new()
        names = make(self.input)
        self.nodes += nodes
        self.rename(names)

    def replace(self, old: Node, new: Node) -> None:
        """Puts another node in the place of one."""
        self.nodes[next(i for i, node in enumerate(self.nodes) if node is old)] = new

    def rename(self, names: dict[str, str]) -> None:
        """Reads other values in place of some, everywhere."""

        def last(name: str) -> str:
            while name in names:
                name = names[name]
            return name

        self.nodes = [
            Node(n.op, tuple(map(last, n.inputs)), n.outputs, n.attributes) for n in self.nodes
        ]
        self.outputs = [last(name) for name in self.outputs]

    def prune(self) -> None:
        """Drops what no output depends on."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                kept.append(node)
        self.nodes = kept[::-1]
        self.tensors = {name: t for name, t in self.tensors.items() if name in needed}

    def depending(self) -> set[str]:
        """The values that depend on the inputs."""
        found = {self.input, self.second} - {""}
        for node in self.nodes:
            if found.intersection(node.inputs):
                found.update(node.outputs)
        return found

    def producers(self) -> dict[str, Node]:
        return {name: node for node in self.nodes for name in node.outputs if name}

    def readers(self) -> dict[str, list[Node]]:
        """The nodes that read each value; an output counts as read once more, by None."""
        found: dict[str, list[Node]] = {name: [None] for name in self.outputs}
        for node in self.nodes:
            for name in filter(None, node.inputs):
                found.setdefault(name, []).append(node)
        return found

    def graph(self) -> tuple[Graph, dict[str, Tensor]]:
        """The graph with short names, and its stored tensors by these."""
        self.prune()
        names = {"": "", self.input: "x"}
        names |= {name: f"w{i}" for i, name in enumerate(self.tensors)}
        for node in self.nodes:
            for output in filter(None, node.outputs):
                names[output] = f"v{len(names)}"
        nodes = tuple(
            Node(
                n.op, tuple(names[i] for i in n.inputs), tuple(names[o] for o in n.outputs),
                n.attributes,
            ) for n in self.nodes
        )  # fmt: skip
        tensors = {names[name]: tensor for name, tensor in self.tensors.items()}
        stored = {
            name: Stored(tuple(t.shape), str(t.dtype).removeprefix("torch."))
            for name, t in tensors.items()
        }
        return Graph("x", tuple(names[o] for o in self.outputs), nodes, stored), tensors


def name_of(network: Given, what: str) -> str:
    """A network in messages: its file, or the encoder or decoder of a PyTorch project."""
    return Path(network).name if isinstance(network, str | Path) else f"the {what}"


def draft_of(read: OnnxNetwork, network: Given, what: str) -> Draft:
    """The draft of a network that was read or traced."""
    tensors = {key: torch.from_numpy(array) for key, array in read.arrays.items()}
    names, outputs, nodes = [i.name for i in read.inputs], [*read.outputs], [*read.nodes]
    return Draft(name_of(network, what), names[0], outputs, nodes, tensors, *names[1:])


class Shapes(NamedTuple):
    """The shape and type of every value, and the numbers of those that are known without an image:
    constants and what is computed from shapes."""

    of: dict[str, tuple[int, ...]]
    dtypes: dict[str, torch.dtype]
    known: dict[str, Tensor]


def shapes(draft: Draft, input_shape: tuple[int, ...]) -> Shapes:
    """All shapes for an input `[B, ...]`. Raises `AdoptError` for an operator that is not known,
    one that does not fit its inputs, and values that are too large."""
    meta = {draft.input: torch.empty(input_shape, device="meta")}
    meta |= {name: tensor.to("meta") for name, tensor in draft.tensors.items()}
    known = {name: t for name, t in draft.tensors.items() if t.numel() <= _SMALL}
    total, batch = 0, input_shape[0]
    for node in draft.nodes:
        _check(draft, node)
        lists = LISTS.get(node.op, {})
        inputs = []
        for place, name in enumerate(node.inputs):
            if name and place in lists and name not in known:
                raise AdoptError(
                    f"{draft.name}: {node.op} takes its {lists[place]} from pixels or codes; "
                    "expected a network with fixed shapes"
                )
            inputs.append((known if place in lists else meta).get(name))
        try:
            with torch.device("meta"):
                found = compute(node, inputs)
        except Exception as error:  # of all kinds: the attributes come from outside
            reason = " ".join(str(error).split())[:200]
            came = " and ".join(str(list(i.shape)) for i in inputs if i is not None)
            raise AdoptError(
                f"{draft.name}: {node.op} cannot be computed for inputs of shapes {came} "
                f"({reason}); export the network with a free batch size"
            ) from error
        for name, value in zip(node.outputs, found, strict=False):
            if node.op in ("Shape", "Size"):
                known[name] = value
            meta[name] = value.to("meta")
            size = value.numel() // batch
            total += size
            if size > MAX_VALUE or total > MAX_VALUES:
                raise AdoptError(
                    f"{draft.name}: {node.op} computes {size:,} numbers for one image or code, "
                    f"{total:,} with all before; expected at most {MAX_VALUE:,} and "
                    f"{MAX_VALUES:,}: adopt a smaller model"
                )
        small = all(value.numel() <= _SMALL for value in found)
        if small and all(name in known for name in node.inputs if name):
            with torch.device("cpu"):
                found = compute(node, [known.get(name) for name in node.inputs])
            known.update(zip(node.outputs, found, strict=False))
        missing = [name for name in node.outputs[len(found) :] if name in _read(draft)]
        if missing:
            raise AdoptError(
                f"{draft.name}: the output {missing[0]!r} of {node.op} is not supported; export "
                "the network without it"
            )
    return Shapes(
        {name: tuple(t.shape) for name, t in meta.items()},
        {name: t.dtype for name, t in meta.items()},
        known,
    )


def _read(draft: Draft) -> set[str]:
    return {*draft.outputs, *(name for node in draft.nodes for name in node.inputs)}


def _check(draft: Draft, node: Node) -> None:
    if node.op in _RANDOM:
        raise AdoptError(
            f"{draft.name} draws random numbers ({node.op}); expected a network that computes "
            "the same each time: export what gives the mean of q(z|x), not a sample of it"
        )
    if node.op not in OPERATORS:
        raise AdoptError(
            f"{draft.name} has an operator {node.op}{suggest(node.op, OPERATORS)}, which is not "
            "supported: export the network without it"
        )
