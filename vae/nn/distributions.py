"""Gaussian densities and divergences: pure functions, one number per image, in nats.

They sum over latents and never average, so that a reconstruction term and a KL can be added. They
compute in the precision of their arguments; callers under autocast pass float32.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .sharded_noise import normal


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
    Cholesky factors of the covariances, `scales` `[J, D, D]`.

    Unlike torch.distributions, it samples with an explicit generator.
    """

    log_weights: Tensor
    means: Tensor
    scales: Tensor

    @classmethod
    def standard_normal(cls, latent: int, device: torch.device | None = None) -> Mixture:
        """N(0, I) as a mixture with one component."""
        one = torch.eye(latent, device=device)
        return cls(one.new_zeros(1), one.new_zeros(1, latent), one[None])

    @classmethod
    def diagonal(cls, log_weights: Tensor, means: Tensor, log_vars: Tensor) -> Mixture:
        """Components with standard deviations exp(log_vars / 2) `[J, D]` along the axes."""
        return cls(log_weights, means, torch.diag_embed((0.5 * log_vars).exp()))

    def block(self, index: int, blocks: int) -> Mixture:
        """The mixture of the components in one of several equal blocks."""
        part = Mixture(*(values.chunk(blocks)[index] for values in self))
        return part._replace(log_weights=part.log_weights.log_softmax(0))

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats `[N]` at codes `[N, D]`."""
        one = torch.eye(z.shape[-1], dtype=z.dtype, device=z.device)
        inverse = torch.linalg.solve_triangular(self.scales, one, upper=False)
        standard = torch.matmul(inverse.flatten(0, 1), z.T).unflatten(0, (len(inverse), -1))
        size = (standard - inverse @ self.means[:, :, None]).square().sum(1)  # [J, N]
        log_det = self.scales.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        normaliser = 0.5 * z.shape[-1] * math.log(2 * math.pi) + log_det
        return torch.logsumexp((self.log_weights - normaliser)[:, None] - 0.5 * size, dim=0)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes `[n, D]`, from random numbers on the device of the generator."""
        weights = self.log_weights.exp().to(generator.device)
        chosen = torch.multinomial(weights, n, replacement=True, generator=generator)
        shape = (n, self.means.shape[1])
        noise = torch.randn(shape, generator=generator, device=generator.device).to(self.means)
        return self.means[chosen] + torch.einsum("nde,ne->nd", self.scales[chosen], noise)

    def bounding_box(self, n_std: float) -> tuple[Tensor, Tensor]:
        """Corners `[D]` of the box around every component up to `n_std` standard deviations."""
        size = n_std * self.scales.square().sum(-1).sqrt()
        return (self.means - size).amin(0), (self.means + size).amax(0)
