"""Models that were trained by other projects: their networks as graphs (`vae.operators`), which
`vae.adoption` reads and checks. They are not trained here.

An encoder that gives a mean and a log-variance is that of a VAE, with N(0, I) as its prior
(Kingma and Welling 2014, https://arxiv.org/abs/1312.6114); one that gives codes alone is taken as
that of an autoencoder, whose codes have no known distribution.
"""

import math

from torch import Tensor

from ..config import ModelConfig
from ..nn.likelihoods import LIKELIHOODS
from ..operators.network import Network
from ..validation import ConfigError
from .base import Autoencoder, Batch, Labels
from .gaussian import GaussianAutoencoder

LOG_VAR = (-30.0, 20.0)  # a std of 0 would have an infinite KL


class AdoptedVAE(GaussianAutoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I), p(x|z) by the decoder."""

    code_limit = math.inf

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        _build(self, config, outputs=2)

    def amortised_posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self.encoder(x)
        return mean, log_var.clamp(*LOG_VAR)

    def decode_with(self, z: Tensor, context: Tensor) -> Tensor:
        return self.decoder(z.float())


class AdoptedAE(Autoencoder):
    """A code and a decoder, without a distribution over codes."""

    has_prior = False
    code_limit = math.inf

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        _build(self, config, outputs=1)

    def encode(self, x: Tensor, y: Labels = None) -> Tensor:
        return self.encoder(x)

    def decode_with(self, z: Tensor, context: Tensor) -> Tensor:
        return self.decoder(z.float())

    def loss(self, batch: Batch) -> Tensor:
        return self.terms(batch.x).reconstruction.mean()


def _build(model: Autoencoder, config: ModelConfig, outputs: int) -> None:
    found = len(config.graphs.encoder.outputs), len(config.graphs.decoder.outputs)
    if found != (outputs, 1):
        raise ConfigError(
            f"the graphs of a {config.name} have {found[0]} and {found[1]} outputs; expected "
            f"{outputs} and 1: adopt the model again"
        )
    try:
        model.encoder = Network(config.graphs.encoder)
        model.decoder = Network(config.graphs.decoder)
    except (ArithmeticError, LookupError, RuntimeError, TypeError) as error:  # damaged attributes
        raise ConfigError(f"the graphs are damaged ({error}); adopt the model again") from error
    model.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)
