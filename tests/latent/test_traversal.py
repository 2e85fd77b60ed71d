"""Straight lines through the latent space, and draws from posteriors."""

import math

import numpy as np
import pytest
import torch

from vae.latent.density import RelativeDensity
from vae.latent.encoding import central_items, posterior_samples
from vae.latent.traversal import Traversal, linear_path, most_contrasting_pair, traverse
from vae.models import build


def two_islands(gap: float) -> np.ndarray:
    """Items around three centres on a line; the last one lies `gap` further away."""
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [1, 0], [1 + gap, 0]])
    return (centres[np.arange(600) % 3] + rng.normal(scale=0.3, size=(600, 2))).astype(np.float32)


def test_a_linear_path_has_its_ends_and_equal_steps():
    path = linear_path(np.array([0.0, 1.0]), np.array([2.0, -1.0]), 5)
    assert path[0].tolist() == [0, 1] and path[-1].tolist() == [2, -1]
    assert np.diff(path, axis=0) == pytest.approx(np.array([[0.5, -0.5]] * 4))


def test_the_density_between_islands_is_zero():
    codes = two_islands(8)
    density = RelativeDensity.fit(codes)
    inside, across = (density.at(linear_path(codes[a], codes[b], 50)) for a, b in ((0, 1), (1, 2)))
    assert inside.min() > 0.1 and across.min() == pytest.approx(0, abs=1e-3)


def test_the_most_contrasting_pair_spans_the_gap_that_only_one_model_has():
    sparse, dense = two_islands(8), two_islands(1)
    pair = most_contrasting_pair(sparse, dense, [0, 1, 2])
    assert 2 in pair


def test_a_traversal_compares_its_images_with_the_real_ones(settings, tiny):
    torch.manual_seed(0)
    model = build(settings("vae").model).eval().requires_grad_(False)
    images = tiny.test.images
    codes = two_islands(2)[: len(images)]
    found = traverse(model, codes, images, 0, 2, steps=9)
    assert isinstance(found, Traversal) and found.codes.shape == (9, 2)
    picture = model.decode(torch.tensor(found.codes[4:5])).sigmoid()[0].numpy()
    error = np.square(images / 255 - picture).mean((1, 2, 3)).min()
    assert found.nearest_error[4] == pytest.approx(error, rel=1e-3)
    assert (found.entropy > 0).all() and (found.entropy <= math.log(2) + 1e-6).all()
    assert 0 <= found.low_density_fraction <= 1


def test_posterior_draws_have_the_posteriors_moments(settings, pictures, tiny):
    for name in ("vae", "avb", "hvae", "cvae"):
        torch.manual_seed(1)
        model = build(settings(name).model).eval().requires_grad_(False)
        image, label = tiny.test.images[0], int(tiny.test.labels[0])
        draws = posterior_samples(model, image, label, 4000, seed=3)
        q = model.proposal(pictures[:1], torch.tensor([label])) if name != "hvae" else None
        q = q or model.posterior(pictures[:1])
        std = q.std[0].numpy()
        assert draws.shape == (4000, 2)
        assert np.abs(draws.mean(0) - q.mean[0].numpy()).max() < 0.1 * std.max()
        assert draws.std(0) == pytest.approx(std, rel=0.1)
        assert np.array_equal(draws, posterior_samples(model, image, label, 4000, seed=3))
    plain = build(settings("ae").model)
    assert posterior_samples(plain, tiny.test.images[0], 0, 5) is None


def test_central_items_are_members_of_their_class():
    codes, labels = two_islands(5), np.arange(600) % 3
    items = central_items(codes, labels, 4)
    assert [labels[i] for i in items[:3]] == [0, 1, 2] and items[3] is None
