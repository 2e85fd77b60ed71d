"""Learned priors are densities and can be sampled."""

import math

import pytest
import torch

from vae.config import ConfigError
from vae.nn.distributions import Mixture, normal_log_prob
from vae.nn.priors import ClassConditionalNormal, Flow

STEP = 0.05
PLANE = torch.cartesian_prod(*[torch.arange(-12, 12, STEP)] * 2)


def random_flow(latent=2):
    torch.manual_seed(0)
    flow = Flow(latent)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return flow.requires_grad_(False)


@pytest.mark.parametrize("latent", [2, 3, 8])
def test_a_flow_is_invertible_and_its_log_det_is_that_of_the_jacobian(latent):
    flow = random_flow(latent)
    z = torch.randn(6, latent, generator=torch.Generator().manual_seed(1))
    u, log_det = flow(z)
    torch.testing.assert_close(flow.inverse(u), z, atol=1e-4, rtol=0)
    one = lambda code: flow(code[None])[0][0]  # noqa: E731
    jacobians = torch.stack([torch.autograd.functional.jacobian(one, code) for code in z])
    torch.testing.assert_close(jacobians.det().abs().log(), log_det, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["flow", "mixture", "label"])
def test_a_prior_integrates_to_one_and_its_samples_follow_its_density(name):
    torch.manual_seed(0)
    mixture = Mixture(
        torch.tensor([0.25, 0.75]).log(),
        torch.tensor([[2.0, 0.0], [-1.0, 1.0]]),
        torch.tensor([[[1.0, 0.0], [0.5, 0.3]], [[0.4, 0.0], [0.0, 2.0]]]),
    )
    prior = {"flow": random_flow(), "mixture": mixture}.get(name)
    if prior is None:
        prior = ClassConditionalNormal(3, 2).requires_grad_(False).mixture(None)
    density = prior.log_prob(PLANE).exp()
    assert float(density.sum()) * STEP**2 == pytest.approx(1, abs=2e-3)
    draws = prior.sample(40_000, torch.Generator().manual_seed(0))
    expected = -float((density * density.clamp(min=1e-30).log()).sum()) * STEP**2
    assert -float(prior.log_prob(draws).mean()) == pytest.approx(expected, abs=0.02)
    low, high = prior.bounding_box(4.0)
    assert ((draws >= low) & (draws <= high)).all(1).float().mean() > 0.999


def test_a_new_flow_is_nearly_the_standard_normal():
    torch.manual_seed(0)
    z = torch.randn(100, 2)
    expected = Mixture.standard_normal(2).log_prob(z)
    torch.testing.assert_close(Flow(2).log_prob(z).detach(), expected, atol=0.1, rtol=0)


def test_a_flow_of_one_latent_is_refused():
    with pytest.raises(ConfigError, match="1 latent"):
        Flow(1)


def test_a_class_has_its_own_normal_and_an_unknown_class_their_mixture():
    torch.manual_seed(0)
    prior = ClassConditionalNormal(3, 2).requires_grad_(False)
    z = torch.randn(4, 2)
    given = prior.log_prob(z, torch.tensor([0, 1, 2, -1]))
    for k in range(3):
        own = normal_log_prob(z[k], prior.mean[k], prior.log_var[k])
        torch.testing.assert_close(given[k], own)
        torch.testing.assert_close(prior.mixture(k).log_prob(z[k : k + 1])[0], own)
    each = torch.stack([normal_log_prob(z[3], prior.mean[k], prior.log_var[k]) for k in range(3)])
    torch.testing.assert_close(given[3], each.logsumexp(0) - math.log(3))
