"""Plain autoencoder: Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647.

It has no posterior and no prior, so its latent space may have holes; it is here to show them.
"""

import math

from torch import Tensor, nn

from ..config import ModelConfig
from ..nn import networks
from ..nn.layers import autocast_off
from ..nn.likelihoods import LIKELIHOODS
from .base import Autoencoder, Batch, Labels

# Nats per unit of squared code, in the training loss only. Nothing else determines the scale of
# the codes; without the penalty it drifts to the hundreds. It is too small to affect the images.
CODE_PENALTY = 0.05


class AE(Autoencoder):
    """A code and a decoder, without a distribution over codes."""

    has_prior = False
    code_limit = math.inf

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder, width = networks.encoder(config)
        self.code = nn.Linear(width, config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)

    def encode(self, x: Tensor, y: Labels = None) -> Tensor:
        features = self.encoder(x)
        with autocast_off(x):
            return self.code(features.float())

    def loss(self, batch: Batch) -> Tensor:
        z = self.encode(batch.encoder_input)
        penalty = CODE_PENALTY * z.square().sum(1)
        reconstruction = self.reconstruction(self.decode(z), batch.x, batch.ssim_weight)[0]
        return (reconstruction + penalty).mean()

    def latent_heads(self) -> list[nn.Linear]:
        return [self.code]
