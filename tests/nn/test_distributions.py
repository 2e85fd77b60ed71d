"""Densities and divergences against torch.distributions and Monte Carlo."""

import math

import torch
from torch import distributions as td

from vae.nn import distributions as ours

torch.manual_seed(0)


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


def test_samples_have_the_given_moments_in_the_documented_order():
    mean = torch.tensor([[3.0, -1.0], [0.0, 10.0]])
    log_var = torch.tensor([[0.0, -2.0], [1.0, 0.5]])
    z = ours.sample_normal(mean, log_var, 50_000, torch.Generator().manual_seed(1))
    z = z.view(50_000, 2, 2)
    torch.testing.assert_close(z.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(z.var(0), log_var.exp(), atol=0.06, rtol=0.03)
