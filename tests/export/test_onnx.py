"""ONNX files answer as torch does, for every model and network, and say what they are."""

import importlib.util
import json
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner

from vae import (
    MODELS,
    Config,
    Dataset,
    ModelConfig,
    Split,
    TrainConfig,
    adopt,
    checkpoint,
    training,
)
from vae.__main__ import main
from vae.export import onnx
from vae.latent.codec import TorchCodec
from vae.latent.encoding import decode_uint8
from vae.models import build

GAUSSIAN = MODELS.keys() - {"ae", "avb"}


@pytest.fixture
def saved(settings, tmp_path):
    """Saves an untrained model and returns its loaded checkpoint."""

    def make(name, network="mlp", **options):
        torch.manual_seed(0)
        config = settings(name, network, **options)
        checkpoint.save(tmp_path / name, build(config.model), config, {})
        return checkpoint.load(tmp_path / name)

    return make


def export(*arguments):
    """The exit code, and the lines on stdout or, after a failure, on stderr."""
    done = CliRunner().invoke(main, ["export", *map(str, arguments)])
    if not isinstance(done.exception, SystemExit | None):
        raise done.exception
    shown = done.stderr if done.exit_code else done.stdout
    return done.exit_code, shown.strip().splitlines()


EXPORTED = {}  # the same files serve several tests


@pytest.fixture
def exported(saved, tmp_path):
    """Exports an untrained model: the checkpoint, and the sessions of encoder and decoder."""

    def make(*arguments, **options):
        key = (*arguments, *options.items())
        if key in EXPORTED:
            return EXPORTED[key]
        loaded = saved(*arguments, **options)
        code, lines = export(loaded.path, "--onnx", tmp_path / "out" / "m.onnx")
        assert code == 0, lines
        paths = [tmp_path / "out" / f"m-{part}.onnx" for part in ("encoder", "decoder")]
        assert sorted(paths) == sorted((tmp_path / "out").iterdir())
        for path, line in zip(paths, lines, strict=False):
            assert str(path) in line and float(line.split()[-1]) <= 1e-4
            raw = path.read_bytes()  # holds no path of this machine
            assert b"onnx_export.py" not in raw and str(tmp_path).encode() not in raw
        EXPORTED[key] = loaded, *(onnxruntime.InferenceSession(str(path)) for path in paths)
        return EXPORTED[key]

    return make


def shapes(values):
    return {value.name: value.shape for value in values}


def run(session, **inputs):
    values = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    return dict(
        zip([o.name for o in session.get_outputs()], map(torch.from_numpy, values), strict=True)
    )


