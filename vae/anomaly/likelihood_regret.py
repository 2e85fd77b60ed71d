"""Likelihood regret: what the encoder gives away on one image (Xiao, Yan and Amit 2020,
https://arxiv.org/abs/2003.02977)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .residuals import Seen

_STEPS, _DRAWS = 60, 4


def regret(seen: Seen) -> Tensor:
    """Nats [B] that a Gaussian posterior fitted to each image alone gains over the encoder's.

    The fit starts at the encoder's posterior and uses the same draws throughout, so that it can
    only gain, and the same image always gets the same number.
    """
    model, (mean, std) = seen.model, seen.code
    draws = torch.randn((_DRAWS, *mean.shape), generator=torch.Generator().manual_seed(0))
    many = seen.x.repeat(_DRAWS, 1, 1, 1)

    def bound(mean: Tensor, log_std: Tensor) -> Tensor:
        codes = (mean + log_std.exp() * draws).flatten(0, 1)
        misses = model.likelihood.nll(model.decode(codes), many).view(_DRAWS, -1)
        own = (-0.5 * draws.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
        return (misses + own - model.log_prior(codes).view(_DRAWS, -1)).mean(0)

    with torch.enable_grad():
        free = [v.clone().requires_grad_() for v in (mean, std.log())]
        optimiser = torch.optim.Adam(free, lr=0.05)
        first = best = bound(*free).detach()
        for _ in range(_STEPS):
            optimiser.zero_grad()
            value = bound(*free)
            best = torch.minimum(best, value.detach())
            value.sum().backward()
            optimiser.step()
    return first - best
