"""ONNX files as other programs write them, and damaged and hostile ones: each is refused in one
sentence, before anything is computed."""

import pickle
import warnings
import zipfile

import numpy as np
import onnx
import pytest
import torch
from adoption.foreign import linear, write
from click.testing import CliRunner

import vae
from vae import AdoptError
from vae.__main__ import main
from vae.adoption import draft, onnx_file

SHAPE = ["N", 64]
ENCODER = [("Gemm", ["x", "w", "b"], ["mu"], {"transB": 1})]
DECODER = [("Gemm", ["x", "v", "c"], ["h"], {"transB": 1}), ("Sigmoid", ["h"], ["image"], {})]


def tensors(**more):
    (w, b), (v, c) = linear(3, 64), linear(64, 3, 1)
    return {"w": w, "b": b, "v": v, "c": c} | more


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path, rng = tmp_path_factory.mktemp("data") / "noise.npz", np.random.default_rng(0)
    images = rng.integers(0, 255, (40, 8, 8)).astype(np.uint8)
    np.savez(path, images=images, labels=np.arange(40) % 2)
    return path


@pytest.fixture
def adopted(data, tmp_path):
    """The checkpoint of an encoder and a decoder, given as nodes or as written files."""

    def make(
        encoder=ENCODER, decoder=DECODER, *, shape=SHAPE, code=("N", 3), outputs=("mu",), **options
    ):
        files = []
        parts = ("encoder", encoder, shape, outputs), ("decoder", decoder, code, ("image",))
        for name, nodes, axes, names in parts:
            if isinstance(nodes, list):
                used = {i for _, inputs, _, _ in nodes for i in inputs}
                stored = {
                    k: t for k, t in tensors(**options.get("stored", {})).items() if k in used
                }
                nodes = write(tmp_path / f"{name}.onnx", nodes, axes, names, stored)
            files.append(nodes)
        options.pop("stored", None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that nothing was trained
            return vae.adopt(*files, data=data, out=tmp_path / "out", **options)

    return make


def test_keras_has_its_channels_last_and_gives_three_outputs(adopted):
    """Mean, log-variance and a sample, which is left out; pictures [N, H, W, C] in and out."""
    encoder = [
        ("Transpose", ["x"], ["t"], {"perm": [0, 3, 1, 2]}),
        ("Reshape", ["t", "flat"], ["f"], {}),
        ("Gemm", ["f", "w", "b"], ["z_mean"], {"transB": 1}),
        ("Gemm", ["f", "w", "b"], ["z_log_var"], {"transB": 1, "alpha": 0.1}),
        ("RandomNormalLike", ["z_mean"], ["noise"], {}),
        ("Add", ["z_mean", "noise"], ["z"], {}),
    ]
    decoder = [
        *DECODER[:1],
        ("Reshape", ["h", "hwc"], ["r"], {}),
        ("Sigmoid", ["r"], ["image"], {}),
    ]
    stored = {"flat": np.array([-1, 64]), "hwc": np.array([-1, 8, 8, 1])}
    names = ("z", "z_mean", "z_log_var")
    ck = adopted(encoder, decoder, shape=["N", 8, 8, 1], outputs=names, stored=stored)
    assert ck.metrics["adopted"]["second"] == "log-variance"
    x, (w, b) = torch.rand(2, 1, 8, 8), map(torch.from_numpy, linear(3, 64))
    torch.testing.assert_close(ck.model.encode(x), x.flatten(1) @ w.T + b)
    ops = [node.op for node in ck.config.model.graphs.encoder.nodes]
    assert "RandomNormalLike" not in ops


def test_a_file_for_one_image_takes_any_number(adopted):
    encoder = [
        ("Reshape", ["x", "one"], ["f"], {}),
        ("Gemm", ["f", "w", "b"], ["mu"], {"transB": 1}),
    ]
    stored = {"one": np.array([1, 64])}
    ck = adopted(encoder, shape=[1, 1, 8, 8], code=(1, 3), stored=stored)
    assert ck.model.encode(torch.rand(5, 1, 8, 8)).shape == (5, 3)


def test_mean_and_spread_in_one_tensor_are_split(adopted):
    encoder = [("Gemm", ["x", "w6", "b6"], ["both"], {"transB": 1})]
    w, b = linear(6, 64)
    ck = adopted(encoder, outputs=("both",), latent=3, stored={"w6": w, "b6": b})
    x = torch.rand(2, 1, 8, 8)
    expected = x.flatten(1) @ torch.from_numpy(w).T + torch.from_numpy(b)
    torch.testing.assert_close(ck.model.encode(x), expected[:, :3])
    torch.testing.assert_close(ck.model.posterior(x).std, (expected[:, 3:] / 2).exp())


@pytest.mark.parametrize(
    ("second", "of"),
    [("std", lambda s: s), ("variance", lambda s: s.sqrt()), ("log-std", lambda s: s.exp())],
)
def test_a_spread_is_what_is_said(adopted, second, of):
    encoder = [*ENCODER, ("Softplus", ["mu"], ["s"], {})]
    ck = adopted(encoder, outputs=("mu", "s"), second=second)
    x = torch.rand(2, 1, 8, 8)
    spread = torch.nn.functional.softplus(ck.model.encode(x))
    torch.testing.assert_close(ck.model.posterior(x).std, of(spread))


@pytest.mark.parametrize("pixels", ["unit", "signed", "normalised"])
def test_pixels_without_an_activation_become_logits(adopted, pixels):
    """Which are exact but for what lies outside of [0, 1]."""
    decoder = [("Gemm", ["x", "v", "c"], ["h"], {"transB": 1}), ("Identity", ["h"], ["image"], {})]
    ck = adopted(decoder=decoder, pixels=pixels, mean=(0.4,), std=(0.3,), input_range="normalised")
    z, (v, c) = torch.randn(9, 3), map(torch.from_numpy, linear(64, 3, 1))
    raw = z @ v.T + c
    expected = {"unit": raw, "signed": (raw + 1) / 2, "normalised": 0.3 * raw + 0.4}[pixels]
    found = ck.model.decode(z).sigmoid().flatten(1)
    torch.testing.assert_close(found, expected.clamp(0, 1), rtol=0, atol=2e-6)
    x, (w, b) = torch.rand(2, 1, 8, 8), map(torch.from_numpy, linear(3, 64))
    torch.testing.assert_close(ck.model.encode(x), (x.flatten(1) - 0.4) / 0.3 @ w.T + b)


def refused(adopted, match, *parts, **options):
    with pytest.raises(AdoptError, match=match) as caught:
        adopted(*parts, **options)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_networks_that_do_not_fit_are_refused(adopted):
    sampled = [
        *ENCODER, ("RandomNormalLike", ["mu"], ["e"], {}), ("Add", ["mu", "e"], ["z"], {})
    ]  # fmt: skip
    refused(adopted, "mean of q.z.x., not a sample", sampled, outputs=("z",))
    unknown = [*ENCODER, ("NonMaxSuppression", ["mu", "mu"], ["z"], {})]
    refused(adopted, "operator NonMaxSuppression", unknown, outputs=("z",))
    refused(adopted, "takes codes of shape .5.", code=("N", 5))
    refused(adopted, "give the image shape", shape=["N", 60])
    refused(adopted, "cannot be computed for inputs of shapes", shape=["N", 16])
    infinite = [*DECODER[:1], ("Exp", ["h"], ["e"], {}), ("Exp", ["e"], ["f"], {})]
    infinite.append(("Exp", ["f"], ["image"], {}))
    refused(adopted, "not finite", decoder=infinite)
    mixing = [
        *ENCODER,
        ("ReduceMean", ["mu"], ["m"], {"axes": [0]}),
        ("Sub", ["mu", "m"], ["z"], {}),
    ]
    refused(adopted, "evaluation mode", mixing, outputs=("z",))


def test_what_takes_too_much_is_refused_before_it_is_computed(adopted, tmp_path, monkeypatch):
    many = [("Identity", ["x" if i == 0 else f"a{i}"], [f"a{i + 1}"], {}) for i in range(2001)]
    refused(adopted, "2,001 nodes", many, outputs=("a2001",))
    wide = [("Tile", ["x", "times"], ["z"], {})]
    more = {"times": np.array([1, 10**9]), "shape": np.array([10**6, 10**6])}
    refused(adopted, "numbers for one image", wide, outputs=("z",), stored=more)
    filled = [("ConstantOfShape", ["shape"], ["full"], {}), ("Add", ["x", "full"], ["z"], {})]
    refused(adopted, "numbers for one image", filled, outputs=("z",), stored=more)
    declared = write(tmp_path / "declared.onnx", ENCODER, SHAPE, ("mu",), tensors())
    model = onnx.load(declared)
    model.graph.initializer[0].dims[:] = [10**6, 10**6]
    declared.write_bytes(model.SerializeToString())
    refused(adopted, "of shape .1000000, 1000000.", declared)
    monkeypatch.setattr(onnx_file, "MAX_BYTES", 1000)
    with pytest.raises(vae.DataError, match="at most 1,000"):
        adopted()
    assert draft.MAX_VALUE < 10**9


def test_files_of_other_kinds_are_refused_with_the_lines_that_convert_them(adopted, tmp_path):
    class Code:
        def __reduce__(self):
            return print, ("run",)

    file = tmp_path / "model.onnx"
    file.write_bytes(pickle.dumps(Code()))
    refused(adopted, r"a pickle.*torch\.onnx\.export", file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", b"")
    refused(adopted, r"a PyTorch file.*torch\.onnx\.export", file)
    keras = file.rename(tmp_path / "model.keras")
    refused(adopted, r"a Keras model.*format=\"onnx\"", keras)
    for content in (b"", b"no model", bytes(range(256)) * 8):
        file.write_bytes(content)
        refused(adopted, "is not an ONNX file|holds no network", file)
    whole = write(file, ENCODER, SHAPE, ("mu",), tensors()).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    refused(adopted, "is not an ONNX file|is damaged", file)


def test_operators_and_weights_from_elsewhere_are_refused(adopted, tmp_path):
    custom = onnx.load(
        write(tmp_path / "c.onnx", ENCODER, SHAPE, ("mu",), tensors(), domains=["evil"])
    )
    custom.graph.node[0].domain = "evil"
    (tmp_path / "c.onnx").write_bytes(custom.SerializeToString())
    refused(adopted, "of 'evil'", tmp_path / "c.onnx")

    folder = tmp_path / "inside"
    folder.mkdir()
    file = write(folder / "e.onnx", ENCODER, SHAPE, ("mu",), tensors())
    model, (w, _) = onnx.load(file), linear(3, 64)
    (weight,) = (t for t in model.graph.initializer if t.name == "w")
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../secret.bin")
    file.write_bytes(model.SerializeToString())
    (tmp_path / "secret.bin").write_bytes(w.tobytes())
    refused(adopted, "outside its folder", file)
    weight.external_data[0].value = "weights.bin"
    (folder / "weights.bin").write_bytes(w.tobytes())
    file.write_bytes(model.SerializeToString())
    ck = adopted(file)
    assert ck.model.encode(torch.rand(2, 1, 8, 8)).shape == (2, 3)
    (folder / "weights.bin").write_bytes(w.tobytes()[:-4])
    refused(adopted, "is damaged", file)


def test_the_command_says_what_it_assumed(adopted, data, tmp_path):
    adopted()
    files = ["--encoder", tmp_path / "encoder.onnx", "--decoder", tmp_path / "decoder.onnx"]
    out = ["--data", data, "--out", tmp_path / "model", "--no-evaluate"]

    def run(*more):
        return CliRunner().invoke(main, ["adopt", *map(str, (*files, *out, *more))])

    done = run()
    assert done.exit_code == 0 and "the decoder ends with a sigmoid" in done.stdout
    assert "MSE per pixel" in done.stdout and done.stderr.startswith("Warning: ")
    assert vae.load(tmp_path / "model").config.model.name == "adopted-ae"
    done = run("--pixels", "logit")
    assert done.exit_code == 2 and "did you mean 'logits'" in done.stderr
    done = run("--image-shape", "1,8,x")
    assert done.exit_code == 2 and "expected numbers" in done.stderr
