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

import torch
from torch import Tensor

GRID = 64
REACH = 3.6  # the grid covers [-REACH, REACH] squared, 99.9 % of the prior
# The stencil of a Newton step, in units of the current std: centre, axes, diagonals.
_STENCIL = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1))
_STD = (0.004, 0.15)  # the stencil's reach
_FLATTEST = 0.05  # curvature below this, in units of the stencil, is treated as this
_LONGEST = 2.0  # a step is at most so many stencil units along each axis


def plane_codes(device: torch.device) -> Tensor:
    """The codes of the grid `[GRID^2, 2]`."""
    axis = torch.linspace(-REACH, REACH, GRID, device=device)
    return torch.cartesian_prod(axis, axis)


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
