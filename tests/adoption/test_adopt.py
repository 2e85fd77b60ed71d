"""Models of other projects as checkpoints: they compute what they computed before."""

import numpy as np
import pytest
import torch
from adoption.foreign import ClassicVAE, ConvolutionalVAE
from torch import nn

import vae
from vae import checkpoint
from vae.export.decoder_program import DecoderProgramError, decoder_program

GREY_LEVEL = 1 / 255


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """300 digits of 8 x 8 as an archive of arrays."""
    from sklearn.datasets import load_digits

    source, path = load_digits(), tmp_path_factory.mktemp("data") / "digits.npz"
    images = (source.images[:300] * 15.9).astype(np.uint8)
    np.savez(path, images=images, labels=source.target[:300])
    return path


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """Sixty colour images of 16 x 16 with a gradient."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "colours.npz"
    images = rng.integers(0, 255, (60, 1, 1, 3)) * np.linspace(0, 1, 16)[:, None, None]
    images = np.broadcast_to(images, (60, 16, 16, 3)).astype(np.uint8)
    np.savez(path, images=images, labels=np.arange(60) % 2)
    return path


def test_the_classic_example_of_pytorch(tmp_path):
    """Pairs of mean and log-variance, flat images, a sigmoid; without training it is no good."""
    torch.manual_seed(0)
    theirs = ClassicVAE()
    with pytest.warns(UserWarning, match="no better|the mean image"):
        ck = vae.adopt(
            theirs.encode, theirs.decode, image_shape=(1, 28, 28), latent=20,
            data="fashion-mnist-starter", out=tmp_path / "classic",
        )  # fmt: skip
    assert theirs.training
    facts, model = ck.metrics["adopted"], ck.model
    assert (facts["second"], facts["pixels"]) == ("log-variance", "unit")
    assert facts["mse"] > facts["mse_of_mean_image"] and facts["difference"] <= GREY_LEVEL
    z, x = torch.randn(50, 20), torch.rand(50, 1, 28, 28)
    with torch.no_grad():
        pixels = model.decode(z).sigmoid().flatten(1)
        torch.testing.assert_close(pixels, theirs.decode(z), rtol=0, atol=1e-6)
        mean, log_var = theirs.encode(x.flatten(1))
        torch.testing.assert_close(model.encode(x), mean)
        torch.testing.assert_close(model.posterior(x).std, (0.5 * log_var).exp())
    assert [type(layer) for layer in model.decoder] == [
        nn.Linear, nn.ReLU, nn.Linear, nn.Unflatten
    ]  # fmt: skip
    assert len(decoder_program(model)) > 4 * 20 * 400


@pytest.fixture(scope="module")
def convolutional(colours, tmp_path_factory):
    """A model, and the checkpoint that was made of it with sorted latents."""
    torch.manual_seed(0)
    theirs = ConvolutionalVAE()
    optimiser = torch.optim.Adam(theirs.parameters(), 1e-3)
    images = torch.from_numpy(np.load(colours)["images"]).permute(0, 3, 1, 2) / 127.5 - 1
    for _ in range(40):
        optimiser.zero_grad()
        (theirs.decode(theirs.encode(images).mean) - images).square().mean().backward()
        optimiser.step()
    theirs.eval()
    ck = vae.adopt(
        theirs.encode, theirs.decode, image_shape=(3, 16, 16), data=colours, input_range="signed",
        sort_latents=True, out=tmp_path_factory.mktemp("models") / "conv",
    )  # fmt: skip
    return theirs, ck


def test_a_convolutional_model(convolutional):
    """Distributions, batch normalisation, a tanh; batch normalisation goes into the weights."""
    theirs, ck = convolutional
    facts, order = ck.metrics["adopted"], torch.tensor(ck.metrics["adopted"]["latents"])
    assert (facts["second"], facts["pixels"], facts["warning"]) == ("std", "signed", "")
    assert facts["mse"] < facts["mse_of_mean_image"] and facts["difference"] <= GREY_LEVEL
    kinds = [type(layer) for layer in ck.model.decoder]
    assert nn.BatchNorm2d not in kinds and kinds[:3] == [
        nn.Linear,
        nn.Unflatten,
        nn.ConvTranspose2d,
    ]
    decoder_program(ck.model)
    z, x = torch.randn(20, 6), torch.rand(20, 3, 16, 16)
    with torch.no_grad():
        expected = (theirs.decode(z) + 1) / 2
        found = ck.model.decode(z[:, order]).sigmoid()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        q = theirs.encode(2 * x - 1).base_dist
        torch.testing.assert_close(ck.model.encode(x), q.mean[:, order], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(ck.model.posterior(x).std, q.stddev[:, order])


def test_an_adopted_model_is_a_checkpoint_like_any_other(convolutional):
    from vae.evaluation import evaluate

    _, ck = convolutional
    data = vae.load_dataset(ck.config.train.data, preparation=ck.config.preparation)
    again = checkpoint.load(ck.path)
    assert again.digest == ck.digest and again.config == ck.config
    assert not list(ck.path.glob("*.pkl")) and (ck.path / "images.npz").exists()
    numbers = evaluate(ck.model, data, iwae_k=5)
    assert numbers["neg_elbo"] == pytest.approx(numbers["reconstruction"] + numbers["kl"])
    z = torch.zeros(1, 6, requires_grad=True)
    (slope,) = torch.autograd.grad(ck.model.decode(z).sum(), z)  # for geodesics
    assert slope.abs().sum() > 0


def test_codes_alone_have_no_elbo(digits, tmp_path):
    """Functions, a dict, logits, and a decoder that is no chain of layers."""
    torch.manual_seed(0)
    encoder, first, last = nn.Linear(64, 3), nn.Linear(3, 16), nn.Linear(32, 64)

    def decode(z):
        h = first(z)
        return last(torch.cat([h.sin(), h.relu()], 1)) - 2

    with pytest.warns(UserWarning, match="the mean image"):
        ck = vae.adopt(
            lambda x: {"embedding": encoder(x).tanh()}, decode, image_shape=(1, 8, 8),
            data=digits, out=tmp_path / "ae", pixels="logits", flat=True, likelihood="gaussian",
        )  # fmt: skip
    model, x = ck.model, torch.rand(4, 1, 8, 8)
    assert ck.config.model.name == "adopted-ae" and not model.has_prior
    assert model.posterior(x) is None and model.prior() is None
    assert (model.terms(x).kl == 0).all()
    sigma = float(model.likelihood.log_sigma.exp())
    assert sigma == pytest.approx(ck.metrics["adopted"]["mse"] ** 0.5, rel=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(model.encode(x), encoder(x.flatten(1)).tanh())
        z = torch.randn(5, 3)
        torch.testing.assert_close(model.decode(z).flatten(1), decode(z))
    with pytest.raises(DecoderProgramError, match="decode on the server"):
        decoder_program(model)
