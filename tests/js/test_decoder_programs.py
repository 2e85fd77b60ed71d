"""Every kind of layer that a decoder program knows: decoder.js in Node, with WebAssembly SIMD and
in plain JavaScript, compared with torch."""

import base64
import json
import random
import re
import shutil
import subprocess

import numpy as np
import pytest
import torch
from js.node_runner import HERE, start
from live import ROOT
from torch import nn

import vae
from vae import MODELS
from vae.config import NETWORKS
from vae.export.decoder_program import DecoderProgramError, decoder_program
from vae.latent.encoding import decode_uint8
from vae.models import build
from vae.nn.layers import Affine, FourierFeatures, Logit, OnFirstColumns, Residual, StochasticLayer
from vae.nn.likelihoods import Bernoulli

BUNDLED = sorted(p.name for p in (ROOT / "checkpoints").iterdir() if p.is_dir())


@pytest.fixture(scope="module")
def decoded():
    """The images [N, H W C] that decoder.js computes of a program; both kinds of kernels agree."""
    with start(HERE / "run_decoder.mjs") as node:

        def decode(program: bytes, codes, contexts=()) -> np.ndarray:
            case = [base64.b64encode(program).decode(), np.asarray(codes).tolist(), list(contexts)]
            node.stdin.write(json.dumps(case) + "\n")
            node.stdin.flush()
            result = json.loads(node.stdout.readline())
            if "error" in result:
                raise RuntimeError(result["error"])
            simd, plain = np.array(result["simd"]), np.array(result["plain"])
            assert np.abs(simd - plain).max() < 1e-5
            decode.multiply_adds = result["multiplyAdds"]
            return simd

        yield decode
        node.stdin.close()


def filled(layer: nn.Module) -> nn.Module:
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


