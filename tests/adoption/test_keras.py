"""The VAE of Keras's own examples in the form in which tf2onnx writes it: channels last, windows
that are padded more at the end, parts cut out of transposed convolutions."""

import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from adoption.foreign import write

import vae
from vae.export.decoder_program import decoder_program

RNG = np.random.default_rng(0)
TO_FIRST, TO_LAST = {"perm": [0, 3, 1, 2]}, {"perm": [0, 2, 3, 1]}
SAME = {"strides": [2, 2], "kernel_shape": [3, 3]}


def numbers(*shape):
    return (RNG.normal(size=shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32)


def whole(*values):
    return np.array(values, np.int64)


ENCODER = [
    ("Transpose", ["x"], ["t"], TO_FIRST),
    ("Conv", ["t", "k1", "b1"], ["c1"], SAME | {"pads": [0, 0, 1, 1]}),
    ("Relu", ["c1"], ["r1"], {}),
    ("Conv", ["r1", "k2", "b2"], ["c2"], SAME | {"auto_pad": "SAME_UPPER"}),
    ("Relu", ["c2"], ["r2"], {}),
    ("Transpose", ["r2"], ["last"], TO_LAST),
    ("Reshape", ["last", "flat"], ["f"], {}),
    ("MatMul", ["f", "w"], ["m"], {}),
    ("Add", ["m", "b3"], ["z_mean"], {}),
    ("MatMul", ["f", "v"], ["n"], {}),
    ("Add", ["n", "b4"], ["z_log_var"], {}),
]
DECODER = [
    ("MatMul", ["x", "d"], ["m"], {}),
    ("Add", ["m", "b5"], ["h"], {}),
    ("Relu", ["h"], ["r"], {}),
    ("Shape", ["r"], ["shape"], {}),  # keras.layers.Reshape with a free batch
    ("Slice", ["shape", "zero", "one", "zero"], ["n"], {}),
    ("Concat", ["n", "sides"], ["image_shape"], {"axis": 0}),
    ("Reshape", ["r", "image_shape"], ["i"], {}),
    ("Transpose", ["i"], ["t"], TO_FIRST),
    ("ConvTranspose", ["t", "k3"], ["u1"], SAME),
    ("Slice", ["u1", "start", "end14", "axes"], ["s1"], {}),
    ("Add", ["s1", "b6"], ["a1"], {}),
    ("Relu", ["a1"], ["r1"], {}),
    ("ConvTranspose", ["r1", "k4", "b7"], ["u2"], SAME | {"output_shape": [28, 28]}),
    ("Relu", ["u2"], ["r2"], {}),
    ("ConvTranspose", ["r2", "k5"], ["u3"], {"pads": [1, 1, 1, 1]}),
    ("Sigmoid", ["u3"], ["p"], {}),
    ("Transpose", ["p"], ["pixels"], TO_LAST),
]
TENSORS = {
    **{"k1": numbers(8, 1, 3, 3), "k2": numbers(6, 8, 3, 3), "k3": numbers(6, 7, 3, 3)},
    **{"k4": numbers(7, 5, 3, 3), "k5": numbers(5, 1, 3, 3)},
    **{"b1": numbers(8), "b2": numbers(6), "b6": numbers(1, 7, 1, 1), "b7": numbers(5)},
    **{"w": numbers(294, 2), "v": numbers(294, 2), "b3": numbers(2), "b4": numbers(2)},
    **{"d": numbers(2, 294), "b5": numbers(294), "sides": whole(7, 7, 6), "flat": whole(-1, 294)},
    **{"zero": whole(0), "one": whole(1), "start": whole(0, 0), "end14": whole(14, 14)},
    "axes": whole(2, 3),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("keras"), []
    parts = (
        ("encoder", ENCODER, ["N", 28, 28, 1], ("z_mean", "z_log_var")),
        ("decoder", DECODER, ["N", 2], ("pixels",)),
    )
    for name, nodes, shape, outputs in parts:
        used = {name for _, inputs, _, _ in nodes for name in inputs}
        stored = {key: tensor for key, tensor in TENSORS.items() if key in used}
        found.append(write(folder / f"{name}.onnx", nodes, shape, outputs, stored))
    return found


def test_it_is_adopted_and_decoded_in_the_browser(files, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was not trained
        model = vae.adopt(*files, data="fashion-mnist-starter", out=tmp_path / "m").model
    encoder, decoder = (onnxruntime.InferenceSession(str(file)) for file in files)
    x, z = torch.rand(6, 1, 28, 28), torch.randn(6, 2)
    mean, log_var = encoder.run(None, {"x": x.permute(0, 2, 3, 1).numpy()})
    assert np.abs(model.encode(x).numpy() - mean).max() < 1e-4
    np.testing.assert_allclose(model.posterior(x).std, np.exp(log_var / 2), rtol=1e-4)
    (pixels,) = decoder.run(None, {"x": z.numpy()})
    found = model.picture(z).permute(0, 2, 3, 1).numpy()
    assert np.abs(found - pixels).max() < 1e-5 and np.ptp(pixels) > 0.1
    assert decoder_program(model)
