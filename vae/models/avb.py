"""Adversarial variational Bayes: Mescheder, Nowozin and Geiger 2017,
https://arxiv.org/abs/1701.04722, with adaptive contrast (section 4).

q(z|x) has no closed form: noise passes through a network to the code, so posteriors may have any
shape. A discriminator T learns log q(z|x) / r(z|x) for the Gaussian r with the same moments, and
KL(q || p) = E_q T + KL(r || p): the second term is exact because r shares q's moments.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..config import ModelConfig
from ..nn import networks, surgery
from ..nn.distributions import standard_normal_kl
from ..nn.layers import autocast_off
from ..nn.likelihoods import LIKELIHOODS
from ..nn.sharded_noise import normal
from .base import Autoencoder, Batch, Player, Posterior, Terms

_BASES, _NOISE, _HIDDEN = 8, 4, 32  # noise networks; inputs and hidden units of each
_POINTS = 1024  # fixed noise from which the moments of the bases are computed
_ADVERSARY = (256, 256, 256)
_INITIAL_LOG_SCALE = -1.5


class Basis(nn.Module):
    """Noise `[N, I, e]` -> `[N, I, D]`, each output with mean 0 and variance 1.

    The moments are computed over fixed Sobol points, so the mean and variance of q follow without
    sampling (the noise basis of the paper's section 4, "z0(x) + sum_i a_i(x) v_i(eps_i)").
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
    """z = mean(x) + sum_i a_i(x) v_i(eps_i), where v_0 is the identity, so q has a density."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
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
        self.likelihood = LIKELIHOODS[config.likelihood]()
        layers: list[nn.Module] = []
        before = (_BASES + 2) * config.latent
        for after in _ADVERSARY:
            layers += [nn.Linear(before, after), nn.SiLU()]
            before = after
        self.adversary = nn.Sequential(*layers, nn.Linear(before, 1))
        with torch.no_grad():
            self.adversary[-1].weight.mul_(0.1)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._moments(x)[0]

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior | None:
        return None

    def proposal(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """The Gaussian with the mean and variance of q(z|x)."""
        mean, std, _ = self._moments(x)
        return Posterior(mean, std)

    def sample_posterior(
        self,
        x: Tensor,
        samples: int,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """Samples `[S, B, D]` from q(z|x)."""
        mean, std, shape = self._moments(x)
        return mean + std * self._standardised(shape, samples, generator)

    def log_posterior(
        self, z: Tensor, x: Tensor, components: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """log q(z|x) `[N]` at codes `[N, D]` for one image `[1, C, H, W]`, by Monte Carlo over all
        noise except the Gaussian v_0. An oracle for tests of the discriminator."""
        mean, std, shape = self._moments(x)
        noise = torch.randn(components, _BASES, _NOISE, generator=generator, device=z.device)
        centres = mean + std * (self.basis(noise) * shape[:, 1:]).sum(1)  # [M, D]
        scale = std * shape[:, 0].abs()
        distance = ((z[:, None] - centres) / scale).square().sum(-1)
        normaliser = scale.log().sum() + 0.5 * self.latent * math.log(2 * math.pi)
        return torch.logsumexp(-0.5 * distance - normaliser, 1) - math.log(components)

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        """Both terms of -ELBO; the KL is the discriminator's estimate."""
        mean, std, shape = self._moments(x)
        normal = self._standardised(shape, samples, generator)
        nll = self._nll(mean + std * normal, x)
        kl = standard_normal_kl(mean, 2 * std.log()) + self._log_ratio(shape, normal).mean(0)
        return Terms(nll, kl, kl[:, None])

    def players(self) -> list[Player]:
        adversary = list(self.adversary.parameters())
        excluded = {id(p) for p in adversary}
        rest = [p for p in self.parameters() if id(p) not in excluded]
        return [
            Player("model", rest, self.loss),
            Player("adversary", adversary, self._adversary_loss),
        ]

    def latent_heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_scale, self.shape]

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        super().reorder(order)
        self.basis.outer.copy_(self.basis.outer[..., order])
        surgery.reorder_columns(self.adversary[0], order, len(order))

    def loss(self, batch: Batch) -> Tensor:
        mean, std, shape = self._moments(batch.encoder_input)
        normal = self._standardised(shape, batch.samples, batch.generator)
        nll = self._nll(mean + std * normal, batch.x)
        # T is evaluated at detached shapes: the expected gradient of log q itself is 0 (ibid.,
        # proposition 2), so gradients reach q through its samples only.
        contrast = self._log_ratio(shape.detach(), normal).mean(0)
        kl = standard_normal_kl(mean, 2 * std.log()) + contrast
        return (nll + batch.beta * kl).mean()

    def _adversary_loss(self, batch: Batch) -> Tensor:
        """Classifies samples of q and of the Gaussian with its moments (equation 3.3)."""
        with torch.no_grad():
            shape = self._moments(batch.encoder_input)[2]
            real = self._standardised(shape, batch.samples, batch.generator)
        noise = normal(real.shape, batch.generator, axis=1, device=real.device)
        on_q = F.softplus(-self._log_ratio(shape, real))
        return (on_q + F.softplus(self._log_ratio(shape, noise))).mean()

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
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

    def _standardised(
        self, shape: Tensor, samples: int, generator: torch.Generator | None
    ) -> Tensor:
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

    def _nll(self, z: Tensor, x: Tensor) -> Tensor:
        """-log p(x|z) `[B]`, averaged over codes `[S, B, D]`."""
        nll = self.likelihood.nll(self.decode(z.flatten(0, 1)), x.repeat(len(z), 1, 1, 1))
        return nll.view(len(z), -1).mean(0)
