"""Learned priors p(z): a normalising flow, and one Gaussian per class."""

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from ..validation import ConfigError
from .distributions import Mixture, normal_log_prob

_COUPLINGS, _HIDDEN = 8, 64
CODE_LIMIT = 8.0  # of codes under a flow on each axis, those of the encoder and the bounding box
_MAX_LOG_SCALE = 1.5  # of one coupling; keeps the inverse finite


class Prior(Protocol):
    """A density over codes, such as `distributions.Mixture` and `Flow`."""

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats `[N]` at codes `[N, D]`."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Codes `[n, D]`."""

    def bounding_box(self, n_std: float) -> tuple[Tensor, Tensor]:
        """Lower and upper corner `[D]` of a box with the mass within `n_std` deviations."""


class Flow(nn.Module):
    """A normal distribution transformed by affine couplings: RealNVP (Dinh et al. 2017,
    https://arxiv.org/abs/1605.08803, equations 4 to 6) as a prior. For VAEs a flow gains more as
    the prior than as the posterior (Xu et al. 2019, https://arxiv.org/abs/1905.13452).

    `forward` maps a code to the base space; couplings alternate between the halves of the code.
    """

    def __init__(self, latent: int) -> None:
        super().__init__()
        if latent < 2:
            raise ConfigError("a flow prior got 1 latent; expected 2 or more, or --prior normal")
        self.latent, self.half = latent, latent // 2
        # The order in which latents enter the couplings; with two there is nothing to choose.
        self.register_buffer("order", torch.arange(latent) if latent > 2 else None)
        self.couplings = nn.ModuleList()
        for index in range(_COUPLINGS):
            fixed = self.half if index % 2 else latent - self.half
            layers = [nn.Linear(fixed, _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU()]
            last = nn.Linear(_HIDDEN, 2 * (latent - fixed))
            with torch.no_grad():  # starts very close to N(0, I)
                last.weight.mul_(0.01)
                last.bias.zero_()
            self.couplings.append(nn.Sequential(*layers, last))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The base code u `[N, D]` and log |du / dz| `[N]`."""
        log_det = z.new_zeros(len(z))
        z = z if self.order is None else z[:, self.order]
        for index, coupling in enumerate(self.couplings):
            fixed, moved = self._split(z, index)
            log_scale, shift = self._affine(coupling, fixed)
            moved = moved * log_scale.exp() + shift
            log_det = log_det + log_scale.sum(1)
            z = self._merge(fixed, moved, index)
        return z, log_det

    def inverse(self, u: Tensor) -> Tensor:
        """The code `[N, D]` that `forward` maps to u `[N, D]`."""
        for index in reversed(range(len(self.couplings))):
            fixed, moved = self._split(u, index)
            log_scale, shift = self._affine(self.couplings[index], fixed)
            u = self._merge(fixed, (moved - shift) * (-log_scale).exp(), index)
        return u if self.order is None else u[:, self.order.argsort()]

    def reorder(self, order: Tensor) -> None:
        """Permutes the latents in place: latent i becomes the former order[i]."""
        if self.order is None:
            raise ConfigError("a flow over 2 latents cannot be reordered; keep the learned order")
        self.order.copy_(order.argsort()[self.order])

    def log_prob(self, z: Tensor) -> Tensor:
        u, log_det = self(z)
        return normal_log_prob(u, torch.zeros_like(u), torch.zeros_like(u)) + log_det

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        u = torch.randn(n, self.latent, generator=generator, device=generator.device)
        return self.inverse(u.to(next(self.parameters()).device))

    @torch.no_grad()
    def bounding_box(self, n_std: float) -> tuple[Tensor, Tensor]:
        """The bounding box of the images of points on a sphere of radius `n_std`.

        It is clipped at +-8 on each axis, beyond which the encoder maps no image: couplings may
        map the last thousandth of the base distribution a hundred units away.
        """
        device = next(self.parameters()).device
        generator = torch.Generator(device).manual_seed(0)
        points = torch.randn(4096, self.latent, generator=generator, device=device)
        codes = self.inverse(n_std * points / points.norm(dim=1, keepdim=True))
        return codes.amin(0).clamp(min=-CODE_LIMIT), codes.amax(0).clamp(max=CODE_LIMIT)

    def _split(self, z: Tensor, index: int) -> tuple[Tensor, Tensor]:
        first, second = z.tensor_split([self.latent - self.half], dim=1)
        return (second, first) if index % 2 else (first, second)

    def _merge(self, fixed: Tensor, moved: Tensor, index: int) -> Tensor:
        return torch.cat([moved, fixed] if index % 2 else [fixed, moved], dim=1)

    def _affine(self, coupling: nn.Sequential, fixed: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = coupling(fixed).chunk(2, dim=1)
        return _MAX_LOG_SCALE * (log_scale / _MAX_LOG_SCALE).tanh(), shift


class ClassConditionalNormal(nn.Module):
    """p(z|y) = N(mean_y, diag(std_y^2)), and for an unknown label their equal mixture.

    The conditional prior of Sohn, Lee and Yan 2015 (equation 4) with a label as its input.
    """

    def __init__(self, classes: int, latent: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(0.1 * torch.randn(classes, latent))
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def mixture(self, label: int | None) -> Mixture:
        """p(z|label), or p(z) if the label is None."""
        rows = slice(None) if label is None else slice(label, label + 1)
        mean, log_var = self.mean[rows], self.log_var[rows]
        weight = mean.new_full((len(mean),), -math.log(len(mean)))
        return Mixture.diagonal(weight, mean, log_var)

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        """Permutes the latents in place: latent i becomes the former order[i]."""
        self.mean.copy_(self.mean[:, order])
        self.log_var.copy_(self.log_var[:, order])

    def log_prob(self, z: Tensor, y: Tensor) -> Tensor:
        """log p(z|y) `[B]` of codes `[B, D]` under labels `[B]`; a label of -1 is unknown."""
        known = y.clamp(min=0)
        given = normal_log_prob(z, self.mean[known], self.log_var[known])
        return torch.where(y < 0, self.mixture(None).log_prob(z), given)