DECODERS = {
    "linear, relu, layer norm, residual": (
        (1, 4, 5),
        lambda: nn.Sequential(
            nn.Linear(3, 13),
            nn.ReLU(),
            nn.LayerNorm(13),
            Residual(nn.Sequential(nn.SiLU(), nn.Linear(13, 13, bias=False))),
            nn.Linear(13, 20),
            nn.Unflatten(1, (1, 4, 5)),
        ),
    ),
    "fourier, colour from a linear layer": (
        (3, 4, 4),
        lambda: nn.Sequential(
            FourierFeatures(3, 7, 2.0), nn.Linear(17, 48), nn.Unflatten(1, (3, 4, 4))
        ),
    ),
    "noise passed along a body, used in two steps": (
        (1, 2, 2),
        lambda: nn.Sequential(
            OnFirstColumns(1, nn.Sequential(nn.Linear(1, 6), nn.SiLU())),
            OnFirstColumns(
                6, nn.Sequential(nn.Sequential(Residual(nn.Sequential(nn.Linear(6, 6)))))
            ),
            StochasticLayer(6, 1),
            OnFirstColumns(6, nn.Sequential(nn.LayerNorm(6))),
            StochasticLayer(6, 1),
            nn.Linear(6, 4),
            nn.Unflatten(1, (1, 2, 2)),
        ),
    ),
    "transposed convolutions of odd shapes": (
        (2, 10, 14),
        lambda: nn.Sequential(
            nn.Linear(3, 24),
            nn.Unflatten(1, (4, 2, 3)),
            nn.ConvTranspose2d(4, 5, 3, stride=2, padding=1, output_padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(5, 2, 5, stride=2, padding=1, output_padding=1),
            nn.Upsample(scale_factor=1, mode="nearest"),
        ),
    ),
    "activations of adopted models, a sum and a product for each channel": (
        (2, 4, 4),
        lambda: nn.Sequential(
            nn.Linear(3, 12),
            nn.ELU(0.7),
            filled(Affine(12)),
            nn.Unflatten(1, (3, 2, 2)),
            nn.GELU(),
            filled(Affine(3)),
            nn.Flatten(),
            nn.GELU("tanh"),
            nn.Linear(12, 32),
            nn.LeakyReLU(0.2),
            nn.Softplus(),
            nn.Tanh(),
            nn.Unflatten(1, (2, 4, 4)),
            nn.Conv2d(2, 2, 3, padding=1),
            nn.Hardtanh(-1, 0.5),
            Logit(1e-6),
        ),
    ),
    "upsampling and convolutions with stride": (
        (3, 4, 6),
        lambda: nn.Sequential(
            nn.Linear(3, 24),
            nn.Unflatten(1, (4, 2, 3)),
            nn.Upsample(scale_factor=4, mode="nearest"),
            nn.Conv2d(4, 6, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(6, 3, 1),
        ),
    ),
}


class Stub:
    latent, context_size, context, likelihood = 3, 0, None, Bernoulli()

    def __init__(self, decoder: nn.Sequential, shape: tuple[int, int, int]) -> None:
        self.decoder, self.image_shape = decoder, shape


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", DECODERS)
def test_program_equals_torch(decoded, name, half):
    torch.manual_seed(0)
    shape, build = DECODERS[name]
    decoder = build()
    if half:
        for tensor in (*decoder.parameters(), *decoder.buffers()):
            tensor.data = tensor.data.half().float()
    codes = torch.randn(6, 3)
    with torch.inference_mode():
        expected = decoder(codes).sigmoid()
    c, h, w = expected.shape[1:]
    program = decoder_program(Stub(decoder, (c, h, w)))
    assert (b'"float16"' in program[:2000]) == half
    found = decoded(program, codes).reshape(6, h, w, c).transpose(0, 3, 1, 2)
    assert np.abs(found - expected.numpy()).max() < 1e-5
    assert (c, h, w) == shape


def _random_layers(draw: random.Random, x: torch.Tensor) -> list[nn.Module]:
    """One or two random layers for images x [B, C, H, W]."""
    channels, side, most = x.shape[1], min(x.shape[2:]), max(x.shape[2:])
    made, kernel, stride = draw.randint(1, 11), draw.randint(1, min(5, side)), draw.randint(1, 3)
    padding = draw.randint(0, kernel - 1)
    convolution = nn.Conv2d(channels, made, kernel, stride, padding)
    transposed = nn.ConvTranspose2d(
        channels, made, kernel, stride, min(padding, (kernel - 1) // 2), draw.randrange(stride)
    )
    norm = nn.GroupNorm(draw.choice([n for n in (1, 2, channels) if channels % n == 0]), channels)
    body = nn.Sequential(nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))
    activation = draw.choice([nn.SiLU, nn.ReLU, nn.Sigmoid])()
    choices = [[convolution], [norm], [Residual(body)], [activation]]
    if most <= 6:
        larger = nn.Upsample(scale_factor=draw.randint(2, 3), mode="nearest")
        after = nn.Conv2d(channels, made, kernel, 1, padding)
        shuffled = [nn.Conv2d(channels, 4 * made, 1), nn.PixelShuffle(2)]
        choices += [[transposed], [larger], [larger, after], shuffled]
    return draw.choice(choices)


def _random_decoder(draw: random.Random, codes: torch.Tensor) -> nn.Sequential:
    """A small network of random layers from codes [N, 3] to images."""
    width, channels = draw.randint(1, 21), draw.randint(1, 9)
    shape = (channels, draw.randint(1, 7), draw.randint(1, 7))
    fourier = FourierFeatures(3, draw.randint(1, 5), 1.0)
    layers = draw.choice(
        [[nn.Linear(3, width)], [fourier, nn.Linear(fourier.out_features, width)]]
    )
    layers += draw.choice([[], [nn.LayerNorm(width)], [nn.SiLU()]])
    layers += [nn.Linear(width, channels * shape[1] * shape[2]), nn.Unflatten(1, shape)]
    network = nn.Sequential(*layers)
    x = network(codes)
    for _ in range(draw.randint(1, 6)):
        layers = _random_layers(draw, x)
        network.extend(layers)
        x = nn.Sequential(*layers)(x)
    for parameter in network.parameters():  # normalisations start as 1 and 0
        parameter.data = 0.4 * torch.randn_like(parameter)
    return network


def test_random_networks_equal_torch(decoded):
    torch.manual_seed(0)
    draw, codes, seen = random.Random(0), torch.randn(2, 3), set()
    with torch.inference_mode():
        for _ in range(150):
            network = _random_decoder(draw, codes)
            expected = network(codes).sigmoid()
            n, c, h, w = expected.shape
            program = decoder_program(Stub(network, (c, h, w)))
            found = decoded(program, codes).reshape(n, h, w, c).transpose(0, 3, 1, 2)
            assert np.abs(found - expected.numpy()).max() < 1e-5, network
            seen |= {type(layer) for layer in network}
    assert len(seen) == 13, seen  # every kind of layer has been drawn


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", MODELS)
def test_every_model_s_program_equals_torch(decoded, settings, name, network):
    """With every label and none, several noise seeds and none."""
    torch.manual_seed(0)
    model = build(settings(name, network).model)
    for parameter in model.parameters():  # fresh heads start at zero and would hide a mistake
        parameter.data += 0.2 * torch.randn_like(parameter)
    codes = torch.randn(6, 2)
    cases = {None: [{}], "label": [{}, {"label": 0}, {"label": 1}]}.get(
        model.context, [{"seed": seed} for seed in (0, 1, 7, 255)]
    )
    contexts = [_context(model, **case) for case in cases]
    program = decoder_program(model)
    for case, context in zip(cases, contexts, strict=True):
        expected = decode_uint8(model, codes.numpy(), **case).reshape(6, -1).astype(int)
        found = decoded(program, codes, [context] * 6)
        assert np.abs(np.round(255 * found) - expected).max() <= 1
    if model.context_size:
        pictures = [decode_uint8(model, codes.numpy(), **case) for case in cases]
        assert all((pictures[0] != other).any() for other in pictures[1:])
        zeros = decoded(program, codes, [contexts[0]] * 6)
        assert (zeros == decoded(program, codes)).all()  # left out: all zero


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_model_s_program_equals_torch(decoded, name):
    model = vae.load(ROOT / "checkpoints" / name).model
    codes = np.random.default_rng(0).normal(scale=1.5, size=(10, model.latent)).round(4)
    program = decoder_program(model)
    expected = decode_uint8(model, codes).reshape(10, -1).astype(int)
    found = decoded(program, codes, [_context(model)] * 10)
    assert np.abs(np.round(255 * found) - expected).max() <= 1
    assert np.ptp(expected) > 200  # the images are pictures, not one grey


def _context(model, label: int | None = None, seed: int = 0) -> list[float]:
    """The decoder's further inputs."""
    return model.context_vector(label, seed).tolist()


def test_a_layer_without_a_program_is_named():
    decoder = nn.Sequential(nn.Linear(3, 4), nn.CELU(), nn.Unflatten(1, (1, 2, 2)))
    with pytest.raises(DecoderProgramError, match="CELU"):
        decoder_program(Stub(decoder, (1, 2, 2)))
    grouped = nn.Sequential(nn.Unflatten(1, (1, 1, 3)), nn.Conv2d(1, 2, (1, 3)))
    with pytest.raises(DecoderProgramError, match="square"):
        decoder_program(Stub(grouped, (2, 1, 1)))


def test_a_torn_program_is_refused(decoded):
    decoder = nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (1, 2, 2)))
    program = decoder_program(Stub(decoder, (1, 2, 2)))
    with pytest.raises(RuntimeError, match=r"RangeError|decoder program"):
        decoded(program[:-4], [[0, 0, 0]])


KERNELS = ROOT / "pages/ui/decoder/kernels.c"


@pytest.mark.skipif(shutil.which("wasm-ld") is None, reason="no clang and lld for WebAssembly")
def test_the_webassembly_is_built_from_its_source(tmp_path):
    """By the command that its source names; another version of clang may differ in bytes."""
    source = KERNELS.read_text()
    command = re.search(r"^ \* +(clang .+?kernels\.c)$", source, re.DOTALL | re.MULTILINE)[1]
    words = command.replace("\n *", " ").split()
    (tmp_path / KERNELS.name).write_text(source)
    subprocess.run(words, cwd=tmp_path, check=True)
    built, kept = (tmp_path / "kernels.wasm").read_bytes(), KERNELS.with_suffix(".wasm")
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True).stdout
    if "version 14." in version:
        assert built == kept.read_bytes()
    assert 0 < len(built) <= 32_000
