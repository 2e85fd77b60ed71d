"""Conditional VAE: Sohn, Lee and Yan 2015, "Learning Structured Output Representation using Deep
Conditional Generative Models", equation 4; with labels as in Kingma et al. 2014 (M2),
https://arxiv.org/abs/1406.5298.

Encoder and decoder are conditioned on the label, so the code need not represent it: the latent
space describes the variation within a class. Labels may be unknown, also in training
(`TrainConfig.unlabelled`), as in classifier-free guidance; without labels the model is a VAE.
"""

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..nn import networks
from ..nn.distributions import Mixture
from ..nn.likelihoods import LIKELIHOODS
from ..nn.priors import ClassConditionalNormal
from ..validation import ConfigError
from .base import Labels
from .gaussian import GaussianAutoencoder


class CVAE(GaussianAutoencoder):
    """q(z|x, y) = N(mean, diag(std^2)), p(z|y) = N(0, I) or learned per class, p(x|z, y)."""

    priors = ("normal", "label")
    context = "label"

    def __init__(self, config: ModelConfig) -> None:
        if not config.classes:
            raise ConfigError("a cvae got 0 classes; expected model.classes, 1 or more")
        super().__init__(config)
        self.context_size = config.classes
        self.encoder, width = networks.encoder(config)
        self.condition = nn.Linear(width + config.classes, width)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.decoder(config, config.classes)
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)
        self.learned_prior = config.prior == "label"
        self.class_prior = (
            ClassConditionalNormal(config.classes, config.latent) if self.learned_prior else None
        )

    def amortised_posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        one_hot = self._one_hot(y).to(features.dtype)
        h = nn.functional.silu(self.condition(torch.cat([features, one_hot], dim=1)))
        return networks.gaussian_parameters(h, self.mean, self.log_var)

    def prior(self, label: int | None = None) -> Mixture:
        return super().prior() if self.class_prior is None else self.class_prior.mixture(label)

    def log_prior(self, z: Tensor, y: Labels = None) -> Tensor:
        if self.class_prior is None:
            return super().log_prior(z)
        return self.class_prior.log_prob(z, self._labels(y, z))

    def reorder(self, order: Tensor) -> None:
        super().reorder(order)
        if self.class_prior is not None:
            self.class_prior.reorder(order)
