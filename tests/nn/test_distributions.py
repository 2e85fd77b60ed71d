"""Likelihoods and divergences against torch.distributions, quadrature and Monte Carlo."""

import math

import pytest
import torch
from torch import distributions as td

from vae.nn import distributions as ours

torch.manual_seed(0)
LOGITS = torch.tensor([-12.0, -3.0, -0.4, -0.0999, -1e-6, 0.0, 0.05, 0.1001, 1.0, 7.0]).double()


def integral(function, low, high, points=200_001):
    x = torch.linspace(low, high, points, dtype=torch.float64)
    return torch.trapezoid(function(x), x)


def test_bernoulli_agrees_with_torch_on_binary_pixels_and_sums_them():
    logits = torch.randn(3, 1, 4, 4, dtype=torch.float64)
    x = torch.randint(0, 2, logits.shape).double()
    expected = -td.Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(ours.bernoulli_nll(logits, x), expected)


def test_bernoulli_of_grey_is_the_mean_over_binarised_images():
    logits, x = torch.tensor([[0.7]]).double(), torch.tensor([[0.3]]).double()
    one, zero = (
        -td.Bernoulli(logits=logits).log_prob(torch.tensor(v).double()) for v in (1.0, 0.0)
    )
    torch.testing.assert_close(ours.bernoulli_nll(logits, x), (0.3 * one + 0.7 * zero)[0])


def test_gaussian_agrees_with_torch():
    logits, x = torch.randn(2, 1, 3, 3).double(), torch.rand(2, 1, 3, 3).double()
    log_sigma = torch.tensor(-1.3).double()
    expected = -td.Normal(logits.sigmoid(), log_sigma.exp()).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(ours.gaussian_nll(logits, x, log_sigma), expected)


@pytest.mark.parametrize("logit", LOGITS.tolist())
def test_continuous_bernoulli_is_a_density_with_the_stated_mean(logit):
    value = torch.tensor([logit]).double()

    def density(x):
        one_pixel = value.expand(len(x), 1)
        return torch.exp(-ours.continuous_bernoulli_nll(one_pixel, x[:, None]))

    assert integral(density, 0, 1).item() == pytest.approx(1, abs=1e-6)
    mean = integral(lambda x: x * density(x), 0, 1).item()
    assert ours.continuous_bernoulli_mean(value).item() == pytest.approx(mean, abs=1e-6)


def test_continuous_bernoulli_agrees_with_torch():
    logits, x = LOGITS[:, None], torch.rand(len(LOGITS), 1).double()
    expected = -td.ContinuousBernoulli(logits=logits, lims=(0.4999, 0.5001)).log_prob(x)[:, 0]
    torch.testing.assert_close(
        ours.continuous_bernoulli_nll(logits, x), expected, atol=1e-6, rtol=1e-6
    )


def test_continuous_bernoulli_gradient_is_finite_everywhere_in_float32():
    logits = torch.tensor([[-90.0, -20.0, 0.0, 1e-9, 0.1, 20.0, 90.0]], requires_grad=True)
    ours.continuous_bernoulli_nll(logits, torch.full_like(logits, 0.5)).sum().backward()
    assert logits.grad.isfinite().all()


def test_kl_agrees_with_torch_and_with_monte_carlo():
    mean, log_var = torch.randn(4, 3).double(), torch.randn(4, 3).double()
    q = td.Normal(mean, (0.5 * log_var).exp())
    p = td.Normal(torch.zeros(3).double(), 1.0)
    kl = ours.standard_normal_kl(mean, log_var)
    torch.testing.assert_close(kl, td.kl_divergence(q, p).sum(1))
    z = q.sample((200_000,))
    estimate = (q.log_prob(z) - p.log_prob(z)).sum(2)
    noise = estimate.std(0) / math.sqrt(len(z))
    assert ((estimate.mean(0) - kl).abs() < 5 * noise).all()


def test_samples_have_the_moments_asked_for_in_the_stated_order():
    mean = torch.tensor([[3.0, -1.0], [0.0, 10.0]])
    log_var = torch.tensor([[0.0, -2.0], [1.0, 0.5]])
    z = ours.sample_normal(mean, log_var, 50_000, torch.Generator().manual_seed(1))
    z = z.view(50_000, 2, 2)
    torch.testing.assert_close(z.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(z.var(0), log_var.exp(), atol=0.06, rtol=0.03)
