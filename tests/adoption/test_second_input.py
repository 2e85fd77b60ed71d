"""Networks with a second input: the label of a conditional model, or noise."""

import warnings

import numpy as np
import pytest
import torch
from adoption.foreign import linear, write
from click.testing import CliRunner
from torch import nn

import vae
from vae import AdoptError
from vae.__main__ import main
from vae.export.decoder_program import decoder_program
from vae.latent.encoding import encode_images

CODES = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
SHAPE = {"image_shape": (1, 8, 8), "flat": True, "data": "digits"}


def adopted(*networks, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing was trained
        return vae.adopt(*networks, **options)


class Conditional(nn.Module):
    """The label joins pixels and code: one-hot, or by an embedding of the class's number."""

    def __init__(self, by_number):
        super().__init__()
        self.embedding = nn.Embedding(10, 10) if by_number else nn.Identity()
        self.mean, self.log_var = nn.Linear(74, 3), nn.Linear(74, 3)
        self.decoder = nn.Sequential(nn.Linear(13, 20), nn.ReLU(), nn.Linear(20, 64))

    def encode(self, x, y):
        h = torch.cat([x, self.embedding(y)], 1)
        return self.mean(h), self.log_var(h)

    def decode(self, z, y):
        return self.decoder(torch.cat([z, self.embedding(y)], 1)).sigmoid()


@pytest.mark.parametrize("by_number", [False, True])
def test_a_conditional_model_of_pytorch(by_number, tmp_path):
    torch.manual_seed(0)
    theirs = Conditional(by_number)
    ck = adopted(theirs.encode, theirs.decode, classes=10, sort_latents=True, **SHAPE,
                 out=tmp_path / "m")  # fmt: skip
    model, order = ck.model, ck.metrics["adopted"].get("latents", [0, 1, 2])
    assert (model.classes, model.needs_label, model.noise_size) == (10, True, 0)
    x, y = torch.rand(6, 1, 8, 8), torch.tensor([0, 1, 5, 9, 9, 3])
    given = y if by_number else nn.functional.one_hot(y, 10).float()
    with torch.no_grad():
        mean, log_var = theirs.encode(x.flatten(1), given)
        torch.testing.assert_close(model.encode(x, y), mean[:, order])
        std = (0.5 * log_var).exp()
        torch.testing.assert_close(model.posterior(x, y).std, std[:, order])
        pixels = model.decode(CODES[:, order], y).sigmoid().flatten(1)
        torch.testing.assert_close(pixels, theirs.decode(CODES, given), rtol=0, atol=1e-6)
        one = model.picture(CODES[:, order], label=5).flatten(1)
        torch.testing.assert_close(one, theirs.decode(CODES, given[[2] * 6]), rtol=0, atol=1e-6)
    if not by_number:  # a chain of layers
        assert decoder_program(model)
    data = vae.load_dataset("digits")
    assert encode_images(model, *data.test).mean.shape == (len(data.test.labels), 3)


def test_an_encoder_without_the_label(tmp_path):
    theirs, encoder = Conditional(False), nn.Linear(64, 3)
    ck = adopted(encoder, theirs.decode, classes=10, **SHAPE, out=tmp_path / "m")
    x, y = torch.rand(2, 1, 8, 8), torch.tensor([3, 4])
    assert ck.config.model.name == "adopted-ae" and ck.model.classes == 10
    torch.testing.assert_close(ck.model.encode(x, y), encoder(x.flatten(1)).detach())


def test_noise_beside_the_code(tmp_path):
    layer = nn.Linear(8, 64)
    ck = adopted(
        nn.Linear(64, 3), lambda z, e: layer(torch.cat([e, z], 1)).sigmoid(), noise=5, **SHAPE,
        out=tmp_path / "m",
    )  # fmt: skip
    model = ck.model
    assert "those of zero noise" in ck.metrics["adopted"]["notes"][0]
    assert model.noise_size == 5 and ck.metrics["adopted"]["difference"] < 1e-5
    noise = torch.randn(5, generator=torch.Generator().manual_seed(7))
    expected = layer(torch.cat([noise.expand(6, -1), CODES], 1)).sigmoid().detach()
    torch.testing.assert_close(model.picture(CODES, seed=7).flatten(1), expected)
    torch.testing.assert_close(
        model.picture(CODES).flatten(1), layer(nn.functional.pad(CODES, (5, 0))).sigmoid().detach()
    )


@pytest.fixture
def files(tmp_path):
    """An encoder of images alone, and a decoder that takes the label before the code."""
    (w, b), (v, c) = linear(3, 64), linear(64, 13, 1)
    encoder = write(
        tmp_path / "e.onnx", [("Gemm", ["x", "w", "b"], ["mu"], {"transB": 1})], ["N", 64],
        ("mu",), {"w": w, "b": b},
    )  # fmt: skip
    nodes = [
        ("Concat", ["y", "x"], ["both"], {"axis": 1}),
        ("Gemm", ["both", "v", "c"], ["h"], {"transB": 1}),
        ("Sigmoid", ["h"], ["image"], {}),
    ]
    first = [("y", np.float32, ["N", 10])]
    decoder = write(
        tmp_path / "d.onnx", nodes, ["N", 3], ("image",), {"v": v, "c": c}, before=first
    )
    return encoder, decoder


def test_a_file_whose_second_input_is_not_known_is_refused(files, tmp_path):
    def refused(match, *networks, **options):
        with pytest.raises(AdoptError, match=match) as caught:
            adopted(*(networks or files), data="digits", out=tmp_path / "m", **options)
        assert "\n" not in str(caught.value) and not (tmp_path / "m").exists()

    refused(r"has 2 inputs, y and x, .*--classes N.*--noise N")
    refused("expected 7 numbers for the noise", noise=7)
    refused("labels of 9 classes|expected 9 numbers for the label", classes=9)
    refused("choose one of both", classes=10, noise=10)
    refused("has 2 inputs", files[1], files[1], image_shape=(1, 8, 8))
    layer = nn.Linear(3, 64)
    refused("takes one input", files[0], files[0], classes=10)
    refused("function of two tensors", nn.Linear(64, 3), layer, classes=10, image_shape=(1, 8, 8))
    theirs = Conditional(False)
    theirs.decoder[0] = nn.Linear(9, 20)
    refused(
        "labels of 6 classes, digits has 10", nn.Linear(64, 3), theirs.decode, classes=6,
        image_shape=(1, 8, 8),
    )  # fmt: skip


def test_the_command_takes_the_number_of_classes(files, tmp_path):
    words = ["--encoder", files[0], "--decoder", files[1], "--data", "digits", "--no-evaluate"]
    words += ["--classes", 10, "--out", tmp_path / "m"]
    done = CliRunner().invoke(main, ["adopt", *map(str, words)])
    assert done.exit_code == 0, done.output
    model, (v, c) = vae.load(tmp_path / "m").model, map(torch.from_numpy, linear(64, 13, 1))
    y = torch.tensor([0, 3, 9, 2, 2, 5])
    given = torch.cat([nn.functional.one_hot(y, 10), CODES], 1)
    torch.testing.assert_close(model.decode(CODES, y).flatten(1), given @ v.T + c)
