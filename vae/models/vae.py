"""Variational autoencoder: Kingma and Welling 2014, https://arxiv.org/abs/1312.6114.

With beta other than 1 the loss is that of the beta-VAE (Higgins et al. 2017,
https://openreview.net/forum?id=Sy2fzU9gl, equation 4); the terms stay those of the ELBO.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..nn import networks, semi_amortised
from ..nn.layers import full_precision
from ..nn.priors import Flow, Prior
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms, gaussian_terms

_FARTHEST_LEARNED = 60.0  # a learned prior may settle elsewhere


class VAE(Autoencoder):
    """q(z|x) = N(mean(x), diag(std(x)^2)), p(z) = N(0, I) or learned, p(x|z) by the decoder."""

    refines = True
    priors = ("normal", "flow")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.encoder, width = networks.encoder(config)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.decoder(config)
        self.likelihood = Likelihood(config)
        self.flow = Flow(config.latent) if config.prior == "flow" else None
        self.refine = config.refine
        self._plane: semi_amortised.Survey | None = None

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.posterior(x).mean

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        mean, log_var = self._parameters_of_q(x)
        std = (0.5 * log_var).exp()
        if not self.refine:
            return Posterior(mean, std)
        with torch.no_grad(), full_precision(x):
            mean, std = semi_amortised.refined(
                x,
                mean,
                std,
                decode=self.decode,
                likelihood=self.likelihood,
                log_prior=self.prior().log_prob,
                plane=self._survey(),
                steps=self.refine,
            )
        return Posterior(mean, std)

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return networks.decode(self.decoder, z)

    def prior(self, label: int | None = None) -> Prior:
        return super().prior() if self.flow is None else self.flow

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

    def heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_var]

    def reorder(self, order: Tensor) -> None:
        if self.flow is not None:
            self.flow.reorder(order)
        super().reorder(order)
        self._plane = None

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
        return gaussian_terms(
            self, mean, log_var, x, None, samples, generator, closed_form=self.flow is None
        )

    def _parameters_of_q(self, x: Tensor) -> tuple[Tensor, Tensor]:
        farthest = networks.FARTHEST if self.flow is None else _FARTHEST_LEARNED
        return networks.gaussian(self.encoder(x), self.mean, self.log_var, farthest)

    def _survey(self) -> semi_amortised.Survey:
        """The decoder over the plane, remembered once the weights are frozen."""
        learning = self.training or any(p.requires_grad for p in self.parameters())
        if self._plane is None or learning:
            self._plane = semi_amortised.survey(self.decode, self.prior())
        return self._plane
