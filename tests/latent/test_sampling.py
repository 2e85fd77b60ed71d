"""Samples: their distributions against plain numpy, and that they decode again."""

import numpy as np
import pytest
import torch

from vae import latent
from vae.latent.density import RelativeDensity
from vae.latent.encoding import Codes, decode_uint8
from vae.latent.polylines import in_polygon
from vae.latent.sampling import (
    SOURCES,
    SamplingError,
    SamplingRequest,
    mix,
    sample,
    variations,
    with_temperature,
)
from vae.models import MODELS, build
from vae.nn.distributions import Mixture

LABELS = np.arange(600) % 2


@pytest.fixture
def items():
    """Two round clouds, one per class, of items with small posteriors."""
    rng = np.random.default_rng(0)
    centres = np.where(LABELS[:, None] == 0, (-2.0, 0.0), (2.0, 1.0))
    mean = (centres + 0.4 * rng.standard_normal((600, 2))).astype(np.float32)
    return Codes(mean, np.full((600, 2), 0.05, np.float32))


@pytest.fixture
def drawn(settings, items):
    def make(name="vae", aggregate=None, **request):
        model = build(settings(name).model).eval()
        density = RelativeDensity.fit(items.mean)
        data = {"codes": items, "labels": LABELS, "density": density, "aggregate": aggregate}
        return model, sample(model, SamplingRequest(**request), **data)

    return make


def test_prior_samples_have_the_moments_of_the_temperature(drawn):
    parts = [drawn(n=400, seed=s, temperature=0.5)[1].z for s in range(10)]
    z = np.concatenate(parts)
    assert abs(z.mean(0)).max() < 0.03
    assert np.cov(z.T) == pytest.approx(0.25 * np.eye(2), abs=0.02)


def test_temperature_keeps_the_means_of_a_mixture_and_shrinks_its_components():
    means = torch.tensor([[-3.0, 0.0], [3.0, 0.0]])
    mixture = Mixture(torch.log(torch.tensor([0.25, 0.75])), means, torch.eye(2).repeat(2, 1, 1))
    z = with_temperature(mixture, 0.1)(20_000, torch.Generator().manual_seed(0)).numpy()
    right = z[:, 0] > 0
    assert right.mean() == pytest.approx(0.75, abs=0.02)
    assert z[right].mean(0) == pytest.approx((3, 0), abs=0.01)
    assert z[right].std(0) == pytest.approx((0.1, 0.1), abs=0.01)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_every_model_gives_the_same_samples_again(drawn, name, source):
    square = ((-3.0, -1.0), (-1.0, -1.0), (-1.0, 1.0), (-3.0, 1.0))
    request = {"source": source, "n": 30, "seed": 4, "label": 1, "z": (2.0, 1.0)}
    if source == "inside":  # where a conditional model has the items of label 1
        square = tuple((-x, y) for x, y in square)
    request["polygon"] = square
    model, first = drawn(name, **request)
    _, other = drawn(name, **{**request, "seed": 5})
    assert first.z.shape == (30, 2) and np.isfinite(first.z).all()
    again = drawn_again(model, request, drawn)
    assert np.array_equal(again.z, first.z) and np.array_equal(again.seeds, first.seeds)
    assert not np.array_equal(first.z, other.z)
    assert (first.seeds > 0).all() == (model.noise_size > 0)
    assert first.label == (1 if model.classes else None)
    if source == "region":
        assert (first.z > (-3, -1)).all() and (first.z < (-1, 1)).all()
    if source == "inside":
        assert (first.z > (1, -1)).all() and (first.z < (3, 1)).all()
    if source == "class":
        assert (first.z[:, 0] > 0).all()
    if source == "around":
        assert np.linalg.norm(first.z - (2, 1), axis=1).max() < 1.5


def drawn_again(model, options, drawn):
    return drawn(next(n for n, e in MODELS.items() if type(model) is e.cls), **options)[1]


def test_samples_below_the_minimum_density_are_rejected_and_all_draws_counted(drawn, items):
    density = RelativeDensity.fit(items.mean)
    assert density.at(items.mean).mean() == pytest.approx(1, abs=0.3)
    assert density.at(np.array([[0.0, 5.0]]))[0] < 0.01
    _, loose = drawn(n=200, seed=1)
    _, strict = drawn(n=200, seed=1, min_density=0.3)
    assert loose.draws == 200 and (density.at(loose.z) < 0.3).any()
    assert strict.draws > 200 and density.at(strict.z).min() >= 0.3
    # Nothing else changes: the first draws that pass are accepted.
    passing = loose.z[density.at(loose.z) >= 0.3]
    assert np.array_equal(strict.z[: len(passing)], passing)


