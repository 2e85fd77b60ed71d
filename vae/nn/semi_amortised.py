"""Semi-amortised inference for two latents: the encoder proposes, the decoder corrects.

An encoder generalises worse than its decoder: for unseen images its Gaussian is often slightly off
the mode of p(z|x), and sometimes at the mode of another class. With two latents both are cheap to
correct (Kim et al. 2018, https://arxiv.org/abs/1802.02550, use gradients): search a decoded grid
of the latent space, then take a few Newton steps on f(z) = -log p(x|z) - log p(z). q remains a
diagonal Gaussian, so the ELBO remains a bound. No gradient is needed, and the result depends only
on the image and the weights.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .likelihoods import Likelihood
from .priors import Prior

GRID_SIZE = 64
GRID_STD = 3.6  # standard deviations of the prior that the grid covers: 99.9 % of its mass
# The stencil of a Newton step, in units of its radius: axes, diagonals.
_STENCIL = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1))
_RADIUS = (0.004, 0.15)  # bounds of the stencil's radius, else the current std
_MIN_CURVATURE = 0.05  # in units of the stencil
_MAX_STEP = 2.0  # along each axis, in units of the stencil


class DecodedGrid(NamedTuple):
    """The decoder on a grid of codes `[GRID_SIZE^2, 2]`: logits `[GRID_SIZE^2, C, H, W]` and
    log p(z) `[GRID_SIZE^2]`."""

    codes: Tensor
    logits: Tensor
    log_prior: Tensor


def decode_grid(decode: Callable[[Tensor], Tensor], prior: Prior) -> DecodedGrid:
    """Decodes a regular grid that covers the prior."""
    low, high = prior.bounding_box(GRID_STD)
    axes = [torch.linspace(float(a), float(b), GRID_SIZE) for a, b in zip(low, high, strict=True)]
    codes = torch.cartesian_prod(*axes).to(low.device)
    logits = torch.cat([decode(z) for z in codes.split(1024)])
    return DecodedGrid(codes, logits, prior.log_prob(codes))


def refine_posterior(
    x: Tensor,
    mean: Tensor,
    std: Tensor,
    *,
    decode: Callable[[Tensor], Tensor],
    likelihood: Likelihood,
    log_prior: Callable[[Tensor], Tensor],
    grid: DecodedGrid,
    steps: int,
) -> tuple[Tensor, Tensor]:
    """Mean and std `[B, 2]` of the encoder's posterior of images `[B, C, H, W]` after the grid
    search and `steps` Newton steps.

    `decode` and `log_prior` take codes `[S * B, 2]`, B fastest.
    """

    def energy(z: Tensor) -> Tensor:
        flat = z.flatten(0, 1)
        nll = likelihood.nll(decode(flat), x.repeat(len(z), *[1] * (x.ndim - 1)))
        return (nll - log_prior(flat)).view(len(z), -1)

    best = (likelihood.nll_on_grid(grid.logits, x) - grid.log_prior).argmin(1)
    return newton_refine(mean, std, energy, grid.codes[best], steps)


def newton_refine(
    mean: Tensor, std: Tensor, energy: Callable[[Tensor], Tensor], candidate: Tensor, steps: int
) -> tuple[Tensor, Tensor]:
    """Mean and std `[B, 2]` of a diagonal Gaussian near a mode of exp(-energy).

    `mean` and `std` are the encoder's, `candidate` `[B, 2]` is the best code of the grid per
    image, and `energy` maps codes `[S, B, 2]` to f `[S, B]`. The better of the two starts is
    taken, then `steps` Newton steps, each accepted only where it lowers f. The variances are the
    inverse curvatures along the axes at the mean that is returned, the optimum of the ELBO for a
    quadratic f. They may be narrower than those before the last step but not wider: where they
    differ much f is not quadratic, and too wide a q costs many more nats than too narrow a one.
    """
    stencil = torch.tensor(_STENCIL, dtype=mean.dtype, device=mean.device)
    f0, at_candidate = energy(torch.stack([mean, candidate]))
    mean = torch.where((at_candidate < f0)[:, None], candidate, mean)
    f0 = torch.minimum(f0, at_candidate)
    for _ in range(steps):
        radius = std.clamp(*_RADIUS)
        right, left, up, down, a, b, c, d = energy(mean + stencil[:, None] * radius)
        slope = torch.stack([right - left, up - down], 1) / 2
        h11, h22 = _curvature(f0, right + left), _curvature(f0, up + down)
        bound = 0.9 * (h11 * h22).sqrt()  # keeps the Hessian positive definite
        h12 = ((a + b - c - d) / 4).clamp(-bound, bound)
        determinant = h11 * h22 - h12.square()
        first = (h22 * slope[:, 0] - h12 * slope[:, 1]) / determinant
        second = (h11 * slope[:, 1] - h12 * slope[:, 0]) / determinant
        step = -torch.stack([first, second], 1)
        moved = mean + step.clamp(-_MAX_STEP, _MAX_STEP) * radius
        at_moved = energy(moved[None])[0]
        mean = torch.where((at_moved < f0)[:, None], moved, mean)
        f0 = torch.minimum(f0, at_moved)
        std = torch.stack([h11, h22], 1).rsqrt() * radius
    if steps:  # the last step moved the mean away from where the curvature was taken
        radius = std.clamp(*_RADIUS)
        right, left, up, down = energy(mean + stencil[:4, None] * radius)
        curvature = torch.stack([_curvature(f0, right + left), _curvature(f0, up + down)], 1)
        std = torch.minimum(std, curvature.rsqrt() * radius)
    return mean, std


def _curvature(centre: Tensor, both_sides: Tensor) -> Tensor:
    """The second difference of f `[B]`, in units of the stencil."""
    return (both_sides - 2 * centre).clamp(min=_MIN_CURVATURE)
