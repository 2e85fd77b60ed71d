"""Density, pixel entropy and codes against closed forms."""

import math
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from vae import MODELS
from vae.latent.codec import TorchCodec
from vae.latent.density import (
    RelativeDensity,
    bounds,
    kernel_density,
    pixel_entropy_field,
    sample_field,
)
from vae.latent.encoding import class_centres, decode_uint8, encode_images
from vae.models import build


class Plane(nn.Module):
    """A decoder whose single pixel has the logit z1 + 2 z2."""

    latent, image_shape, classes, noise_size = 2, (1, 1, 1), 0, 0
    has_prior, learned_prior = True, False
    variations, seed_groups = 256, ()

    def decode(self, z, y=None):
        return (z[:, 0] + 2 * z[:, 1]).reshape(-1, 1, 1, 1)

    def picture(self, z, label=None, seed=0):
        return self.decode(z).sigmoid()


def test_density_of_a_normal_sample_is_the_normal_density():
    codes = np.random.default_rng(0).normal(size=(40_000, 2)).astype(np.float32)
    area = (-5.0, 5.0, -4.0, 4.0)
    field = kernel_density(codes, area, size=200)
    cell = (10 / 200) * (8 / 200)
    assert field.values.sum() * cell == pytest.approx(1, abs=0.01)
    points = np.array([[0.0, 0.0], [1.0, 0.5], [-0.7, 1.2]])
    exact = np.exp(-0.5 * (points**2).sum(1)) / (2 * math.pi)
    assert sample_field(field, points) == pytest.approx(exact, rel=0.15)
    assert sample_field(field, np.array([[9.0, 9.0]]))[0] == 0


def test_field_orientation():
    """Mass placed at a corner is found at that corner, by axis and not mirrored."""
    codes = np.array([[2.0, -1.0]] * 50, dtype=np.float32)
    field = kernel_density(
        codes + np.random.default_rng(0).normal(scale=0.01, size=(50, 2)), (-3, 3, -2, 2)
    )
    row, column = np.unravel_index(field.values.argmax(), field.values.shape)
    assert column / 256 * 6 - 3 == pytest.approx(2, abs=0.1)
    assert row / 256 * 4 - 2 == pytest.approx(-1, abs=0.1)


def test_entropy_is_that_of_the_bernoulli():
    field = pixel_entropy_field(TorchCodec(Plane()), (-2.0, 2.0, -1.0, 1.0), size=8)
    z1, z2 = -2 + 4 * 6.5 / 8, -1 + 2 * 1.5 / 8
    p = 1 / (1 + math.exp(-(z1 + 2 * z2)))
    exact = -p * math.log(p) - (1 - p) * math.log(1 - p)
    assert field.values[1, 6] == pytest.approx(exact, rel=1e-5)
    assert field.values.max() <= math.log(2) + 1e-6


def test_a_class_centre_lies_in_the_densest_part():
    rng = np.random.default_rng(0)
    crowd = rng.normal(loc=3, scale=0.05, size=(80, 2))
    strays = rng.normal(loc=-3, scale=2, size=(40, 2))
    codes = np.vstack([crowd, strays, [[9, 9]]]).astype(np.float32)
    labels = np.array([0] * 120 + [2])
    centres = class_centres(codes, labels, 3)
    assert np.linalg.norm(centres[0] - 3) < 0.15
    assert np.isnan(centres[1]).all() and (centres[2] == 9).all()


def test_images_are_encoded_in_batches_of_about_the_same_size_in_memory():
    class Counting(Plane):
        needs_label, batches = False, []
        weight = nn.Parameter(torch.zeros(()))

        def posterior(self, x, y=None):
            self.batches.append(len(x))
            return x.mean((1, 2, 3))[:, None], None

    for count, shape in ((1500, (1, 28, 28)), (100, (3, 64, 64)), (2, (3, 700, 700))):
        images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones(shape, np.uint8)
        model = Counting()
        means = encode_images(model, images).mean[:, 0]
        assert means == pytest.approx(images[:, 0, 0, 0] / 255)
    assert Counting.batches == [1000, 500, 63, 37, 1, 1]


def test_the_centre_of_a_few_items_is_no_stray_that_comes_first():
    codes = np.array([[9, 9], [0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [-9, 9]], np.float32)
    centres = class_centres(codes, np.zeros(6, int), 1)
    assert np.abs(centres[0]).max() < 0.2


def test_bounds_hold_the_data_but_not_a_stray():
    codes = np.random.default_rng(0).uniform(-1, 1, size=(10_000, 2))
    codes[0] = [500, 0]
    x0, x1, y0, y1 = bounds(codes)
    assert -1.3 < x0 < -0.99 and 0.99 < x1 < 1.3 and -1.3 < y0 < -0.99 and 0.99 < y1 < 1.3


def test_decode_uint8_rounds_to_the_nearest_level():
    logits = torch.tensor([-30.0, 0.0, 30.0, 1.0])
    expected = (torch.sigmoid(logits) * 255).round().int().tolist()
    codes = torch.stack([logits, torch.zeros(4)], 1).numpy()
    assert decode_uint8(Plane(), codes).ravel().tolist() == expected


@pytest.mark.parametrize("spread", [(0, 12), (12, 0), (0, 0), (1e-7, 12), (12, 1e-4)])
def test_a_plane_without_spread_is_laid_out_at_once(spread):
    grid = np.linspace(-0.5, 0.5, 29, dtype=np.float32)
    codes = (6 + np.stack([grid, grid], 1) * spread).astype(np.float32)
    x0, x1, y0, y1 = bounds(codes)
    assert min(x1 - x0, y1 - y0) >= max(1e-3, 0.05 * (max(x1 - x0, y1 - y0) / 1.2))
    assert x0 < codes[:, 0].min() and codes[:, 1].max() < y1
    for area in (bounds(codes), (5.9999, 6.0001, -6.0, 6.0)):
        start = time.perf_counter()
        assert np.isfinite(kernel_density(codes, area).values).all()
        assert time.perf_counter() - start < 2
    assert RelativeDensity.fit(codes).at(codes).min() > 0


@pytest.mark.parametrize("name", MODELS)
def test_no_images_have_no_codes(name, settings, tiny):
    model = build(settings(name).model)
    assert encode_images(model, tiny.test.images[:0]).mean.shape == (0, 2)
    assert decode_uint8(model, np.zeros((0, 2))).shape == (0, 8, 8, 1)


@pytest.mark.parametrize(
    ("shape", "side"), [((1, 28, 28), 96), ((3, 64, 64), 24), ((1, 8, 8), 96)]
)
def test_the_entropy_of_large_images_is_on_a_coarser_grid(shape, side):
    class Large:
        info = SimpleNamespace(latent=2, image_shape=shape)

        def pixel_means(self, z):
            return np.full((len(z), 1, 1, 1), 0.5)

    assert pixel_entropy_field(Large(), (-1.0, 1.0, -1.0, 1.0)).values.shape == (side, side)
