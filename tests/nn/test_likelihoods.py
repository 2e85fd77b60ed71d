"""Likelihoods against torch.distributions and quadrature."""

import numpy as np
import pytest
import torch
from torch import distributions as td

from vae.config import LIKELIHOODS as NAMES
from vae.nn.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    GaussianPerChannel,
    GaussianPerFrequency,
    Likelihood,
)

LOGITS = torch.tensor([-12.0, -3.0, -0.4, -0.0999, -1e-6, 0.0, 0.05, 0.1001, 1.0, 7.0]).double()


def integral(function, low, high, points=200_001):
    x = torch.linspace(low, high, points, dtype=torch.float64)
    return torch.trapezoid(function(x), x)


def test_bernoulli_agrees_with_torch_on_binary_pixels_and_sums_them():
    logits = torch.randn(3, 1, 4, 4, dtype=torch.float64)
    x = torch.randint(0, 2, logits.shape).double()
    expected = -td.Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(Bernoulli().nll(logits, x), expected)


def test_bernoulli_of_grey_is_the_mean_over_binarised_images():
    logits, x = torch.tensor([[0.7]]).double(), torch.tensor([[0.3]]).double()
    one, zero = (
        -td.Bernoulli(logits=logits).log_prob(torch.tensor(v).double()) for v in (1.0, 0.0)
    )
    torch.testing.assert_close(Bernoulli().nll(logits, x), (0.3 * one + 0.7 * zero)[0])


def test_gaussian_agrees_with_torch():
    logits, x = torch.randn(2, 1, 3, 3).double(), torch.rand(2, 1, 3, 3).double()
    gaussian = Gaussian().double()
    torch.nn.init.constant_(gaussian.log_sigma, -1.3)
    expected = -td.Normal(logits.sigmoid(), gaussian.log_sigma.exp()).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(gaussian.nll(logits, x), expected)


def test_a_gaussian_per_channel_agrees_with_torch():
    logits, x = torch.randn(2, 3, 4, 5).double(), torch.rand(2, 3, 4, 5).double()
    likelihood = GaussianPerChannel((3, 4, 5)).double()
    with torch.no_grad():
        likelihood.log_sigma.copy_(torch.tensor([-0.1, -0.2, -0.05]))
    sigma = likelihood.pixel_log_sigma().exp()
    expected = -td.Normal(logits.sigmoid(), sigma).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.nll(logits, x), expected)
    torch.testing.assert_close(likelihood.residual_scale(logits), sigma.expand_as(x))


def test_a_gaussian_per_frequency_is_a_normal_density_of_all_pixels():
    """Its covariance is built with NumPy: noise that is filtered in the frequency domain."""
    logits, x = torch.randn(2, 2, 4, 6).double(), torch.rand(2, 2, 4, 6).double()
    likelihood = GaussianPerFrequency((2, 4, 6)).double()
    with torch.no_grad():
        likelihood.log_sigma.copy_(torch.linspace(-0.1, 0.03, likelihood.log_sigma.numel()))
    sigma = likelihood.frequency_log_sigma().exp().detach().numpy()
    units = np.eye(24).reshape(24, 4, 6)
    expected = 0
    for channel in range(2):
        noise = np.fft.ifft2(np.fft.fft2(units) * sigma[channel]).real.reshape(24, 24)
        mean = logits[:, channel].sigmoid().flatten(1)
        normal = td.MultivariateNormal(mean, torch.from_numpy(noise.T @ noise))
        expected = expected - normal.log_prob(x[:, channel].flatten(1))
    torch.testing.assert_close(likelihood.nll(logits, x), expected)
    assert len(set(sigma[0].flatten())) > 3 and not set(sigma[0].flat) & set(sigma[1].flat)
    scale = likelihood.residual_scale(logits)[0, :, 0, 0].detach().numpy()
    np.testing.assert_allclose(scale[1] ** 2, (noise.T @ noise).diagonal(), rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if LIKELIHOODS[name].linear_in_x])
def test_the_linear_form_of_colour_images_is_the_nll(name):
    logits, x = torch.randn(4, 3, 2, 5).double(), torch.rand(2, 3, 2, 5).double()
    likelihood = LIKELIHOODS[name]((3, 2, 5)).double()
    with torch.no_grad():
        for parameter in likelihood.parameters():
            parameter.add_(torch.linspace(0, 0.1, parameter.numel()).view_as(parameter))
    pairs = [likelihood.nll(logits, image.expand_as(logits)) for image in x]
    torch.testing.assert_close(likelihood.nll_on_grid(logits, x), torch.stack(pairs))


@pytest.mark.parametrize("logit", LOGITS.tolist())
def test_continuous_bernoulli_is_a_density_with_torch_s_mean(logit):
    value = torch.tensor([logit]).double()

    def density(x):
        one_pixel = value.expand(len(x), 1)
        return torch.exp(-ContinuousBernoulli().nll(one_pixel, x[:, None]))

    assert integral(density, 0, 1).item() == pytest.approx(1, abs=1e-6)
    mean = integral(lambda x: x * density(x), 0, 1).item()
    torchs = td.ContinuousBernoulli(logits=value, lims=(0.4999, 0.5001)).mean
    assert torchs.item() == pytest.approx(mean, abs=1e-6)


def test_continuous_bernoulli_agrees_with_torch():
    logits, x = LOGITS[:, None], torch.rand(len(LOGITS), 1).double()
    expected = -td.ContinuousBernoulli(logits=logits, lims=(0.4999, 0.5001)).log_prob(x)[:, 0]
    torch.testing.assert_close(
        ContinuousBernoulli().nll(logits, x), expected, atol=1e-6, rtol=1e-6
    )


def test_continuous_bernoulli_gradient_is_finite_everywhere_in_float32():
    logits = torch.tensor([[-90.0, -20.0, 0.0, 1e-9, 0.1, 20.0, 90.0]], requires_grad=True)
    ContinuousBernoulli().nll(logits, torch.full_like(logits, 0.5)).sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_of_the_initial_logits_is_the_mean_image(name):
    mean = torch.tensor([0.0, 0.2, 0.9, 1.0])
    likelihood = LIKELIHOODS[name]()
    found = likelihood.mean(likelihood.initial_logits(mean))
    torch.testing.assert_close(found, mean.clamp(0.001, 0.999))


def test_the_bernoulli_floor_is_the_cost_of_a_perfect_reconstruction():
    x = torch.rand(3, 1, 4, 4).clamp(0.01, 0.99)
    torch.testing.assert_close(Bernoulli().floor(x), Bernoulli().nll(x.logit(), x))
    assert [name for name in NAMES if LIKELIHOODS[name].has_floor] == ["bernoulli"]


class Laplace(Likelihood):
    """A family that is not linear in the image."""

    def pixel_nll(self, logits, x):
        return -td.Laplace(self.mean(logits), 0.1).log_prob(x)


def test_a_family_that_is_not_linear_in_x_is_evaluated_image_by_image():
    logits, x = torch.randn(5, 1, 2, 2), torch.rand(3, 1, 2, 2)
    grid = Laplace().nll_on_grid(logits, x)
    for code, one in enumerate(logits):
        torch.testing.assert_close(grid[:, code], Laplace().nll(one.expand_as(x), x))


def test_every_family_of_the_config_has_a_class():
    assert tuple(LIKELIHOODS) == NAMES
