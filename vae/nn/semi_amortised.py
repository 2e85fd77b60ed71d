"""Semi-amortised inference in the plane: the encoder proposes, the decoder corrects.

An encoder generalises worse than its decoder: on images it has not seen, its Gaussian often sits
a little beside the mode of p(z|x), and now and then at the wrong garment altogether. With two
latents both are cheap to mend (Kim et al. 2018, https://arxiv.org/abs/1802.02550, do it by
gradients): look over the whole plane on a grid, then take a few Newton steps on
f(z) = -log p(x|z) - log p(z). q stays a diagonal Gaussian, so the ELBO stays a bound; no gradient
is needed, and the result depends on nothing but the image and the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .priors import Prior

GRID = 64
REACH = 3.6  # the grid covers so many deviations of the prior, 99.9 % of it
# The stencil of a Newton step, in units of the current std: centre, axes, diagonals.
_STENCIL = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1))
_STD = (0.004, 0.15)  # the stencil's reach
_FLATTEST = 0.05  # curvature below this, in units of the stencil, is treated as this
_LONGEST = 2.0  # a step is at most so many stencil units along each axis


class Survey(NamedTuple):
    """The decoder over the whole plane: codes `[GRID^2, 2]`, logits `[GRID^2, C, H, W]`, and
    log p(z) `[GRID^2]`."""

    codes: Tensor
    logits: Tensor
    log_prior: Tensor


def survey(decode: Callable[[Tensor], Tensor], prior: Prior) -> Survey:
    """Decodes a grid that covers the prior."""
    low, high = prior.reach(REACH)
    axes = [torch.linspace(float(a), float(b), GRID) for a, b in zip(low, high, strict=True)]
    codes = torch.cartesian_prod(*axes).to(low.device)
    logits = torch.cat([decode(z) for z in codes.split(1024)])
    return Survey(codes, logits, prior.log_prob(codes))


def refined(
    x: Tensor,
    mean: Tensor,
    std: Tensor,
    *,
    decode: Callable[[Tensor], Tensor],
    likelihood: nn.Module,
    log_prior: Callable[[Tensor], Tensor],
    plane: Survey,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """The encoder's posterior of images x `[B, C, H, W]` after a look over the plane and a few
    Newton steps. `decode` and `log_prior` take codes `[S * B, 2]`, B fastest."""

    def energy(z: Tensor) -> Tensor:
        flat = z.flatten(0, 1)
        misses = likelihood(decode(flat), x.repeat(len(z), *[1] * (x.ndim - 1)))
        return (misses - log_prior(flat)).view(len(z), -1)

    best = likelihood.on_grid(plane.logits, x) - plane.log_prior
    return refine(mean, std, energy, plane.codes[best.argmin(1)], steps)


def refine(
    mean: Tensor, std: Tensor, energy: Callable[[Tensor], Tensor], plane: Tensor, steps: int
) -> tuple[Tensor, Tensor]:
    """A better diagonal Gaussian near a mode of exp(-energy).

    `mean`, `std` `[B, 2]` are the encoder's; `energy` maps codes `[S, B, 2]` to f `[S, B]`;
    `plane` `[B, 2]` is each image's best place on the grid. The lower of the two starts is taken,
    then `steps` Newton steps, each kept only where it lowers f. The variances are the inverse
    curvatures along the axes, the optimum of the ELBO for a quadratic f.
    """
    stencil = torch.tensor(_STENCIL, dtype=mean.dtype, device=mean.device)
    here, there = energy(torch.stack([mean, plane]))
    mean = torch.where((there < here)[:, None], plane, mean)
    for _ in range(steps):
        reach = std.clamp(*_STD)
        f0, right, left, up, down, a, b, c, d = energy(mean + stencil[:, None] * reach)
        slope = torch.stack([right - left, up - down], 1) / 2
        h11 = (right + left - 2 * f0).clamp(min=_FLATTEST)
        h22 = (up + down - 2 * f0).clamp(min=_FLATTEST)
        bound = 0.9 * (h11 * h22).sqrt()  # keeps the matrix positive definite
        h12 = ((a + b - c - d) / 4).clamp(-bound, bound)
        determinant = h11 * h22 - h12.square()
        step = -torch.stack(
            [
                (h22 * slope[:, 0] - h12 * slope[:, 1]) / determinant,
                (h11 * slope[:, 1] - h12 * slope[:, 0]) / determinant,
            ],
            1,
        )
        moved = mean + step.clamp(-_LONGEST, _LONGEST) * reach
        better = energy(moved[None])[0] < f0
        mean = torch.where(better[:, None], moved, mean)
        std = torch.stack([h11, h22], 1).rsqrt() * reach
    return mean, std
