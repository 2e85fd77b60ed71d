"""The contract that every model keeps: codes, posteriors, pictures, terms of its loss, players.

Shapes: B batch, C channels, H height, W width, D latent size. Unit: nats per image, summed over
pixels and latents. Images are float32 in [0, 1]; decoders return logits, whose sigmoid is the
picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..distributions import bernoulli_nll, continuous_bernoulli_nll, gaussian_nll
from ..networks import full_precision


class Terms(NamedTuple):
    """The two terms of -ELBO, `[B]` each, in nats: -E log p(x|z) and KL(q(z|x) || p(z))."""

    reconstruction: Tensor
    kl: Tensor


class Posterior(NamedTuple):
    """q(z|x) = N(mean, diag(std^2)), `[B, D]` each."""

    mean: Tensor
    std: Tensor


class Batch(NamedTuple):
    """What one step learns from: the encoder looks at `seen`, `x` must be explained."""

    seen: Tensor
    x: Tensor
    y: Tensor
    beta: float
    samples: int
    generator: torch.Generator


class Player(NamedTuple):
    """One optimiser's share of a model: its parameters, and its loss of a batch, a scalar."""

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Batch], Tensor]


class Autoencoder(nn.Module, ABC):
    """Interface of all models. Concrete models are final: none inherits from another."""

    decoder: nn.Sequential
    latent: int
    image_shape: tuple[int, int, int]
    has_prior: bool

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

    @abstractmethod
    def sample_prior(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes `[n, D]` from p(z)."""

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
        if self.family == "bernoulli":  # a matrix product: -x . logits + sum softplus(logits)
            flat = logits.flatten(1)
            return nn.functional.softplus(flat).sum(1) - x.flatten(1) @ flat.T
        rows = [self.forward(logits, one.expand_as(logits)) for one in x[:, None]]
        return torch.stack(rows)
