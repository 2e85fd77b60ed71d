"""Variational autoencoder: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.

With beta other than 1 the loss is that of the beta-VAE (Higgins et al. 2017,
https://openreview.net/forum?id=Sy2fzU9gl, equation 4); the terms stay those of the ELBO.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .. import networks
from ..config import ModelConfig
from ..distributions import sample_normal, standard_normal_kl
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms

# log-variances are kept within these: exp stays finite while a network is still wild
_LOG_VAR = (-16.0, 8.0)


class VAE(Autoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I), p(x|z) by the decoder."""

    has_prior = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.encoder, width = networks.encoder(config)
        self.mean = nn.Linear(width, config.latent)
        self.log_var = nn.Linear(width, config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = Likelihood(config)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._parameters_of_q(x)[0]

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        mean, log_var = self._parameters_of_q(x)
        return Posterior(mean, (0.5 * log_var).exp())

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return self.decoder(z)

    def sample_prior(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, self.latent, generator=generator, device=generator.device)

    def terms(
        self, x: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Terms:
        return self._terms(x, x, 1, generator)

    def players(self) -> list[Player]:
        return [Player("model", self.parameters(), self._loss)]

    def _loss(self, batch: Batch) -> Tensor:
        terms = self._terms(batch.seen, batch.x, batch.samples, batch.generator)
        return (terms.reconstruction + batch.beta * terms.kl).mean()

    def _terms(
        self, seen: Tensor, x: Tensor, samples: int, generator: torch.Generator | None
    ) -> Terms:
        """Terms where q looks at `seen` and p explains `x`: -ELBO for any q, whatever it sees."""
        mean, log_var = self._parameters_of_q(seen)
        z = sample_normal(mean, log_var, samples, generator)
        misses = self.likelihood(self.decode(z), x.repeat(samples, 1, 1, 1))
        return Terms(misses.view(samples, -1).mean(0), standard_normal_kl(mean, log_var))

    def _parameters_of_q(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        # Codes stay in float32 under autocast: bfloat16 would place them on a coarse lattice.
        with networks.full_precision(x):
            features = features.float()
            return self.mean(features), self.log_var(features).clamp(*_LOG_VAR)
