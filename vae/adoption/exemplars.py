"""The table of an exemplar model of our own, told by its tensors and by what it computes."""

import copy

import torch

from ..graph import Node
from ..operators.network import GraphNetwork, compute
from .draft import Draft

_PROBES = 16
_TOLERANCE = 1e-3


@torch.no_grad()
def join_exemplars(draft: Draft, latent: int, bandwidth: float) -> None:
    """The nodes that blend the codes of items near a place become the operator Exemplars, if that
    computes the same; else they stay."""
    places = [n.inputs[1] for n in draft.nodes if n.op == "Sub" and n.inputs[1] in draft.tensors]
    columns = [draft.tensors[name] for name in dict.fromkeys(places)][:latent]
    orders = [t.flatten() for t in draft.tensors.values() if t.dtype == torch.int64]
    orders = [t for t in orders if t.sort().values.tolist() == [*range(latent)]]
    if len(columns) != latent or len({c.shape for c in columns}) > 1 or not orders:
        return
    if columns[0].ndim != 1:
        return
    place = torch.stack(columns, dim=1)
    products = [n for n in draft.nodes if n.op == "Gemm" and n.inputs[1] in draft.tensors]
    weights = [draft.tensors[node.inputs[1]] for node in products]
    table = next((w for w in weights if w.shape[1] == len(place)), None)
    if table is None:
        return
    after = (n for n, w in zip(products, weights, strict=True) if w.shape[1] == len(table))
    if (layer := next(after, None)) is None:
        return
    value, tensors = layer.inputs[0], (place, table.T, orders[0])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(_PROBES, 2 * latent + 1, generator=generator)
    x[::4, latent:] = 0
    options = {"bandwidth": bandwidth}
    (expected,) = compute(Node("Exemplars", ("",) * 4, ("",), options), [x, *tensors])
    if (_values(draft, value, x) - expected).abs().max() > _TOLERANCE:
        return
    names = [draft.new(tensor=tensor) for tensor in tensors]
    joined = Node("Exemplars", (draft.input, *names), (value,), options)
    draft.replace(draft.producers()[value], joined)
    draft.prune()


def _values(draft: Draft, value: str, x: torch.Tensor) -> torch.Tensor:
    part = copy.copy(draft)
    part.outputs = [value]
    graph, tensors = part.graph()
    network = GraphNetwork(graph)
    network.load_state_dict(tensors)
    return network(x)