def test_concave_polygons_contain_the_right_codes():
    bend = [(0, 0), (4, 0), (4, 4), (3, 4), (3, 1), (1, 1), (1, 4), (0, 4)]
    z = np.array([[0.5, 3], [2, 3], [3.5, 3], [2, 0.5], [5, 2], [-1, 2], [2, -1]])
    assert in_polygon(z, bend).tolist() == [True, False, True, True, False, False, False]
    assert in_polygon(z, bend[::-1]).tolist() == in_polygon(z, bend).tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"source": "dream"}, "'dream'; expected one of prior"),
        ({"n": 401}, "401 samples requested; expected 1 to 400"),
        ({"n": 0}, "0 samples"),
        ({"temperature": 9}, "temperature is 9; expected 0 to 3"),
        ({"spread": -1}, "spread is -1; expected 0 to 3"),
        ({"seed": -1}, "seed is -1; expected 0 to"),
        ({"source": "class", "label": 7}, "has no items"),
        ({"source": "around", "z": (1.0,)}, "1 coordinates; expected 2"),
        ({"source": "region"}, "no area"),
        ({"source": "inside"}, "no area"),
        ({"source": "inside", "polygon": ((50, 50), (51, 50), (50, 51))}, "none of 204,800"),
        ({"min_density": 1e9, "n": 5}, "none of 125 draws"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(drawn, options, words):
    with pytest.raises(SamplingError, match=words):
        drawn(**options)


@pytest.mark.parametrize("name", ["vae", "cvae", "hvae"])
def test_samples_decode_to_the_same_images_alone(drawn, name):
    model, made = drawn(name, n=12, label=0 if name == "cvae" else None)
    pictures = decode_uint8(model, made.z, label=made.label, seed=made.seeds)
    for z, seed, picture in zip(made.z, made.seeds, pictures, strict=True):
        alone = latent.decode_uint8(model, z[None], label=made.label, seed=int(seed))[0]
        assert abs(alone.astype(int) - picture).max() <= 1  # a batch may round another way


def test_variations_stay_around_their_parent_and_repeat(settings):
    model = build(settings("vae").model).eval()
    children = variations(model, (1.0, -1.0), 12, spread=0.2, seed=3, label=None)
    again = variations(model, (1.0, -1.0), 12, spread=0.2, seed=3, label=None)
    assert np.array_equal(children.z, again.z) and len(children.z) == 12
    many = variations(model, (1.0, -1.0), 4000, spread=0.2, seed=3, label=None).z
    assert many.mean(0) == pytest.approx((1, -1), abs=0.02)
    assert many.std(0) == pytest.approx((0.2, 0.2), abs=0.01)
    deep = build(settings("hvae").model).eval()
    same = variations(deep, (0.0, 0.0), 12, spread=0.0, seed=3, label=None)
    assert (same.z == 0).all() and len(set(same.seeds)) == 12 and same.seeds.min() > 0
    grouped = build(settings("exemplar").model).eval()
    new = dict(grouped.seed_groups)["new"]
    kin = variations(grouped, (0.0, 0.0), 80, spread=0.0, seed=3, label=None, noise_seed=new + 7)
    assert kin.seeds.min() > new and kin.seeds.max() < new + grouped.variations


def test_a_mix_is_the_weighted_mean_with_the_mean_norm_beyond_two_dimensions():
    codes = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    assert mix(codes, [2, 1, 1]) == pytest.approx((1, 1))
    assert mix(codes, [0, 1, 0]) == pytest.approx((4, 0))
    high = np.eye(3) * 2
    assert np.linalg.norm(mix(high, [1, 1, 1])) == pytest.approx(2)
    for weights in ([1, 1], [-1, 1, 1], [0, 0, 0]):
        with pytest.raises(SamplingError, match="the weights are"):
            mix(codes, weights)


def test_the_aggregate_posterior_inside_a_region_is_that_of_all_draws_that_fall_there(drawn):
    triangle = ((1.2, -0.2), (3.2, 0.3), (2.0, 2.0))
    means = torch.tensor([[-2.0, 0.0], [2.0, 1.0], [2.5, 0.0]])
    mixture = Mixture(
        torch.tensor([0.5, 0.3, 0.2]).log(), means, 0.4 * torch.eye(2).repeat(3, 1, 1)
    )
    _, found = drawn(source="inside", n=400, seed=1, polygon=triangle, aggregate=mixture)
    every = mixture.sample(100_000, torch.Generator().manual_seed(9)).numpy()
    kept = every[in_polygon(every, triangle)]
    assert in_polygon(found.z, triangle).all() and found.z.shape == (400, 2)
    assert found.z.mean(0) == pytest.approx(kept.mean(0), abs=0.07)  # 4 standard errors
    assert found.z.std(0) == pytest.approx(kept.std(0), abs=0.05)
    assert len(found.z) / found.draws == pytest.approx(len(kept) / len(every), abs=0.05)
    _, few = drawn(source="inside", n=24, seed=1, polygon=triangle, aggregate=mixture)
    assert np.array_equal(few.z, found.z[:24])


def test_a_region_is_sampled_uniformly_and_only_inside(drawn):
    triangle = ((0.0, 0.0), (2.0, 0.0), (0.0, 2.0))
    parts = [drawn(source="region", n=400, seed=s, polygon=triangle) for s in range(5)]
    z = np.concatenate([made.z for _, made in parts])
    assert (z.min(0) >= 0).all() and (z.sum(1) <= 2).all()
    assert z.mean(0) == pytest.approx((2 / 3, 2 / 3), abs=0.04)
    assert sum(made.draws for _, made in parts) == pytest.approx(2 * len(z), rel=0.1)
