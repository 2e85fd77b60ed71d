"""Priors that are learned: what a model comes to believe of its codes before it sees an image."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from ..config import ConfigError
from .distributions import Mixture, normal_log_prob

_COUPLINGS, _HIDDEN = 8, 64
_FARTHEST = 8.0  # of a code on each axis; an encoder keeps within 6 (networks.FARTHEST)
_STRONGEST = 1.5  # log-scale of one coupling: bounded, so that no code is thrown to infinity


class Prior(Protocol):
    """A density over codes: `distributions.Mixture` is one, `Flow` another."""

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats `[N]` at codes `[N, D]`."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes `[n, D]`."""

    def reach(self, deviations: float) -> tuple[Tensor, Tensor]:
        """The corners `[D]`, `[D]` of a box that holds what so many deviations hold."""


class Flow(nn.Module):
    """A normal distribution bent by affine couplings: RealNVP (Dinh et al. 2017,
    https://arxiv.org/abs/1605.08803, equations 4 to 6) as a prior, which for VAEs gains more than
    a bent posterior (Xu et al. 2019, https://arxiv.org/abs/1905.13452).

    `forward` takes a code to the normal's space; every second coupling moves the other half.
    """

    def __init__(self, latent: int) -> None:
        super().__init__()
        if latent < 2:
            raise ConfigError("a flow prior got 1 latent; expected 2 or more, or --prior normal")
        self.latent, self.half = latent, latent // 2
        # In which order the latents enter; two have no order to choose.
        self.register_buffer("order", torch.arange(latent) if latent > 2 else None)
        self.couplings = nn.ModuleList()
        for index in range(_COUPLINGS):
            kept = self.half if index % 2 else latent - self.half
            layers = [nn.Linear(kept, _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU()]
            last = nn.Linear(_HIDDEN, 2 * (latent - kept))
            with torch.no_grad():  # begins very near N(0, I)
                last.weight.mul_(0.01)
                last.bias.zero_()
            self.couplings.append(nn.Sequential(*layers, last))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The normal's code `[N, D]` and log |du / dz| `[N]`."""
        log_det = z.new_zeros(len(z))
        z = z if self.order is None else z[:, self.order]
        for index, coupling in enumerate(self.couplings):
            kept, moved = self._parts(z, index)
            log_scale, shift = self._affine(coupling, kept)
            moved = moved * log_scale.exp() + shift
            log_det = log_det + log_scale.sum(1)
            z = self._joined(kept, moved, index)
        return z, log_det

    def inverse(self, u: Tensor) -> Tensor:
        """The code `[N, D]` that `forward` takes to u."""
        for index in reversed(range(len(self.couplings))):
            kept, moved = self._parts(u, index)
            log_scale, shift = self._affine(self.couplings[index], kept)
            u = self._joined(kept, (moved - shift) * (-log_scale).exp(), index)
        return u if self.order is None else u[:, self.order.argsort()]

    def reorder(self, order: Tensor) -> None:
        """Numbers the latents anew: latent i becomes what order[i] was."""
        if self.order is None:
            raise ConfigError("a flow over 2 latents keeps them in the order in which it learned")
        self.order.copy_(order.argsort()[self.order])

    def log_prob(self, z: Tensor) -> Tensor:
        u, log_det = self(z)
        return normal_log_prob(u, torch.zeros_like(u), torch.zeros_like(u)) + log_det

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.inverse(
            torch.randn(n, self.latent, generator=generator, device=generator.device)
        )

    @torch.no_grad()
    def reach(self, deviations: float) -> tuple[Tensor, Tensor]:
        """Where the normal's sphere and the points on it go, for D = 2 a circle's image, as far
        as codes go: couplings may throw the last thousandth of the normal a hundred units out."""
        device = next(self.parameters()).device
        generator = torch.Generator(device).manual_seed(0)
        around = torch.randn(4096, self.latent, generator=generator, device=device)
        codes = self.inverse(deviations * around / around.norm(dim=1, keepdim=True))
        return codes.amin(0).clamp(min=-_FARTHEST), codes.amax(0).clamp(max=_FARTHEST)

    def _parts(self, z: Tensor, index: int) -> tuple[Tensor, Tensor]:
        one, two = z.tensor_split([self.latent - self.half], dim=1)
        return (two, one) if index % 2 else (one, two)

    def _joined(self, kept: Tensor, moved: Tensor, index: int) -> Tensor:
        return torch.cat([moved, kept] if index % 2 else [kept, moved], dim=1)

    def _affine(self, coupling: nn.Sequential, kept: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = coupling(kept).chunk(2, dim=1)
        return _STRONGEST * (log_scale / _STRONGEST).tanh(), shift


class LabelNormal(nn.Module):
    """p(z|y) = N(mean_y, diag(std_y^2)), and for an unknown label all of them in equal parts.

    The conditional prior of Sohn, Lee and Yan 2015 (equation 4), here with a label as the input.
    """

    def __init__(self, classes: int, latent: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(0.1 * torch.randn(classes, latent))
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def mixture(self, label: int | None) -> Mixture:
        """p(z|label), or p(z) where the label is None."""
        rows = slice(None) if label is None else slice(label, label + 1)
        mean, log_var = self.mean[rows], self.log_var[rows]
        weight = mean.new_full((len(mean),), -math.log(len(mean)))
        return Mixture.diagonal(weight, mean, log_var)

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        """Numbers the latents anew: latent i becomes what order[i] was."""
        self.mean.copy_(self.mean[:, order])
        self.log_var.copy_(self.log_var[:, order])

    def log_prob(self, z: Tensor, y: Tensor) -> Tensor:
        """log p(z|y) `[B]` of codes `[B, D]` under labels `[B]`; a label of -1 is unknown."""
        known = y.clamp(min=0)
        given = normal_log_prob(z, self.mean[known], self.log_var[known])
        return torch.where(y < 0, self.mixture(None).log_prob(z), given)
