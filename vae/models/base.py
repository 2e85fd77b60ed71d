"""The contract that every model keeps: codes, posteriors, pictures, terms of its loss, players.

Shapes: B batch, C channels, H height, W width, D latent size. Unit: nats per image, summed over
pixels and latents. Images are float32 in [0, 1]; decoders return logits, whose sigmoid is the
picture.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..nn import surgery
from ..nn.distributions import (
    Mixture,
    bernoulli_nll,
    continuous_bernoulli_log_normaliser,
    continuous_bernoulli_nll,
    gaussian_nll,
    normal_log_prob,
    sample_normal,
    standard_normal_kl,
)
from ..nn.layers import full_precision
from ..nn.priors import Prior


class Terms(NamedTuple):
    """The two terms of -ELBO, `[B]` each, in nats: -E log p(x|z) and KL(q(z|x) || p(z)).

    `levels` `[B, L]` are the parts of the KL, from the top level down; they sum to `kl`.
    """

    reconstruction: Tensor
    kl: Tensor
    levels: Tensor


class Posterior(NamedTuple):
    """q(z|x) = N(mean, diag(std^2)), `[B, D]` each."""

    mean: Tensor
    std: Tensor


class Batch(NamedTuple):
    """What one step learns from: the encoder looks at `seen`, `x` must be explained.

    Labels `y` `[B]` are -1 where they are hidden.
    """

    seen: Tensor
    x: Tensor
    y: Tensor
    beta: float
    samples: int
    generator: torch.Generator
    free_bits: float = 0.0


class Player(NamedTuple):
    """One optimiser's share of a model: its parameters, and its loss of a batch, a scalar."""

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Batch], Tensor]


