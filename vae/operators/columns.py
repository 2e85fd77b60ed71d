"""Layers that treat a code and what stands beside it apart, the first layers of a decoder: groups
of nodes that read slices of columns. See `chain`."""

import itertools
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from ..graph import Node
from ..nn import layers as ours


class Parser(Protocol):
    """What is known while a chain is parsed; see `chain.Parser`."""

    axes: int
    columns: int | None
    readers: dict[str, list[Node]]
    sources: list[tuple[Tensor, str]]

    def until(self, value: str, end: str) -> tuple[list[nn.Module], int]: ...

    def shape(self, node: Node, place: int) -> tuple[int, ...] | None: ...

    def with_weights(self, node: Node, module: nn.Module) -> nn.Module: ...


class Found(NamedTuple):
    """A module, the value that it computes, and the number of nodes that it stands for."""

    module: nn.Module
    output: str
    nodes: int


def parse(parser: Parser, value: str, readers: list[Node]) -> Found | None:
    """The layer of a value `[B, n]` that several nodes read; None if it is not a known one."""
    if parser.axes != 2 or len(readers) < 2:
        return None
    if any(node.op != "Slice" for node in readers):
        return _fourier(parser, value, None)
    parts = sorted(readers, key=lambda node: node.attributes["starts"])
    bounds = [(n.attributes["starts"], n.attributes["ends"]) for n in parts]
    ends = [0, *(last[0] for _, last in bounds)]
    if [first[0] for first, _ in bounds] != ends[:-1] or ends[-1] != parser.columns:
        return None
    names = [node.outputs[0] for node in parts]
    sizes = [last - first for first, last in itertools.pairwise(ends)]
    if found := _stochastic(parser, names, sizes):
        return found
    if len(names) != 2:
        return None
    return (
        _fourier(parser, *names)
        or _labels(parser, names, sizes)
        or _on_first_columns(parser, names, sizes)
    )


def _reading(parser: Parser, value: str, *ops: str) -> list[Node] | None:
    """The readers of a value, if they are these operators in any order; by these."""
    readers = sorted(parser.readers.get(value, []), key=lambda node: node.op)
    if [node.op for node in readers] != sorted(ops):
        return None
    by_op = {node.op: node for node in readers}
    return [by_op[op] for op in ops]


def _fourier(parser: Parser, code: str, rest: str | None) -> Found | None:
    """[z, sin(B z), cos(B z)] of codes z, and the rest after them."""
    if not (found := _reading(parser, code, "Gemm", "Concat")):
        return None
    product, joined = found
    waves = _reading(parser, product.outputs[0], "Sin", "Cos")
    if not waves or len(product.inputs) != 2 or product.attributes != {"transB": 1}:
        return None
    expected = [code, *(node.outputs[0] for node in waves), *([] if rest is None else [rest])]
    if list(joined.inputs) != expected or (rest and len(parser.readers[rest]) != 1):
        return None
    features, latent = parser.shape(product, 1)
    context = 0 if rest is None else parser.columns - latent
    module = ours.FourierFeatures(latent, features, 1.0, context)
    parser.sources.append((module.weight, product.inputs[1]))
    parser.columns = module.out_features
    return Found(module, joined.outputs[0], 4 if rest is None else 6)


def _labels(parser: Parser, names: list[str], sizes: list[int]) -> Found | None:
    """[h, e_1 h, ..., e_E h] of features h and a label e."""
    width, labels = sizes
    wide, label = (parser.readers.get(name, []) for name in names)
    if [node.op for node in label] != ["Reshape"] or len(wide) != 2:
        return None
    column = next((node for node in wide if node.op == "Reshape"), None)
    joined = next((node for node in wide if node.op == "Concat"), None)
    if column is None or joined is None:
        return None
    shapes = [node.attributes.get("shape") for node in (label[0], column)]
    if shapes != [[-1, labels, 1], [-1, 1, width]]:
        return None
    products = [_reading(parser, node.outputs[0], "Mul") for node in (label[0], column)]
    if not all(products) or products[0][0] is not products[1][0]:
        return None
    flat = _reading(parser, products[0][0].outputs[0], "Reshape")
    if not flat or flat[0].attributes.get("shape") != [-1, width * labels]:
        return None
    if list(joined.inputs) != [names[0], flat[0].outputs[0]]:
        return None
    module = ours.LabelInteraction(width, labels)
    parser.columns = module.out_features
    return Found(module, joined.outputs[0], 7)


def _on_first_columns(parser: Parser, names: list[str], sizes: list[int]) -> Found | None:
    """[f(h) | e] of features h and noise e."""
    joined = _reading(parser, names[1], "Concat")
    if not joined or len(joined[0].inputs) != 2 or joined[0].inputs[1] != names[1]:
        return None
    parser.columns = sizes[0]
    body, nodes = parser.until(names[0], joined[0].inputs[0])
    if parser.axes != 2 or parser.columns is None:
        return None
    parser.columns += sizes[1]
    module = ours.OnFirstColumns(sizes[0], nn.Sequential(*body))
    return Found(module, joined[0].outputs[0], nodes + 3)


def _stochastic(parser: Parser, names: list[str], sizes: list[int]) -> Found | None:
    """[h + U z | e'] of features h, where z is drawn with the first columns of noise, and the
    rest e' of the noise, if any."""
    if not (found := _reading(parser, names[0], "Gemm", "Add")):
        return None
    prior, out = found
    halves = _reading(parser, prior.outputs[0], "Split")
    if not halves or halves[0].attributes.get("num_outputs") != 2:
        return None
    mean, log_std = halves[0].outputs
    between = []
    for op in ("Clip", "Exp", "Mul", "Add", "Gemm", "Add"):
        step = _reading(parser, between[-1].outputs[0] if between else log_std, op)
        if not step:
            return None
        between += step
    clip, _, scaled, drawn, project, last = between
    limits = dict(zip(("min", "max"), ours.LOG_STD, strict=True))
    noise, *rest = names[1:]
    fits = clip.attributes == limits and last is out and noise in scaled.inputs
    used_once = all(len(parser.readers[name]) == 1 for name in (mean, noise, *rest))
    if not (fits and used_once) or mean not in drawn.inputs or len(rest) > 1:
        return None
    width, size = sizes[:2]
    shapes = [parser.shape(node, 1) for node in (prior, project)]
    plain = all(node.attributes == {"transB": 1} for node in (prior, project))
    if not plain or shapes != [(2 * size, width), (width, size)]:
        return None
    end = out
    if rest:
        joined = _reading(parser, out.outputs[0], "Concat")
        if not joined or list(joined[0].inputs) != [out.outputs[0], *rest]:
            return None
        end = joined[0]
    module = ours.StochasticLayer(width, size)
    for name, node in (("prior", prior), ("project", project)):
        if len(node.inputs) == 2:  # exporters leave out a bias of zeros
            getattr(module, name).bias = None
        parser.with_weights(node, getattr(module, name))
    parser.columns -= sizes[1]
    return Found(module, end.outputs[0], 12 if rest else 10)
