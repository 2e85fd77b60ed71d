"""Models that were trained by other projects: their networks as graphs (`vae.operators`), which
`vae.adoption` reads and checks. They are not trained here.

An encoder that gives a mean and a log-variance is that of a VAE, with N(0, I) as its prior
(Kingma and Welling 2014, https://arxiv.org/abs/1312.6114); one that gives codes alone is taken as
that of an autoencoder, whose codes have no known distribution. Of a decoder with lower levels no
posterior of their noise is known, so all terms are those of zero noise.
"""

import math

import torch
from torch import Tensor

from ..config import Config, ModelConfig
from ..nn.likelihoods import LIKELIHOODS
from ..operators.network import Network
from ..validation import ConfigError
from .base import Autoencoder, Batch, Labels
from .contexts import EXEMPLAR_SEEDS, Context
from .gaussian import GaussianAutoencoder

_CODES = 100
LOG_VAR = (-30.0, 20.0)  # a std of 0 would have an infinite KL


class _Adopted(Autoencoder):
    """Both networks of an adopted model. Those of a conditional one (`config.classes`) take the
    one-hot label after the pixels or the code, all in one row; a decoder with lower levels
    (`config.levels`) takes their noise after the code."""

    code_limit = math.inf

    def build(self, config: ModelConfig, outputs: int) -> None:
        """Makes the networks of the graphs, whose encoder has as many outputs."""
        found = len(config.graphs.encoder.outputs), len(config.graphs.decoder.outputs)
        if found != (outputs, 1):
            raise ConfigError(
                f"the graphs of a {config.name} have {found[0]} and {found[1]} outputs; expected "
                f"{outputs} and 1: adopt the model again"
            )
        context = Context.of(Config(config))
        self.context, self.context_size = context.kind, context.size(self.latent)
        if self.context == "noise" and context.exemplars:
            self.variations, self.seed_groups, self.group_numbers = EXEMPLAR_SEEDS
        try:
            self.encoder = Network(config.graphs.encoder)
            self.decoder = Network(config.graphs.decoder, self.latent + self.context_size)
        except (ArithmeticError, LookupError, RuntimeError, TypeError) as e:  # damaged attributes
            raise ConfigError(f"the graphs are damaged ({e}); adopt the model again") from e
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)

    def decode_with(self, z: Tensor, context: Tensor) -> Tensor:
        inputs = torch.cat([z.float(), context], dim=1)
        if not self.group_numbers:
            return self.decoder(inputs)
        # The distances from all exemplars are computed for some codes at a time.
        return torch.cat([self.decoder(part) for part in inputs.split(_CODES)])

    def _with_labels(self, x: Tensor, y: Labels) -> Tensor:
        """The encoder's input for images `[B, C, H, W]`."""
        if not self.classes:
            return x
        return torch.cat([x.flatten(1), self._one_hot(self._labels(y, x))], dim=1)


class AdoptedVAE(_Adopted, GaussianAutoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I), p(x|z) by the decoder."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.build(config, outputs=2)

    def amortised_posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_var = self.encoder(self._with_labels(x, y))
        return mean, log_var.clamp(*LOG_VAR)


class AdoptedAE(_Adopted):
    """A code and a decoder, without a distribution over codes."""

    has_prior = False

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.build(config, outputs=1)

    def encode(self, x: Tensor, y: Labels = None) -> Tensor:
        return self.encoder(self._with_labels(x, y))

    def loss(self, batch: Batch) -> Tensor:
        return self.terms(batch.x, batch.y).reconstruction.mean()