class Autoencoder(nn.Module, ABC):
    """Interface of all models. Concrete models are final: none inherits from another.

    A decoder may take `extra` numbers behind the code: the label, one-hot, of a conditional model
    (`extra_kind` "label"; all zero: unknown), or the noise of a hierarchical model's lower levels
    ("detail"; all zero: their means).
    """

    decoder: nn.Sequential
    likelihood: Likelihood
    latent: int
    image_shape: tuple[int, int, int]
    has_prior: bool = True
    priors: tuple[str, ...] = ("normal",)
    refines: bool = False
    extra: int = 0
    extra_kind: str | None = None

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The representative code `[B, D]` of images `[B, C, H, W]`; deterministic."""

    @abstractmethod
    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior | None:
        """Mean and std of q(z|x), or None where q has no density."""

    @abstractmethod
    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Logits `[B, C, H, W]` at codes `[B, D]`; deterministic without a generator."""

    def prior(self, label: int | None = None) -> Prior | None:
        """p(z), or p(z|label) of a conditional model; None where a model has none."""
        device = next(self.parameters()).device
        return Mixture.standard_normal(self.latent, device) if self.has_prior else None

    def sample_prior(self, n: int, generator: torch.Generator, label: int | None = None) -> Tensor:
        """Codes `[n, D]` from p(z). Of a model without a prior: standard normal draws, which show
        what one misses."""
        prior = self.prior(label)
        if prior is None:
            prior = Mixture.standard_normal(self.latent, generator.device)
        return prior.sample(n, generator)

    def proposal(self, x: Tensor, y: Tensor | None = None) -> Posterior | None:
        """A Gaussian near p(z|x) for importance sampling; None where a model offers none."""
        return self.posterior(x, y)

    def log_weights(
        self, x: Tensor, y: Tensor | None, samples: int, generator: torch.Generator | None
    ) -> Tensor:
        """log p(x, z) - log q(z|x) `[S, B]` of draws from the proposal."""
        proposal = self.proposal(x, y)
        log_var = 2 * proposal.std.log()
        z = sample_normal(proposal.mean, log_var, samples, generator)
        y = None if y is None else y.repeat(samples)
        own = normal_log_prob(z.view(samples, *proposal.mean.shape), proposal.mean, log_var)
        misses = self.likelihood(self.decode(z, y), x.repeat(samples, 1, 1, 1))
        return (self.log_prior(z, y) - misses).view(samples, -1) - own

    def log_prior(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(z), or log p(z|y) of a conditional model, `[B]` in nats."""
        return self.prior().log_prob(z)

    @abstractmethod
    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        """Both terms of -ELBO for each image, the first averaged over posterior samples."""

    @abstractmethod
    def players(self) -> list[Player]:
        """Who is optimised against what."""

    @abstractmethod
    def heads(self) -> list[nn.Linear]:
        """The layers whose outputs `[..., D]` belong to one latent each."""

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        """Numbers the latents anew, in place: latent i becomes what `order[i]` was, `[D]`.

        Codes are exchanged; pictures, likelihoods and the ELBO stay what they are.
        """
        for head in self.heads():
            surgery.reorder_outputs(head, order)
        surgery.reorder_inputs(self.decoder, order)


def gaussian_terms(
    model: Autoencoder,
    mean: Tensor,
    log_var: Tensor,
    x: Tensor,
    y: Tensor | None,
    samples: int,
    generator: torch.Generator | None,
    *,
    closed_form: bool,
) -> Terms:
    """Terms of x `[B, C, H, W]` under q = N(mean, exp(log_var)), wherever that q came from.

    The KL against N(0, I) has a closed form; against another prior the same draws estimate it.
    """
    z = sample_normal(mean, log_var, samples, generator)
    y = None if y is None else y.repeat(samples)
    misses = model.likelihood(model.decode(z, y), x.repeat(samples, 1, 1, 1))
    if closed_form:
        kl = standard_normal_kl(mean, log_var)
    else:
        with full_precision(x):
            own = normal_log_prob(z.view(samples, *mean.shape), mean, log_var)
            kl = (own - model.log_prior(z, y).view(samples, -1)).mean(0)
    return Terms(misses.view(samples, -1).mean(0), kl, kl[:, None])


class Likelihood(nn.Module):
    """-log p(x|z) of the configured family; the Gaussian learns one sigma for all pixels."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.family = config.likelihood
        if self.family == "gaussian":
            self.log_sigma = nn.Parameter(torch.tensor(-1.5))

    def forward(self, logits: Tensor, x: Tensor) -> Tensor:
        """Nats `[B]` for logits and images `[B, C, H, W]`, in float32 also under autocast."""
        with full_precision(x):
            logits = logits.float()
            if self.family == "gaussian":
                return gaussian_nll(logits, x, self.log_sigma.float())
            if self.family == "continuous-bernoulli":
                return continuous_bernoulli_nll(logits, x)
            return bernoulli_nll(logits, x)

    def on_grid(self, logits: Tensor, x: Tensor) -> Tensor:
        """Nats `[B, G]` of every image `[B, C, H, W]` under every one of G decoded places."""
        slope, offset = self.linear(logits)
        return offset - x.flatten(1) @ slope.T + self.constant(x)[:, None]

    def linear(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The likelihood as a linear function of the image: -log p(x|z) = offset - x . slope +
        constant(x), with slope `[G, pixels]` and offset `[G]`. That makes a whole plane of places
        one matrix product."""
        flat = logits.flatten(1)
        if self.family == "gaussian":
            precision = torch.exp(-2 * self.log_sigma)
            mean = flat.sigmoid()
            each = self.log_sigma + 0.5 * math.log(2 * math.pi)
            return mean * precision, 0.5 * precision * mean.square().sum(1) + each * flat.shape[1]
        offset = nn.functional.softplus(flat).sum(1)
        if self.family == "continuous-bernoulli":
            offset = offset - continuous_bernoulli_log_normaliser(flat).sum(1)
        return flat, offset

    def constant(self, x: Tensor) -> Tensor:
        """The part `[B]` of -log p(x|z) that depends on no code."""
        if self.family == "gaussian":
            return 0.5 * torch.exp(-2 * self.log_sigma) * x.flatten(1).square().sum(1)
        return x.new_zeros(len(x))
