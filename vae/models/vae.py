"""Variational autoencoder: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.

With a beta other than 1 the loss is that of the beta-VAE (Higgins et al. 2017,
https://openreview.net/forum?id=Sy2fzU9gl, equation 4); the terms remain those of the ELBO.
"""

from torch import Tensor

from ..config import ModelConfig
from ..nn import networks
from ..nn.likelihoods import LIKELIHOODS
from ..nn.priors import CODE_LIMIT, Flow, Prior
from .gaussian import GaussianAutoencoder


class VAE(GaussianAutoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I) or a flow, p(x|z) by the decoder."""

    priors = ("normal", "flow")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.encoder, width = networks.encoder(config)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)
        self.learned_prior = config.prior == "flow"
        self.code_limit = CODE_LIMIT if self.learned_prior else networks.MEAN_LIMIT
        self.flow = Flow(config.latent) if self.learned_prior else None

    def amortised_posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        return networks.gaussian_parameters(features, self.mean, self.log_var, self.code_limit)

    def prior(self, label: int | None = None) -> Prior:
        return super().prior() if self.flow is None else self.flow

    def reorder(self, order: Tensor) -> None:
        if self.flow is not None:
            self.flow.reorder(order)
        super().reorder(order)
