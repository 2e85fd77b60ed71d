"""Adversarial variational Bayes: Mescheder, Nowozin and Geiger 2017,
https://arxiv.org/abs/1701.04722, with adaptive contrast (section 4).

q(z|x) has no closed form: noise passes through a network to the code, so posteriors may have any
shape. A discriminator T learns log q(z|x) / r(z|x) for the Gaussian r with the same moments, and
KL(q || p) = E_q T + KL(r || p): the second term is exact because r shares q's moments.
"""

from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..nn import networks, surgery
from ..nn.distributions import standard_normal_kl
from ..nn.layers import autocast_off
from ..nn.likelihoods import LIKELIHOODS
from ..nn.sharded_noise import normal
from .base import Autoencoder, Batch, Labels, Player, Posterior, Terms

_BASES, _NOISE, _HIDDEN = 8, 4, 32  # noise networks; inputs and hidden units of each
_POINTS = 1024  # fixed noise from which the moments of the bases are computed
_ADVERSARY = (256, 256, 256)
_INITIAL_LOG_SCALE = -1.5

Moments = tuple[Tensor, Tensor, Tensor]


class Basis(nn.Module):
    """Noise `[N, I, e]` -> `[N, I, D]`, each output with mean 0 and variance 1. The moments are
    computed over fixed Sobol points, so the mean and variance of q follow without sampling (the
    noise basis of the paper's section 4, "z0(x) + sum_i a_i(x) v_i(eps_i)")."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.inner = nn.Parameter(torch.randn(_BASES, _NOISE, _HIDDEN))
        self.shift = nn.Parameter(torch.randn(_BASES, _HIDDEN))
        self.outer = nn.Parameter(torch.randn(_BASES, _HIDDEN, latent) / _HIDDEN**0.5)
        uniform = torch.quasirandom.SobolEngine(_NOISE, scramble=True, seed=0).draw(_POINTS)
        points = torch.special.ndtri(uniform.clamp(1e-6, 1 - 1e-6)).half().float()
        self.register_buffer("points", points)

    def forward(self, noise: Tensor) -> Tensor:
        points = self._raw(self.points[:, None].expand(-1, _BASES, -1))
        std, mean = torch.std_mean(points, dim=0, correction=0)
        return (self._raw(noise) - mean) / std.clamp(min=1e-3)

    def _raw(self, noise: Tensor) -> Tensor:
        hidden = torch.einsum("nie,ieh->nih", noise, self.inner) + self.shift
        return torch.einsum("nih,ihd->nid", hidden.tanh(), self.outer)


class AVB(Autoencoder):
    """z = mean(x) + sum_i a_i(x) v_i(eps_i), where v_0 is the identity, so q has a density."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder, width = networks.encoder(config)
        self.mean = nn.Linear(width, config.latent)
        self.log_scale = nn.Linear(width, config.latent)
        self.shape = nn.Linear(width, (_BASES + 1) * config.latent)
        with torch.no_grad():  # start with narrow, nearly Gaussian posteriors: mostly v_0
            self.log_scale.weight.mul_(0.1)
            self.log_scale.bias.fill_(_INITIAL_LOG_SCALE)
            self.shape.weight.mul_(0.1)
            self.shape.bias.fill_(0.2)
            self.shape.bias[: config.latent] = 1.0
        self.basis = Basis(config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)
        sizes = pairwise(((_BASES + 2) * config.latent, *_ADVERSARY))
        layers = [layer for size in sizes for layer in (nn.Linear(*size), nn.SiLU())]
        self.adversary = nn.Sequential(*layers, nn.Linear(_ADVERSARY[-1], 1))
        with torch.no_grad():
            self.adversary[-1].weight.mul_(0.1)

    def proposal(self, x: Tensor, y: Labels = None) -> Posterior:
        """The Gaussian with the mean and variance of q(z|x)."""
        return Posterior(*self._moments(x)[:2])

    def sample_posterior(
        self, x: Tensor, samples: int, generator: Generator | None = None, y: Labels = None
    ) -> Tensor:
        """Samples `[S, B, D]` from q(z|x)."""
        mean, std, shape = self._moments(x)
        return mean + std * self._standardised(shape, samples, generator)

    def terms(
        self, x: Tensor, y: Labels = None, generator: Generator | None = None, *, samples: int = 1
    ) -> Terms:
        """Both terms of -ELBO; the KL is the discriminator's estimate."""
        return self._terms(self._moments(x), x, samples, generator)

    def players(self) -> list[Player]:
        adversary = list(self.adversary.parameters())
        rest = [p for name, p in self.named_parameters() if not name.startswith("adversary.")]
        others = Player("adversary", adversary, self._adversary_loss)
        return [Player("model", rest, self.loss), others]

    def latent_heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_scale, self.shape]

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        super().reorder(order)
        self.basis.outer.copy_(self.basis.outer[..., order])
        surgery.reorder_columns(self.adversary[0], order, len(order))

    def loss(self, batch: Batch) -> Tensor:
        moments = self._moments(batch.encoder_input)
        given = batch.x, batch.samples, batch.generator, batch.ssim_weight
        terms = self._terms(moments, *given)
        return (terms.reconstruction + batch.beta * terms.kl).mean()

    def _terms(
        self,
        moments: Moments,
        x: Tensor,
        samples: int,
        generator: Generator | None,
        ssim_weight: float = 0.0,
    ) -> Terms:
        mean, std, shape = moments
        normal = self._standardised(shape, samples, generator)
        codes = (mean + std * normal).flatten(0, 1)
        nll = self.reconstruction(self.decode(codes), x, ssim_weight)
        # T is evaluated at detached shapes: the expected gradient of log q itself is 0 (ibid.,
        # proposition 2), so gradients reach q through its samples only.
        contrast = self._log_ratio(shape.detach(), normal).mean(0)
        kl = standard_normal_kl(mean, 2 * std.log()) + contrast
        return Terms(nll.mean(0), kl, kl[:, None])

    def _adversary_loss(self, batch: Batch) -> Tensor:
        """Classifies samples of q and of the Gaussian with its moments (equation 3.3)."""
        with torch.no_grad():
            shape = self._moments(batch.encoder_input)[2]
            real = self._standardised(shape, batch.samples, batch.generator)
        noise = normal(real.shape, batch.generator, axis=1, device=real.device)
        on_q = F.softplus(-self._log_ratio(shape, real))
        return (on_q + F.softplus(self._log_ratio(shape, noise))).mean()

    def _moments(self, x: Tensor) -> Moments:
        """Mean and std of q(z|x) `[B, D]`, and the coefficients a_i `[B, 1 + I, D]` of the noise
        in units of the std, whose squares sum to 1."""
        features = self.encoder(x)
        with autocast_off(x):
            features = features.float()
            mean = networks.bounded(self.mean(features), -self.code_limit, self.code_limit)
            std = networks.bounded(self.log_scale(features), -7, 2).exp()
            shape = self.shape(features).view(-1, _BASES + 1, self.latent)
            first, rest = shape[:, :1], shape[:, 1:]
            # a_0 never vanishes, so q always has a density.
            bound = (0.0025 * rest.square().sum(1, keepdim=True) + 1e-4).sqrt()
            first = torch.where(
                first < 0, torch.minimum(first, -bound), torch.maximum(first, bound)
            )
            shape = torch.cat([first, rest], dim=1)
            return mean, std, shape / shape.square().sum(1, keepdim=True).sqrt()

    def _standardised(self, shape: Tensor, samples: int, generator: Generator | None) -> Tensor:
        """(z - mean) / std of samples z from q: `[S, B, D]`."""
        with autocast_off(shape):
            n, device = samples * len(shape), shape.device
            gaussian = normal((n, 1, self.latent), generator, device=device)
            noise = normal((n, _BASES, _NOISE), generator, device=device)
            parts = torch.cat([gaussian, self.basis(noise)], dim=1)
            return (parts.view(samples, *shape.shape) * shape).sum(2)

    def _log_ratio(self, shape: Tensor, normal: Tensor) -> Tensor:
        """T(x, z) `[S, B]` at standardised codes `[S, B, D]`. Their distribution depends on x only
        through the shape, so the discriminator gets the shape and not the image."""
        with autocast_off(normal):
            given = shape.flatten(1).expand(len(normal), -1, -1)
            return self.adversary(torch.cat([given, normal], dim=2)).squeeze(2)
