"""Conditional VAE: Sohn, Lee and Yan 2015, "Learning Structured Output Representation using Deep
Conditional Generative Models", equation 4; with labels as in Kingma et al. 2014 (M2),
https://arxiv.org/abs/1406.5298.

Encoder and decoder are told the label, so the code need not carry it: the plane is left to what
varies within a class. A label may be hidden, in training too (`TrainConfig.unlabelled`), in the
manner of classifier-free guidance; the model then works like one without labels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import ConfigError, ModelConfig
from ..nn import networks, semi_amortised
from ..nn.distributions import Mixture
from ..nn.layers import full_precision
from ..nn.priors import LabelNormal
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms, gaussian_terms


class CVAE(Autoencoder):
    """q(z|x, y) = N(mean, diag(std^2)), p(z|y) = N(0, I) or learned a label, p(x|z, y)."""

    refines = True
    priors = ("normal", "label")
    extra_kind = "label"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if not config.classes:
            raise ConfigError("a cvae got 0 classes; expected model.classes, 1 or more")
        self.latent, self.image_shape = config.latent, config.image_shape
        self.extra = config.classes
        self.encoder, width = networks.encoder(config)
        self.told = nn.Linear(width + config.classes, width)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.decoder(config, extra=config.classes)
        self.likelihood = Likelihood(config)
        self.of_label = None
        if config.prior == "label":
            self.of_label = LabelNormal(config.classes, config.latent)
        self.refine = config.refine
        self._planes: dict[int, semi_amortised.Survey] = {}

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.posterior(x, y).mean

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        y = self._labels(y, x)
        mean, log_var = self._parameters_of_q(x, y)
        std = (0.5 * log_var).exp()
        if not self.refine:
            return Posterior(mean, std)
        with torch.no_grad(), full_precision(x):
            mean, std = mean.clone(), std.clone()
            for label in y.unique().tolist():
                of = y == label
                mean[of], std[of] = self._refined(x[of], mean[of], std[of], label)
        return Posterior(mean, std)

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        y = self._labels(y, z)
        return networks.decode(self.decoder, torch.cat([z.float(), self._one_hot(y)], dim=1))

    def prior(self, label: int | None = None) -> Mixture:
        return super().prior() if self.of_label is None else self.of_label.mixture(label)

    def log_prior(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if self.of_label is None:
            return super().log_prior(z)
        return self.of_label.log_prob(z, self._labels(y, z))

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        """Both terms given the label, of -log p(x|y); without labels those of -log p(x)."""
        y = self._labels(y, x)
        mean, std = self.posterior(x, y)
        return self._terms(mean, 2 * std.log(), x, y, samples, generator)

    def players(self) -> list[Player]:
        return [Player("model", list(self.parameters()), self._loss)]

    def heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_var]

    def reorder(self, order: Tensor) -> None:
        super().reorder(order)
        if self.of_label is not None:
            self.of_label.reorder(order)
        self._planes.clear()

    def _loss(self, batch: Batch) -> Tensor:
        mean, log_var = self._parameters_of_q(batch.seen, batch.y)
        terms = self._terms(mean, log_var, batch.x, batch.y, batch.samples, batch.generator)
        return (terms.reconstruction + batch.beta * terms.kl).mean()

    def _terms(
        self,
        mean: Tensor,
        log_var: Tensor,
        x: Tensor,
        y: Tensor,
        samples: int,
        generator: torch.Generator | None,
    ) -> Terms:
        plain = self.of_label is None
        return gaussian_terms(self, mean, log_var, x, y, samples, generator, closed_form=plain)

    def _parameters_of_q(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(x)
        told = self.told(torch.cat([features, self._one_hot(y).to(features.dtype)], dim=1))
        return networks.gaussian(nn.functional.silu(told), self.mean, self.log_var)

    def _refined(self, x: Tensor, mean: Tensor, std: Tensor, label: int) -> tuple[Tensor, Tensor]:
        prior = self.prior(None if label < 0 else label)

        def decode(z: Tensor) -> Tensor:
            return self.decode(z, torch.full((len(z),), label, device=z.device))

        plane = self._planes.get(label)
        if plane is None or any(p.requires_grad for p in self.parameters()):
            plane = self._planes[label] = semi_amortised.survey(decode, prior)
        return semi_amortised.refined(
            x,
            mean,
            std,
            decode=decode,
            likelihood=self.likelihood,
            log_prior=prior.log_prob,
            plane=plane,
            steps=self.refine,
        )

    def _labels(self, y: Tensor | None, of: Tensor) -> Tensor:
        """Labels `[B]` of images or codes `[B, ...]`, -1 where unknown."""
        return torch.full((len(of),), -1, device=of.device) if y is None else y

    def _one_hot(self, y: Tensor) -> Tensor:
        """`[B, K]`, a row of zeros where the label is unknown."""
        return (y[:, None] == torch.arange(self.extra, device=y.device)).float()
