"""Variational autoencoder: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.

With beta other than 1 the loss is that of the beta-VAE (Higgins et al. 2017,
https://openreview.net/forum?id=Sy2fzU9gl, equation 4); the terms stay those of the ELBO.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .. import inference, networks
from ..config import ModelConfig
from ..distributions import sample_normal, standard_normal_kl
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms

# No code that explains an image lies beyond 6 prior deviations, but a network can put a stray test
# image at 300 and charge 50,000 nats of KL for it. The deviations stay within e^-7 and e^2.
_FARTHEST = 6.0
_LOG_VAR = (-14.0, 4.0)
_FIRST_LOG_STD = -1.5


class VAE(Autoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I), p(x|z) by the decoder."""

    has_prior = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.encoder, width = networks.encoder(config)
        self.mean = nn.Linear(width, config.latent)
        self.log_var = nn.Linear(width, config.latent)
        with torch.no_grad():  # start with clouds small enough to tell images apart
            self.log_var.weight.mul_(0.1)
            self.log_var.bias.fill_(2 * _FIRST_LOG_STD)
        self.decoder = networks.decoder(config)
        self.likelihood = Likelihood(config)
        self.refine = config.refine
        self._plane: Tensor | None = None

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.posterior(x).mean

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        mean, log_var = self._parameters_of_q(x)
        std = (0.5 * log_var).exp()
        if not self.refine:
            return Posterior(mean, std)
        with torch.no_grad():
            return Posterior(*self._refined(x, mean, std))

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return networks.decode(self.decoder, z)

    def sample_prior(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, self.latent, generator=generator, device=generator.device)

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        mean, std = self.posterior(x)
        return self._terms(mean, 2 * std.log(), x, samples, generator)

    def players(self) -> list[Player]:
        return [Player("model", list(self.parameters()), self._loss)]

    def _loss(self, batch: Batch) -> Tensor:
        mean, log_var = self._parameters_of_q(batch.seen)
        terms = self._terms(mean, log_var, batch.x, batch.samples, batch.generator)
        return (terms.reconstruction + batch.beta * terms.kl).mean()

    def _terms(
        self,
        mean: Tensor,
        log_var: Tensor,
        x: Tensor,
        samples: int,
        generator: torch.Generator | None,
    ) -> Terms:
        """Terms of x `[B, C, H, W]` under q = N(mean, exp(log_var)), wherever that q came from."""
        z = sample_normal(mean, log_var, samples, generator)
        misses = self.likelihood(self.decode(z), x.repeat(samples, 1, 1, 1))
        return Terms(misses.view(samples, -1).mean(0), standard_normal_kl(mean, log_var))

    def _parameters_of_q(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        # Codes stay in float32 under autocast: bfloat16 would place them on a coarse lattice.
        with networks.full_precision(x):
            features = features.float()
            mean = self.mean(features).clamp(-_FARTHEST, _FARTHEST)
            return mean, self.log_var(features).clamp(*_LOG_VAR)

    def _refined(self, x: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's posterior after a look over the plane and a few Newton steps."""
        with networks.full_precision(x):
            codes, logits = inference.plane_codes(x.device), self._plane_logits(x.device)

            def energy(z: Tensor) -> Tensor:
                misses = self.likelihood(
                    self.decode(z.flatten(0, 1)), x.repeat(len(z), *[1] * (x.ndim - 1))
                )
                return misses.view(len(z), -1) + 0.5 * z.square().sum(-1)

            best = self.likelihood.on_grid(logits, x) + 0.5 * codes.square().sum(1)
            return inference.refine(mean, std, energy, codes[best.argmin(1)], self.refine)

    def _plane_logits(self, device: torch.device) -> Tensor:
        """Logits `[GRID^2, C, H, W]` over the plane, remembered once the weights are frozen."""
        if self._plane is None or self._plane.device != device:
            parts = [self.decode(z) for z in inference.plane_codes(device).split(1024)]
            plane = torch.cat(parts)
            if any(p.requires_grad for p in self.decoder.parameters()) or self.training:
                return plane
            self._plane = plane
        return self._plane
