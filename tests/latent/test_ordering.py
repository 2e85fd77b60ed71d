"""Latents are sorted by their information."""

import copy

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import vae
from vae import checkpoint
from vae.__main__ import main
from vae.config import ConfigError
from vae.latent import ordering
from vae.models import build
from vae.nn.priors import Flow


@pytest.fixture
def mixed(settings, tiny):
    """A model of five latents whose posterior means vary by known amounts, of known widths."""
    torch.manual_seed(0)
    model = build(settings(latent=5).model).eval().requires_grad_(False)
    features = model.encoder(torch.from_numpy(tiny.train.images).float() / 255)
    widths = features.std(0)
    model.mean.weight.zero_()
    model.mean.bias.zero_()
    model.log_var.weight.zero_()
    spread, width = [0.01, 1.0, 0.5, 1.0, 0.0], [1.0, 0.5, 0.1, 0.1, 1.0]
    for latent, (far, std) in enumerate(zip(spread, width, strict=True)):
        model.mean.weight[latent, latent] = far / widths[latent]
        model.log_var.bias[latent] = 2 * np.log(std)
    return model


def test_the_capacity_is_that_of_a_gaussian_channel(mixed, tiny):
    capacity = ordering.channel_capacity(mixed, tiny.train.images)
    n = len(tiny.train.images)
    signal = np.square([0.01, 1.0, 0.5, 1.0, 0.0]) * (n - 1) / n
    noise = np.square([1.0, 0.5, 0.1, 0.1, 1.0])
    np.testing.assert_allclose(capacity, 0.5 * np.log(1 + signal / noise), rtol=1e-3, atol=1e-6)


def test_latents_of_high_capacity_come_first_and_the_model_is_unchanged(mixed, tiny):
    weights = copy.deepcopy(mixed.state_dict())
    ordered = ordering.sort_latents(mixed, tiny.train)
    assert all(torch.equal(v, mixed.state_dict()[k]) for k, v in weights.items())
    x = torch.from_numpy(tiny.test.images).float() / 255
    torch.testing.assert_close(ordered.encode(x), mixed.encode(x)[:, [3, 2, 1, 0, 4]])
    torch.testing.assert_close(ordered.decode(ordered.encode(x)), mixed.decode(mixed.encode(x)))
    capacity = ordering.channel_capacity(ordered, tiny.train.images)
    assert (np.diff(capacity) <= 0).all()


def test_without_a_posterior_it_is_the_variance_of_the_code(settings, tiny):
    model = build(settings("ae", latent=3).model).eval()
    x = torch.from_numpy(tiny.train.images).float() / 255
    with torch.no_grad():
        expected = model.encode(x).var(0, correction=0)
    np.testing.assert_allclose(
        ordering.channel_capacity(model, tiny.train.images), expected, rtol=1e-4, atol=1e-7
    )


def test_two_latents_stay_as_they_are(settings, tiny):
    model = build(settings(latent=2).model)
    assert ordering.sort_latents(model, tiny.train) is model


def test_a_flow_s_order_is_stored_and_one_over_two_latents_has_none(settings, tmp_path):
    config = settings(latent=4, prior="flow")
    model = build(config.model)
    model.reorder(torch.tensor([3, 0, 2, 1]))
    model.reorder(torch.tensor([1, 0, 2, 3]))
    checkpoint.save(tmp_path / "m", model, config, {})
    loaded = checkpoint.load(tmp_path / "m").model
    assert loaded.flow.order.tolist() == model.flow.order.tolist() != [0, 1, 2, 3]
    assert loaded.flow.order.dtype == torch.int64
    assert "order" not in Flow(2).state_dict()
    with pytest.raises(ConfigError, match="over 2 latents"):
        Flow(2).reorder(torch.tensor([1, 0]))


def test_training_stores_the_latents_in_order(tmp_path):
    out = tmp_path / "m"
    arguments = ["train", "--data", "digits", "--latent", "6", "--epochs", "6", "--out", str(out)]
    widths = ["--encoder-widths", "64", "--decoder-widths", "64", "--no-evaluate", "--no-follow"]
    done = CliRunner().invoke(main, arguments + widths)
    assert done.exit_code == 0, done.output
    images = vae.load_dataset("digits", size=28).train.images
    capacity = ordering.channel_capacity(vae.load(out).model, images)
    assert (np.diff(capacity) < 0.02).all() and capacity[0] > capacity[-1] + 0.1
