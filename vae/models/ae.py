"""Plain autoencoder: Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647.

It has no posterior and no prior, so its plane may have holes: that is what it is here to show.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..nn import networks
from ..nn.layers import full_precision
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms

# Nats a unit of squared code. Nothing else ties the code's scale: without this it drifts to the
# hundreds. Small enough to leave the picture alone, part of the training loss only.
CODE_PENALTY = 0.05


class AE(Autoencoder):
    """A code, a decoder, and nothing said about how codes are spread."""

    has_prior = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.encoder, width = networks.encoder(config)
        self.code = nn.Linear(width, config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = Likelihood(config)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        features = self.encoder(x)
        with full_precision(x):
            return self.code(features.float())

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior | None:
        return None

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return networks.decode(self.decoder, z)

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        """The reconstruction term; the KL is 0 by definition, so the sum is no ELBO."""
        reconstruction = self.likelihood(self.decode(self.encode(x)), x)
        nothing = torch.zeros_like(reconstruction)
        return Terms(reconstruction, nothing, nothing[:, None])

    def players(self) -> list[Player]:
        return [Player("model", list(self.parameters()), self._loss)]

    def heads(self) -> list[nn.Linear]:
        return [self.code]

    def _loss(self, batch: Batch) -> Tensor:
        z = self.encode(batch.seen)
        size = CODE_PENALTY * z.square().sum(1)
        return (self.likelihood(self.decode(z), batch.x) + size).mean()
