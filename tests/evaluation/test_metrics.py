"""Likelihoods against known answers, and all metrics of all models."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from vae import MODELS, evaluation, load_dataset, training
from vae.evaluation import classifier, iwae, metrics, quadrature, sample_quality
from vae.evaluation.metrics import default_iwae_k
from vae.latent.aggregate_posterior import fit_aggregate_posterior, fit_mixture
from vae.latent.encoding import Codes, LabelError, encode_images
from vae.models import build
from vae.models.base import Posterior
from vae.nn.distributions import Mixture
from vae.nn.likelihoods import LIKELIHOODS

STEP = 0.04
TRAINED = {}
GRID = torch.cartesian_prod(*[torch.arange(-5, 5, STEP)] * 2)


def brute_force(model, x, prior, y=None):
    """-log p(x) `[N]` by a plain sum over a fine grid, in double precision."""
    logits = torch.cat(
        [model.decode(z, y and torch.full((len(z),), y)) for z in GRID.split(50_000)]
    )
    each = torch.nn.functional.binary_cross_entropy_with_logits
    found = []
    for one in x:
        miss = each(logits, one.expand_as(logits), reduction="none").flatten(1).double().sum(1)
        found.append((prior.log_prob(GRID) - miss).logsumexp(0) + 2 * math.log(STEP))
    return -torch.stack(found).float()


def trained(settings, tiny, name="vae", **options):
    """A model with narrow posteriors, trained for 60 epochs; the same one for all tests."""
    config = settings(name, epochs=60, **options)
    if config not in TRAINED:
        with torch.inference_mode(False):
            run = training.new_run(config, tiny, torch.device("cpu"))
            list(training.train(run, tiny))
        TRAINED[config] = run.result
    return copy.deepcopy(TRAINED[config])


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "continuous-bernoulli"])
def test_the_likelihood_is_linear_in_the_image(likelihood, settings, pictures):
    family = LIKELIHOODS[likelihood]()
    logits = 3 * torch.randn(7, *pictures.shape[1:], generator=torch.Generator().manual_seed(0))
    grid = family.nll_on_grid(logits, pictures)
    for g, one in enumerate(logits):
        torch.testing.assert_close(grid[:, g], family.nll(one.expand_as(pictures), pictures))


@torch.inference_mode()
def test_quadrature_agrees_with_a_sum_over_a_fine_grid(settings, tiny, pictures):
    model = trained(settings, tiny)
    x = pictures[:4]
    exact = brute_force(model, x, Mixture.standard_normal(2))
    found = quadrature.exact_nll(model, x)
    torch.testing.assert_close(found.nll[0], exact, atol=2e-3, rtol=0)
    assert (found.error < 0.01).all()


def test_quadrature_of_a_gaussian_agrees_with_its_closed_form():
    """A linear decoder with Gaussian pixels: x ~ N(b, W W^T + sigma^2 I)."""

    class Linear(nn.Module):
        log_sigma = torch.tensor(-2.0)

        def as_linear_in_x(self, logits):
            precision = torch.exp(-2 * self.log_sigma)
            each = self.log_sigma + 0.5 * math.log(2 * math.pi)
            offset = 0.5 * precision * logits.square().sum(1) + each * logits.shape[1]
            return logits * precision, offset

        def constant(self, x):
            return 0.5 * torch.exp(-2 * self.log_sigma) * x.flatten(1).square().sum(1)

    torch.manual_seed(0)
    weight, x = 0.5 * torch.randn(5, 2), 0.7 * torch.randn(20, 5)
    found = quadrature.integrate(
        x, lambda z: z @ weight.T, Linear(), [Mixture.standard_normal(2)], tolerance=1e-3
    )
    covariance = weight @ weight.T + math.exp(-4) * torch.eye(5)
    exact = torch.distributions.MultivariateNormal(torch.zeros(5), covariance).log_prob(x)
    torch.testing.assert_close(found.nll[0], -exact, atol=1e-3, rtol=0)

    # A second, very narrow prior: the grid is refined near it only.
    width, centre, decoded = 0.01, torch.tensor([0.3, -1.2]), []
    priors = [
        Mixture.standard_normal(2),
        Mixture(torch.zeros(1), centre[None], width * torch.eye(2)[None]),
    ]

    def decode(z):
        decoded.append(len(z))
        return z @ weight.T

    both = quadrature.integrate(x, decode, Linear(), priors, tolerance=1e-3)
    torch.testing.assert_close(both.nll[0], -exact, atol=1e-3, rtol=0)
    covariance = width**2 * weight @ weight.T + math.exp(-4) * torch.eye(5)
    exact = torch.distributions.MultivariateNormal(weight @ centre, covariance).log_prob(x)
    torch.testing.assert_close(both.nll[1], -exact, atol=1e-3, rtol=0)
    with_both = sum(decoded)
    decoded.clear()
    quadrature.integrate(x, decode, Linear(), priors[:1], tolerance=1e-3)
    # 7 million if the grid were fine everywhere
    assert sum(decoded) < with_both < 6 * sum(decoded)


@torch.inference_mode()
def test_a_conditional_model_is_integrated_label_by_label(settings, tiny, pictures):
    model = trained(settings, tiny, "cvae")
    y = torch.tensor([0, 1, 1])
    found = quadrature.exact_nll(model, pictures[:3], y).nll[0]
    alone = [quadrature.exact_nll(model, pictures[i : i + 1], y[i : i + 1]).nll[0] for i in (0, 1)]
    torch.testing.assert_close(found[:2], torch.cat(alone), atol=2e-3, rtol=0)
    exact = brute_force(model, pictures[1:3], Mixture.standard_normal(2), y=1)
    torch.testing.assert_close(found[1:], exact, atol=2e-3, rtol=0)


@torch.inference_mode()
def test_the_bounds_are_ordered(settings, tiny, pictures):
    model = trained(settings, tiny)
    x = pictures[:8]
    elbo = model.terms(x, generator=torch.Generator().manual_seed(0), samples=200)
    runs = [iwae.importance_weighted(model, x, samples=5, seed=s).nll for s in range(20)]
    with_5 = torch.stack(runs).mean()
    with_2000 = iwae.importance_weighted(model, x, samples=2000).nll.mean()
    exact = quadrature.exact_nll(model, x).nll[0].mean()
    assert (elbo.reconstruction + elbo.kl).mean() > with_5 > exact
    assert float(with_2000) == pytest.approx(float(exact), abs=0.1)


@torch.inference_mode()
def test_the_grid_agrees_with_decoding_every_sample(settings, tiny, pictures, monkeypatch):
    model = trained(settings, tiny)
    x = pictures[:6]
    direct = iwae.importance_weighted(model, x, samples=300)
    assert direct.error == 0  # posteriors as wide as these are decoded anyway
    monkeypatch.setattr(iwae, "_STEP", 0.4)
    monkeypatch.setattr(iwae, "_MAX_GRID_SIDE", 10_000)
    lattice = iwae.importance_weighted(model, x, samples=300)
    torch.testing.assert_close(lattice.nll, direct.nll, atol=0.02, rtol=0)
    assert 0 < lattice.error < 0.02


@torch.inference_mode()
@pytest.mark.parametrize("name", ["vae", "cvae"])
def test_known_posteriors_are_not_computed_again(name, settings, tiny, pictures, monkeypatch):
    """Neither for the bounds nor for the ELBO, whose images may be bytes."""
    model, y = trained(settings, tiny, name), torch.from_numpy(tiny.test.labels)
    expected = iwae.importance_weighted(model, pictures, y, samples=50).nll
    codes = encode_images(model, *tiny.test)
    q = Posterior(*map(torch.from_numpy, codes))
    terms = metrics.elbo_terms(model, pictures, y)
    calls, posterior = [], model.posterior
    monkeypatch.setattr(model, "posterior", lambda *a: calls.append(len(a[0])) or posterior(*a))
    found = iwae.importance_weighted(model, pictures, y, samples=50, proposal=q).nll
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    as_bytes = metrics.elbo_terms(model, torch.from_numpy(tiny.test.images), y, codes=codes)
    for a, b in zip(as_bytes, terms, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-4)
    assert sum(calls) <= 1  # whether there is a proposal is asked for one image


@torch.inference_mode()
def test_the_quadrature_says_how_many_images_are_settled(settings, tiny, pictures):
    told = []
    model, y = trained(settings, tiny, "cvae"), torch.tensor([0, 1, 1, 0])
    quadrature.exact_nll(model, pictures[:4], y, progress=lambda *step: told.append(step))
    assert told == sorted(told) and told[-1] == (4, 4)


@torch.inference_mode()
def test_the_bound_of_a_hierarchy_agrees_with_importance_sampling(settings, tiny, pictures):
    model = trained(settings, tiny, "hvae", fourier=0)
    bound = iwae.importance_weighted(model, pictures, samples=4000)
    nll, error = evaluation.hierarchical_nll_bound(model, pictures)
    assert nll == pytest.approx(float(bound.nll.mean()), abs=0.3)
    assert 0 < error < 1


def log_posterior(model, z, x, components, generator):
    """log q(z|x) `[N]` at codes `[N, D]` for one image, by Monte Carlo over all noise except the
    Gaussian v_0."""
    mean, std, shape = model._moments(x)
    noise = torch.randn(components, *model.basis.inner.shape[:2], generator=generator)
    centres = mean + std * (model.basis(noise) * shape[:, 1:]).sum(1)  # [M, D]
    scale = std * shape[:, 0].abs()
    distance = ((z[:, None] - centres) / scale).square().sum(-1)
    normaliser = scale.log().sum() + 0.5 * model.latent * math.log(2 * math.pi)
    return torch.logsumexp(-0.5 * distance - normaliser, 1) - math.log(components)


@torch.inference_mode()
def test_the_kl_of_an_adversary_agrees_with_quadrature(settings, tiny, pictures):
    model = trained(settings, tiny, "avb", samples=8)
    axis = torch.linspace(-5, 5, 81)
    generator = torch.Generator().manual_seed(0)
    estimate, integral = [], []
    for one in pictures[:3].split(1):
        mean, std = model.proposal(one)
        z = mean + std * torch.cartesian_prod(axis, axis)
        log_q = log_posterior(model, z, one, 500, generator)
        log_p = Mixture.standard_normal(2).log_prob(z)
        cell = float(std.prod()) * float(axis[1] - axis[0]) ** 2
        assert float(log_q.exp().sum() * cell) == pytest.approx(1, abs=1e-2)
        integral.append(float((log_q.exp() * (log_q - log_p)).sum() * cell))
        estimate.append(float(model.terms(one, generator=generator, samples=2000).kl))
    assert sum(estimate) / 3 == pytest.approx(sum(integral) / 3, abs=0.3)


def test_the_aggregate_posterior_recovers_a_known_mixture():
    rng = np.random.default_rng(1)  # another seed than that of the fit
    mean = np.array([[3.0, 0.0], [-3.0, 1.0]])[np.arange(4000) % 2]
    std = np.full((4000, 2), 0.5)
    mixture = fit_mixture(Codes(mean + 0.2 * rng.standard_normal((4000, 2)), std), components=2)
    order = mixture.means[:, 0].argsort()
    torch.testing.assert_close(
        mixture.means[order], torch.tensor([[-3.0, 1.0], [3.0, 0.0]]), atol=0.05, rtol=0
    )
    covariance = mixture.scales @ mixture.scales.mT
    expected = 0.29 * torch.eye(2)  # variance of the means plus that of the posteriors
    torch.testing.assert_close(covariance, expected.expand(2, 2, 2), atol=0.03, rtol=0)
    draws = mixture.sample(20_000, torch.Generator().manual_seed(0))
    assert float(draws.var(0)[0]) == pytest.approx(9.29, abs=0.3)


def test_the_frechet_distance_of_gaussians_agrees_with_its_closed_form():
    torch.manual_seed(0)
    a = torch.randn(40_000, 3, dtype=torch.double)
    b = torch.randn(40_000, 3, dtype=torch.double) * torch.tensor([2.0, 1.0, 1.0]) + 1.0
    assert sample_quality.frechet(a, b) == pytest.approx(3 + 1, abs=0.1)
    assert sample_quality.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_precision_drops_for_junk_and_recall_for_missing_modes():
    torch.manual_seed(0)
    real = torch.cat([torch.randn(300, 2), torch.randn(300, 2) + 20])
    half = torch.randn(300, 2)
    junk = torch.cat([half, torch.randn(300, 2) - 50])
    precision, recall = sample_quality.precision_recall(real, half)
    assert precision > 0.9 and recall == pytest.approx(0.5, abs=0.05)
    precision, recall = sample_quality.precision_recall(real, junk)
    assert precision == pytest.approx(0.5, abs=0.05)


def test_the_bundled_classifier_has_an_accuracy_of_92_percent():
    data = load_dataset("fashion-mnist-starter")
    part = data.test.images[::4], data.test.labels[::4]
    assert classifier.accuracy(classifier.load_bundled(), *part) >= 0.92
    images = torch.tensor(data.test.images[:50])
    features, probabilities = classifier.classify(images)
    assert features.shape == (50, classifier.FEATURES)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(50))
    as_floats = classifier.classify(images.float() / 255)
    torch.testing.assert_close(features, as_floats[0])


def test_samples_of_a_label_show_it_and_are_reproducible(settings, tiny):
    model = trained(settings, tiny, "cvae")
    with torch.inference_mode():
        left, right = (sample_quality.draw(model, 16, label=k, seed=1) for k in (0, 1))
    assert torch.equal(left, sample_quality.draw(model, 16, label=0, seed=1))
    assert (left[..., :4].mean() > left[..., 4:].mean()) and (
        right[..., :4].mean() < right[..., 4:].mean()
    )


def test_a_conditional_model_has_an_aggregate_posterior_per_label(settings, tiny):
    model = build(settings("cvae").model)
    rng = np.random.default_rng(2)
    labels = np.arange(600) % 2
    mean = np.where(labels[:, None] == 1, 4.0, -4.0) + 0.3 * rng.standard_normal((600, 2))
    mixture = fit_aggregate_posterior(model, Codes(mean, None), labels)
    draws = [mixture.block(k, 2).sample(500, torch.Generator().manual_seed(0)) for k in (0, 1)]
    assert draws[0].max() < 0 < draws[1].min()
    z = torch.randn(50, 2) * 4
    parts = torch.stack([mixture.block(k, 2).log_prob(z) for k in (0, 1)])
    torch.testing.assert_close(mixture.log_prob(z), parts.logsumexp(0) - np.log(2))
    pictures = torch.from_numpy(tiny.test.images[:4]).float() / 255
    y = torch.tensor([0, 1, 1, 0])
    found = quadrature.exact_nll(model, pictures, y, aggregate=mixture).nll[1]
    plain = torch.stack(
        [
            quadrature.integrate(
                pictures[i : i + 1],
                lambda codes, k=int(k): model.decode(codes, torch.full((len(codes),), k)),
                model.likelihood,
                [mixture.block(int(k), 2)],
            ).nll[0, 0]
            for i, k in enumerate(y)
        ]
    )
    torch.testing.assert_close(found, plain, rtol=0, atol=0.02)


@pytest.mark.parametrize("name", MODELS)
def test_evaluation_has_the_documented_keys_and_is_reproducible(name, settings, tiny):
    model = build(settings(name).model)
    first, second = (evaluation.evaluate(model, tiny, iwae_k=20) for _ in "ab")
    assert first == second
    assert first.keys() == {
        *("neg_elbo", "reconstruction", "kl", "kl_levels", "mse", "knn1", "knn5"),
        *("trustworthiness", "silhouette", "v_measure", "active_units", "split", "n"),
        *("nll_exact", "nll_exact_error", "nll_exact_aggregate", "nll_exact_n"),
        *("nll_iwae", "nll_iwae_error", "nll_iwae_n", "nll_bound", "nll_integral"),
        *("nll_integral_error", "n_train", "n_embedding", "n_samples"),
        *("iwae_k", "frechet", "frechet_aggregate", "frechet_floor", "precision", "recall"),
        *("class_balance", "label_accuracy", "label_accuracy_aggregate", "binarized"),
    }
    assert first["neg_elbo"] == pytest.approx(first["reconstruction"] + first["kl"])
    assert first["n"] == 20 and first["split"] == "test" and first["iwae_k"] == 20
    assert (first["nll_iwae"] is None) == (not model.has_prior)
    assert first["frechet"] is None  # the classifier does not support these images
    if (
        model.has_prior and name != "avb"
    ):  # its KL is an estimate, so the sum is not a strict bound
        assert first["nll_bound" if model.noise_size else "nll_exact"] < first["neg_elbo"] + 0.1


@torch.inference_mode()
def test_a_hierarchy_has_the_lesser_of_two_bounds_and_no_exact_likelihood(settings, tiny):
    model = build(settings("hvae").model)
    found = evaluation.evaluate(model, tiny, iwae_k=20)
    assert found["nll_exact"] is None
    assert found["nll_bound"] == min(found["nll_iwae"], found["nll_integral"])
    assert default_iwae_k(model) == 5000


def test_a_sample_stands_for_all_images_by_its_difference_from_the_elbo(settings, tiny):
    model = trained(settings, tiny)
    whole, part = (
        evaluation.evaluate(model, tiny, iwae_k=50, sizes=sizes)
        for sizes in (evaluation.ALL, evaluation.ALL._replace(exact=8, bounds=8))
    )
    assert (part["n"], part["nll_exact_n"], part["nll_iwae_n"]) == (20, 8, 8)
    for key in ("nll_exact", "nll_exact_aggregate", "nll_iwae"):
        assert part[key] == pytest.approx(whole[key], abs=0.5) and part[key] != whole[key]
    none = evaluation.evaluate(model, tiny, sizes=evaluation.ALL._replace(exact=0, bounds=0))
    assert none["nll_exact"] is None and none["nll_bound"] is None
    assert none["neg_elbo"] == whole["neg_elbo"]


def test_less_time_means_fewer_images(settings, tiny):
    model = build(settings().model)
    images = np.repeat(tiny.test.images, 10, axis=0)
    short, long = (evaluation.sizes_within(s, model, images) for s in (1e-3, 1e4))
    assert all(a <= b for a, b in zip(short, long, strict=True))
    assert (short.test, short.bounds, short.exact) == (100, 0, 0) and long.bounds == 500


def test_codes_without_labels_are_not_asked_of_a_model_that_never_learned_them(settings, tiny):
    model = build(settings("cvae").model)
    model.needs_label = True
    found = evaluation.evaluate(model, tiny, iwae_k=5)
    assert found["knn1"] is found["trustworthiness"] is found["active_units"] is None
    assert found["neg_elbo"] > 0 and found["mse"] > 0
    with pytest.raises(LabelError, match="unlabelled"):
        encode_images(model, tiny.test.images)
    assert encode_images(model, *tiny.test).mean.shape == (20, 2)
    model.needs_label = False
    assert encode_images(model, tiny.test.images).mean.shape == (20, 2)
