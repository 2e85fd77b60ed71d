"""Adversarial variational Bayes: Mescheder, Nowozin and Geiger 2017,
https://arxiv.org/abs/1701.04722, with adaptive contrast (section 4).

q(z|x) has no closed form: noise passes through a network on its way to the code, so clouds may be
bent or torn. An adversary T learns log q(z|x) / r(z|x) against the Gaussian r of the same moments,
and KL(q || p) = E_q T + KL(r || p): the second part is exact because r shares q's moments.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..nn import networks, surgery
from ..nn.distributions import standard_normal_kl
from ..nn.layers import full_precision
from ..nn.sharded_noise import normal
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms

_BASES, _NOISE, _HIDDEN = 8, 4, 32  # noise networks, inputs of each, hidden units of each
_POINTS = 1024  # of the fixed noise on which the bases' moments are measured
_ADVERSARY = (256, 256, 256)
_FIRST_LOG_SCALE = -1.5


class Basis(nn.Module):
    """Noise `[N, I, e]` -> `[N, I, D]`, every output of mean 0 and variance 1.

    The moments are taken over fixed Sobol points, so a mean and a variance of q cost nothing more
    (the noise basis of the paper's section 4, "z0(x) + sum_i a_i(x) v_i(eps_i)").
    """

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
    """z = mean(x) + sum_i a_i(x) v_i(eps_i); v_0 is the identity, so that q has a density."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.encoder, width = networks.encoder(config)
        self.mean = nn.Linear(width, config.latent)
        self.log_scale = nn.Linear(width, config.latent)
        self.shape = nn.Linear(width, (_BASES + 1) * config.latent)
        with torch.no_grad():  # start with small Gaussian clouds: mostly v_0
            self.log_scale.weight.mul_(0.1)
            self.log_scale.bias.fill_(_FIRST_LOG_SCALE)
            self.shape.weight.mul_(0.1)
            self.shape.bias.fill_(0.2)
            self.shape.bias[: config.latent] = 1.0
        self.basis = Basis(config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = Likelihood(config)
        layers: list[nn.Module] = []
        before = (_BASES + 2) * config.latent
        for after in _ADVERSARY:
            layers += [nn.Linear(before, after), nn.SiLU()]
            before = after
        self.adversary = nn.Sequential(*layers, nn.Linear(before, 1))
        with torch.no_grad():
            self.adversary[-1].weight.mul_(0.1)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of q(z|x)."""
        return self._moments(x)[0]

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior | None:
        return None

    def proposal(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """The Gaussian with q's mean and variance."""
        mean, std, _ = self._moments(x)
        return Posterior(mean, std)

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return networks.decode(self.decoder, z)

    def sample_posterior(
        self, x: Tensor, samples: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draws `[S, B, D]` from q(z|x)."""
        mean, std, shape = self._moments(x)
        return mean + std * self._standardised(shape, samples, generator)

    def log_posterior(
        self, z: Tensor, x: Tensor, components: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """log q(z|x) `[N]` at codes `[N, D]` for one image `[1, C, H, W]`, by Monte Carlo over all
        noise but the Gaussian v_0. For checking the adversary, not for training."""
        mean, std, shape = self._moments(x)
        noise = torch.randn(components, _BASES, _NOISE, generator=generator, device=z.device)
        centres = mean + std * (self.basis(noise) * shape[:, 1:]).sum(1)  # [M, D]
        scale = std * shape[:, 0].abs()
        far = ((z[:, None] - centres) / scale).square().sum(-1)
        normaliser = scale.log().sum() + 0.5 * self.latent * math.log(2 * math.pi)
        return torch.logsumexp(-0.5 * far - normaliser, 1) - math.log(components)

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        """Both terms of -ELBO; the KL is the adversary's estimate."""
        mean, std, shape = self._moments(x)
        normal = self._standardised(shape, samples, generator)
        misses = self._misses(mean + std * normal, x)
        kl = standard_normal_kl(mean, 2 * std.log()) + self._judge(shape, normal).mean(0)
        return Terms(misses, kl, kl[:, None])

    def players(self) -> list[Player]:
        adversary = list(self.adversary.parameters())
        theirs = {id(p) for p in adversary}
        rest = [p for p in self.parameters() if id(p) not in theirs]
        return [
            Player("model", rest, self._loss),
            Player("adversary", adversary, self._adversary_loss),
        ]

    def heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_scale, self.shape]

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        super().reorder(order)
        self.basis.outer.copy_(self.basis.outer[..., order])
        surgery.reorder_columns(self.adversary[0], order, len(order))

    def _loss(self, batch: Batch) -> Tensor:
        mean, std, shape = self._moments(batch.seen)
        normal = self._standardised(shape, batch.samples, batch.generator)
        misses = self._misses(mean + std * normal, batch.x)
        # T is judged at the shapes as they are: E_q of log q's own gradient is 0 (the paper's
        # proposition 2), so gradients reach q through its draws alone.
        contrast = self._judge(shape.detach(), normal).mean(0)
        kl = standard_normal_kl(mean, 2 * std.log()) + contrast
        return (misses + batch.beta * kl).mean()

    def _adversary_loss(self, batch: Batch) -> Tensor:
        """Tells draws of q from those of the Gaussian with its moments (equation 3.3)."""
        with torch.no_grad():
            shape = self._moments(batch.seen)[2]
            real = self._standardised(shape, batch.samples, batch.generator)
        noise = normal(real.shape, batch.generator, axis=1, device=real.device)
        told = F.softplus(-self._judge(shape, real)) + F.softplus(self._judge(shape, noise))
        return told.mean()

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and std of q(z|x) `[B, D]`, and the shares a_i `[B, 1 + I, D]` of the noise in one
        standard deviation, whose squares sum to 1."""
        features = self.encoder(x)
        with full_precision(x):
            features = features.float()
            mean = self.mean(features).clamp(-networks.FARTHEST, networks.FARTHEST)
            std = self.log_scale(features).clamp(-7, 2).exp()
            shape = self.shape(features).view(-1, _BASES + 1, self.latent)
            own, rest = shape[:, :1], shape[:, 1:]
            # A little of v_0 always stays, so that q keeps a density.
            least = (0.0025 * rest.square().sum(1, keepdim=True) + 1e-4).sqrt()
            own = torch.where(own < 0, torch.minimum(own, -least), torch.maximum(own, least))
            shape = torch.cat([own, rest], dim=1)
            return mean, std, shape / shape.square().sum(1, keepdim=True).sqrt()

    def _standardised(
        self, shape: Tensor, samples: int, generator: torch.Generator | None
    ) -> Tensor:
        """(z - mean) / std of draws z from q: `[S, B, D]`."""
        with full_precision(shape):
            n, device = samples * len(shape), shape.device
            plain = normal((n, 1, self.latent), generator, device=device)
            noise = normal((n, _BASES, _NOISE), generator, device=device)
            parts = torch.cat([plain, self.basis(noise)], dim=1)
            return (parts.view(samples, *shape.shape) * shape).sum(2)

    def _judge(self, shape: Tensor, normal: Tensor) -> Tensor:
        """T(x, z) `[S, B]` at standardised codes. All that the law of a standardised code depends
        on is the shape, so that, and not the image, is what the adversary sees of x."""
        with full_precision(normal):
            about = shape.flatten(1).expand(len(normal), -1, -1)
            return self.adversary(torch.cat([about, normal], dim=2)).squeeze(2)

    def _misses(self, z: Tensor, x: Tensor) -> Tensor:
        """-log p(x|z) `[B]`, averaged over codes `[S, B, D]`."""
        misses = self.likelihood(self.decode(z.flatten(0, 1)), x.repeat(len(z), 1, 1, 1))
        return misses.view(len(z), -1).mean(0)
