"""A simplified network computes what it computed before, with fewer nodes."""

import numpy as np
import torch
from adoption.foreign import linear, write
from torch import nn

from vae.adoption import onnx_file
from vae.adoption.draft import draft_of
from vae.adoption.simplify import simplify
from vae.adoption.torch_pair import trace
from vae.nn.layers import Residual
from vae.operators.network import GraphNetwork, network

RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.normal(size=shape).astype(np.float32)


NODES = [
    ("Shape", ["x"], ["shape"], {}),  # a shape that is computed, as of x.view(x.shape[0], ...)
    ("Gather", ["shape", "zero"], ["n"], {}),
    ("Unsqueeze", ["n", "first"], ["batch"], {}),
    ("MatMul", ["x", "w"], ["a0"], {}),
    ("Add", ["a0", "b"], ["a"], {}),
    ("Concat", ["batch", "sides"], ["image"], {"axis": 0}),
    ("Reshape", ["a", "image"], ["c"], {}),
    # a group normalisation of two groups
    ("Reshape", ["c", "groups"], ["g"], {}),
    ("InstanceNormalization", ["g", "ones", "zeros"], ["i"], {"epsilon": 1e-5}),
    ("Shape", ["c"], ["like"], {}),
    ("Reshape", ["i", "like"], ["r"], {}),
    ("Mul", ["r", "gain"], ["s"], {}),
    ("Add", ["s", "shift"], ["t"], {}),
    # a Gelu
    ("Div", ["t", "root"], ["u"], {}),
    ("Erf", ["u"], ["e"], {}),
    ("Add", ["e", "one"], ["f"], {}),
    ("Mul", ["t", "f"], ["h"], {}),
    ("Mul", ["h", "half"], ["k"], {}),
    # a convolution, its normalisation, a Swish
    ("Conv", ["k", "kernel"], ["l"], {"pads": [1, 1, 1, 1]}),
    ("BatchNormalization", ["l", "scale", "bias", "mean", "var"], ["m"], {}),
    ("Sigmoid", ["m"], ["o"], {}),
    ("Mul", ["o", "m"], ["p"], {}),
    ("ConvTranspose", ["p", "kernel2"], ["q"], {"strides": [2, 2]}),
    ("Sub", ["q", "scale2"], ["y"], {}),
]
TENSORS = {
    "zero": np.array(0),
    "first": np.array([0]),
    "sides": np.array([4, 2, 2]),
    "groups": np.array([0, 2, -1]),
    "w": linear(3, 16)[0],
    "b": numbers(16),
    "ones": np.ones(2, np.float32),
    "zeros": np.zeros(2, np.float32),
    "gain": numbers(4, 1, 1),
    "shift": numbers(1, 4, 1, 1),
    "root": np.float32(2**0.5),
    "one": np.float32(1),
    "half": np.float32(0.5),
    "kernel": numbers(5, 4, 3, 3),
    **{name: numbers(5) for name in ("scale", "bias", "mean")},
    "var": numbers(5) ** 2 + 0.1,
    "kernel2": numbers(5, 2, 2, 2),
    "scale2": np.float32(0.3),
}


def test_activations_are_told_by_what_they_compute():
    """As PyTorch exports them, behind a sum of which both parts are no numbers."""
    for layer in (nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Softplus(), nn.Mish()):
        body = nn.Sequential(nn.Linear(3, 5), layer)
        decode = nn.Sequential(Residual(nn.Linear(3, 3)), body, Residual(body[1]), nn.Linear(5, 8))
        draft = draft_of(trace(decode, (torch.randn(2, 3),), "decoder"), decode, "decoder")
        simplify(draft, (3,))
        made, x = network(*draft.graph()), 9 * torch.randn(50, 3)
        torch.testing.assert_close(made(x), decode(x).detach(), rtol=1e-4, atol=1e-4)
        if not isinstance(layer, nn.Mish):  # which browsers do not know
            kinds = [type(part) for part in made.modules()]
            assert kinds.count(type(layer)) == 2, kinds


def test_patterns_become_layers(tmp_path):
    read = onnx_file.read(write(tmp_path / "n.onnx", NODES, ["N", 3], ("y",), TENSORS))
    draft = draft_of(read, tmp_path / "n.onnx", "decoder")
    before, stored = draft.graph()
    raw = GraphNetwork(before)
    raw.load_state_dict(stored)
    simplify(draft, (3,))
    graph, tensors = draft.graph()
    assert [node.op for node in graph.nodes] == [
        *("Gemm", "Reshape", "GroupNormalization", "Gelu", "Conv", "Swish", "ConvTranspose")
    ]
    made, x = network(graph, tensors), torch.randn(5, 3)
    torch.testing.assert_close(made(x), raw(x), rtol=1e-4, atol=1e-4)
    assert {nn.GroupNorm, nn.GELU, nn.SiLU} <= {type(layer) for layer in made}
    assert made.state_dict().keys() == tensors.keys()
