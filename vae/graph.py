"""A network as plain data: which operator reads and writes which tensor. It has a JSON form, the
one in the `config.json` of an adopted model; the numbers of its tensors are stored beside it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .validation import ConfigError

MAX_NODES = 2000
MAX_TENSORS = 2000

Value = bool | int | float | str | list[int | float | str]


@dataclass(frozen=True)
class Node:
    """One operator with its inputs by name, "" where an optional one is left out."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Value] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Stored:
    """Shape and type of a tensor whose numbers are stored with the graph."""

    shape: tuple[int, ...]
    dtype: Literal["float32", "int64", "bool"] = "float32"


@dataclass(frozen=True)
class Graph:
    """Operators in the order of their computation, from one input to the outputs. Raises
    `ConfigError` where a node reads what is not computed before it."""

    input: str
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    tensors: dict[str, Stored] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for what, count, most in (
            ("nodes", len(self.nodes), MAX_NODES),
            ("stored tensors", len(self.tensors), MAX_TENSORS),
        ):
            if count > most:
                raise ConfigError(f"the network has {count:,} {what}; expected at most {most:,}")
        check_order((self.input, *self.tensors), self.nodes, self.outputs)

    def readers(self) -> dict[str, list[Node]]:
        """The nodes that read each value, once for each time that they read it."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in filter(None, node.inputs):
                found.setdefault(name, []).append(node)
        return found


def check_order(known: Iterable[str], nodes: Iterable[Node], outputs: Iterable[str]) -> None:
    """Raises `ConfigError` where a node reads what is neither known nor computed before it, where
    a value is computed twice, or an output not at all."""
    known = set(known)
    for node in nodes:
        for name in filter(None, node.inputs):
            if name not in known:
                raise ConfigError(
                    f"a node {node.op} reads {name!r}, which no node before it computes"
                )
        if again := known.intersection(node.outputs):
            raise ConfigError(f"a node {node.op} computes {again.pop()!r} a second time")
        known.update(filter(None, node.outputs))
    for name in outputs:
        if name not in known:
            raise ConfigError(f"the output {name!r} is not computed by any node")


@dataclass(frozen=True)
class Networks:
    """Both networks of an adopted model: the encoder from images `[B, C, H, W]` in [0, 1] to the
    mean, or to mean and log-variance `[B, D]`, and the decoder from codes `[B, D]` to logits
    `[B, C, H, W]`. Those of a conditional model take rows `[B, C H W + K]` and `[B, D + K]`, which
    end with the one-hot label; a decoder with noise takes `[B, D + E]`."""

    encoder: Graph
    decoder: Graph