def same(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


# Every model (a beta-vae is a vae), and convolutions with noise; a resnet below.
NETWORKS = [*((name, "mlp") for name in MODELS if name != "beta-vae"), ("hvae", "conv")]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_the_files_compute_what_torch_computes(name, network, exported, pictures):
    loaded, encoder, decoder = exported(name, network)
    model, image = loaded.model, ["N", 1, 8, 8]
    label = {"label_one_hot": ["N", 2]} if name == "cvae" else {}
    extra = {"extra": ["N", model.context_size]} if model.context else {}
    code = {"mean": ["N", 2]} | ({"std": ["N", 2]} if name in GAUSSIAN else {})
    assert shapes(encoder.get_inputs()) == {"images": image} | label
    assert shapes(encoder.get_outputs()) == code
    assert shapes(decoder.get_inputs()) == {"z": ["N", 2]} | extra
    assert shapes(decoder.get_outputs()) == {"image": image}

    for n in (1, 7):
        y = torch.arange(n) % 3 - 1
        one_hot = torch.eye(3)[y + 1, 1:]
        given = run(encoder, images=pictures[:n], **({"label_one_hot": one_hot} if label else {}))
        same(given["mean"], model.encode(pictures[:n], y))
        if name in GAUSSIAN:
            same(given["std"], model.posterior(pictures[:n], y).std)
        z = torch.randn(n, 2, generator=torch.Generator().manual_seed(1))
        more = one_hot if model.classes else torch.zeros(n, model.context_size)
        drawn = run(decoder, z=z, **({"extra": more} if extra else {}))["image"]
        same(drawn, model.decode(z, y).sigmoid())

    for part, session in (("encoder", encoder), ("decoder", decoder)):
        facts = session.get_modelmeta().custom_metadata_map
        assert facts["part"] == part and facts["model"] == name
        assert facts["checkpoint"] == loaded.name and facts["digest"] == loaded.digest
        assert json.loads(facts["inputs"]).keys() == shapes(session.get_inputs()).keys()
        assert json.loads(facts["outputs"]).keys() == shapes(session.get_outputs()).keys()
        assert "[0, 1]" in facts["units"] and "torch" in json.loads(facts["versions"])
        assert ("refine" in facts) == (part == "encoder")


@pytest.fixture
def read_back(tiny, tmp_path):
    """The model that is adopted of the files NAME-encoder.onnx and NAME-decoder.onnx."""

    def adopt_files(stem):
        np.savez(tmp_path / "tiny.npz", images=tiny.test.images[:, 0], labels=tiny.test.labels)
        files = [stem.with_name(f"{stem.name}-{part}.onnx") for part in ("encoder", "decoder")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it was not trained
            return adopt(*files, data=tmp_path / "tiny.npz", out=tmp_path / "back")

    return adopt_files


def identical(back, own, pictures):
    """Pictures with every label and none, or with seeds of all groups and none; and codes."""
    info, codes = TorchCodec(own.model).info, np.random.default_rng(0).normal(size=(50, 2))
    found = TorchCodec(back.model).info
    assert found == info._replace(normal_prior=found.normal_prior)
    assert back.model.needs_label == own.model.needs_label
    seeds = [0, *(first + k for _, first in info.seed_groups or (("", 0),) for k in (0, 3))]
    cases = [{"label": label} for label in (None, *range(info.classes))]
    for case in [{"seed": seed} for seed in seeds] if info.noise_size else cases:
        found, expected = (decode_uint8(ck.model, codes, **case).astype(int) for ck in (back, own))
        assert np.abs(found - expected).max() == 0 and np.ptp(expected) > 0, case
    for y in (None, torch.arange(len(pictures)) % 2):
        same(back.model.encode(pictures, y), own.model.encode(pictures, y))
        if (q := own.model.posterior(pictures, y)) is not None:
            same(back.model.posterior(pictures, y).std, q.std)


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_the_files_come_back_as_a_model_with_identical_pictures(
    name, network, exported, read_back, pictures
):
    """Also where a label or noise stands beside the code."""
    own = exported(name, network)[0]
    back = read_back(own.path.parent / "out" / "m")
    identical(back, own, pictures)
    layers = [
        [type(m) for m in ck.model.decoder.modules() if not list(m.children())]
        for ck in (back, own)
    ]
    assert layers[0] == layers[1]


def test_an_adopted_model_is_exported_once_more(exported, read_back, pictures, tmp_path):
    own = exported("cvae", "mlp")[0]
    onnx.write(read_back(own.path.parent / "out" / "m"), tmp_path / "again")
    identical(read_back(tmp_path / "again"), own, pictures)


def test_a_model_of_128_pixels_trains_saves_opens_decodes_and_exports(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (8, 3, 128, 128), np.uint8)
    split = Split(images, np.zeros(8, np.int64))
    widths = {"encoder_widths": (4, 4, 4, 8, 16), "decoder_widths": (16, 8, 8, 4, 4)}
    options = {"network": "resnet", "image_shape": (3, 128, 128), "fourier": 4}
    config = Config(ModelConfig(**options, **widths), TrainConfig("x", epochs=1, batch_size=4))
    run = training.new_run(config, Dataset("x", split, split, ("noise",)), torch.device("cpu"))
    list(training.train(run, Dataset("x", split, split, ("noise",))))
    assert run.finished
    checkpoint.save(tmp_path / "m", run.result, config, {}, half=False)
    loaded = checkpoint.load(tmp_path / "m")
    z = loaded.model.encode(torch.from_numpy(images).float() / 255)
    expected = decode_uint8(run.result, z.numpy()).astype(int)
    assert expected.shape == (8, 128, 128, 3)
    assert np.abs(decode_uint8(loaded.model, z.numpy()) - expected).max() <= 1
    files = onnx.write(loaded, tmp_path / "out")  # compares them with torch
    assert [file.path.name for file in files] == ["out-encoder.onnx", "out-decoder.onnx"]


def test_a_label_changes_the_output_of_a_cvae(exported, pictures):
    _, encoder, decoder = exported("cvae", "mlp")
    labels = (torch.zeros(4, 2), *(torch.eye(2)[[k] * 4] for k in range(2)))
    codes = [run(encoder, images=pictures[:4], label_one_hot=y)["mean"] for y in labels]
    drawn = [run(decoder, z=torch.zeros(4, 2), extra=y)["image"] for y in labels]
    for values in (codes, drawn):
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert (values[a] - values[b]).abs().max() > 1e-3


def test_noise_changes_the_image_of_an_hvae(exported):
    loaded, _, decoder = exported("hvae", "mlp")
    noise = torch.randn(2, loaded.model.context_size, generator=torch.Generator().manual_seed(2))
    drawn = run(decoder, z=torch.zeros(2, 2), extra=noise)["image"]
    same(drawn, loaded.model.decode_with(torch.zeros(2, 2), noise).sigmoid())
    assert (drawn[0] - drawn[1]).abs().max() > 1e-3


def test_newton_steps_are_left_out_and_the_file_says_so(saved, tmp_path, pictures):
    loaded = saved("vae", refine=2)
    code, lines = export(loaded.path, "--onnx", tmp_path / "m")
    assert code == 0 and "2 Newton steps" in lines[-1]
    session = onnxruntime.InferenceSession(str(tmp_path / "m-encoder.onnx"))
    assert "without the 2 Newton" in session.get_modelmeta().custom_metadata_map["refine"]
    assert loaded.model.refine == 2
    loaded.model.refine = 0
    same(run(session, images=pictures)["mean"], loaded.model.encode(pictures))


def test_a_learned_prior_does_not_change_the_encoder_file(exported, pictures):
    loaded, encoder, _ = exported("vae", prior="flow")
    same(run(encoder, images=pictures)["mean"], loaded.model.encode(pictures))
    assert "flow prior" in encoder.get_modelmeta().custom_metadata_map["units"]


def refused(*arguments):
    code, lines = export(*arguments)
    assert code == 2 and len(lines) == 1, lines
    return lines[0]


def test_a_file_that_differs_from_torch_is_not_written(saved, tmp_path, monkeypatch):
    loaded = saved("ae")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)
    assert "differs from torch" in refused(loaded.path, "--onnx", tmp_path / "m")
    monkeypatch.setattr(onnx, "TOLERANCE", 1e-4)
    monkeypatch.setattr(onnx, "_difference", lambda path, part: np.nan)
    assert "differs from torch" in refused(loaded.path, "--onnx", tmp_path / "m")
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_packages_are_named(saved, tmp_path, monkeypatch):
    loaded, real = saved("ae"), importlib.util.find_spec
    monkeypatch.setattr(
        onnx, "find_spec", lambda name: None if name == "onnxruntime" else real(name)
    )
    line = refused(loaded.path, "--onnx", tmp_path / "m")
    assert "pip install onnx onnxruntime onnxscript" in line


def test_wrong_use_is_one_line_of_error(saved, tmp_path):
    loaded = saved("ae")
    assert "has no" in refused(tmp_path / "nowhere", "--onnx", tmp_path / "m")
    (tmp_path / "file").write_text("no folder")
    assert "cannot be written" in refused(loaded.path, "--onnx", tmp_path / "file" / "m.onnx")
    assert "is a folder" in refused(loaded.path, "--onnx", tmp_path)
    assert not list(tmp_path.rglob("*.onnx"))
