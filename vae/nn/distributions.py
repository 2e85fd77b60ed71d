"""The likelihoods and divergences of the models: pure functions, one number an image, in nats.

All of them sum over pixels or latents and never average, so that reconstruction and KL can be
added. They compute in the precision of what they are given: callers under autocast pass float32.

What a decoder's logits mean: `sigmoid(logits)` is the picture for every likelihood. It is the mean
of the Bernoulli and of the Gaussian. For the continuous Bernoulli it is the parameter lambda; the
mean is a little nearer to grey (`continuous_bernoulli_mean`), and what people are shown is lambda,
which like the Bernoulli's mean is the most natural denoised picture.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from .sharded_noise import normal

# Within this distance of logit 0 the closed form of the normaliser loses digits to 0 / 0.
_TAYLOR_LOGIT = 0.1


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """-log p(x | logits) `[B]` of independent Bernoulli pixels, for x in [0, 1] `[B, ...]`.

    For grey x this is the expectation of the negative log-likelihood over images binarised with
    x as the probability of each pixel: a bound on those, not a density of the grey image.
    """
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def gaussian_nll(logits: Tensor, x: Tensor, log_sigma: Tensor) -> Tensor:
    """-log N(x; sigmoid(logits), sigma^2) `[B]`, one sigma for all pixels, as a density on R.

    The learned shared sigma is that of sigma-VAE (Rybkin et al. 2021,
    https://arxiv.org/abs/2006.13202, section 3).
    """
    deviation = (x - logits.sigmoid()) * torch.exp(-log_sigma)
    per_pixel = 0.5 * deviation.square() + log_sigma + 0.5 * math.log(2 * math.pi)
    return per_pixel.flatten(1).sum(1)


def continuous_bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """-log CB(x; sigmoid(logits)) `[B]`, a density on [0, 1].

    The Bernoulli's formula plus its missing normaliser (Loaiza-Ganem and Cunningham 2019,
    https://arxiv.org/abs/1907.06845, equation 6).
    """
    cross_entropy = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return (cross_entropy - continuous_bernoulli_log_normaliser(logits)).flatten(1).sum(1)


def continuous_bernoulli_log_normaliser(logits: Tensor) -> Tensor:
    """log C(lambda) of each pixel, where C = 2 artanh(1 - 2 lambda) / (1 - 2 lambda).

    In terms of the logit l this is log(l / tanh(l / 2)), an even function, which needs no lambda
    (in float32 lambda would round to 1 at l = 17). Near 0 its Taylor series takes over.
    """
    size = logits.abs()
    near = size < _TAYLOR_LOGIT
    # Both branches are evaluated and differentiated: keep the unused one away from 0 / 0.
    away = torch.where(near, torch.ones_like(size), size)
    exact = torch.log(away) - torch.log(torch.tanh(away / 2))
    square = logits.square()
    taylor = math.log(2) + square / 12 - 7 * square.square() / 1440
    return torch.where(near, taylor, exact)


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """The mean of each pixel under CB(sigmoid(logits)): 1 / (1 - e^-l) - 1 / l (ibid., eq. 8)."""
    near = logits.abs() < _TAYLOR_LOGIT
    away = torch.where(near, torch.ones_like(logits), logits)
    exact = -1 / torch.expm1(-away) - 1 / away
    return torch.where(near, 0.5 + logits / 12 - logits**3 / 720, exact)


def standard_normal_kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mean, exp(log_var)) || N(0, I)) `[B]`, summed over all D latents.

    Kingma and Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).flatten(1).sum(1)


def sample_normal(
    mean: Tensor, log_var: Tensor, samples: int, generator: torch.Generator | None
) -> Tensor:
    """Draws from N(mean, exp(log_var)), differentiable in both: `[samples * B, D]`, B fastest."""
    noise = normal((samples, *mean.shape), generator, axis=1, device=mean.device, dtype=mean.dtype)
    return (mean + noise * (0.5 * log_var).exp()).flatten(0, 1)


def normal_log_prob(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """log N(z; mean, exp(log_var)) `[...]` of codes `[..., D]`, summed over the D latents."""
    square = (z - mean).square() * (-log_var).exp()
    return -0.5 * (square + log_var + math.log(2 * math.pi)).sum(-1)


class Mixture(NamedTuple):
    """A mixture of J Gaussians over codes: `log_weights` `[J]`, `means` `[J, D]` and the lower
    Cholesky factors of the covariances, `scales` `[J, D, D]`."""

    log_weights: Tensor
    means: Tensor
    scales: Tensor

    @classmethod
    def standard_normal(cls, latent: int, device: torch.device | None = None) -> Mixture:
        """N(0, I) as a mixture of one."""
        one = torch.eye(latent, device=device)
        return cls(one.new_zeros(1), one.new_zeros(1, latent), one[None])

    @classmethod
    def diagonal(cls, log_weights: Tensor, means: Tensor, log_vars: Tensor) -> Mixture:
        """Components with standard deviations exp(log_vars / 2) `[J, D]` along the axes."""
        return cls(log_weights, means, torch.diag_embed((0.5 * log_vars).exp()))

    def block(self, index: int, of: int) -> Mixture:
        """The components of one of `of` equal blocks, as a mixture of their own."""
        part = Mixture(*(values.chunk(of)[index] for values in self))
        return part._replace(log_weights=part.log_weights.log_softmax(0))

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats `[N]` at codes `[N, D]`."""
        inverse = torch.linalg.inv(self.scales)
        shift = torch.einsum("jde,je->jd", inverse, self.means)
        size = (torch.einsum("jde,ne->njd", inverse, z) - shift).square().sum(-1)
        log_det = self.scales.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        normaliser = 0.5 * z.shape[-1] * math.log(2 * math.pi) + log_det
        return torch.logsumexp(self.log_weights - normaliser - 0.5 * size, dim=-1)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes `[n, D]`."""
        chosen = torch.multinomial(
            self.log_weights.exp(), n, replacement=True, generator=generator
        )
        noise = torch.randn(
            n, self.means.shape[1], generator=generator, device=self.means.device
        ).to(self.means.dtype)
        return self.means[chosen] + torch.einsum("nde,ne->nd", self.scales[chosen], noise)

    def reach(self, deviations: float) -> tuple[Tensor, Tensor]:
        """The corners `[D]`, `[D]` of a box that holds every component to so many deviations."""
        size = deviations * self.scales.square().sum(-1).sqrt()
        return (self.means - size).amin(0), (self.means + size).amax(0)
