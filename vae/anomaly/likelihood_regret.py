"""Likelihood regret: how much an image gains from a posterior of its own over the encoder's (Xiao,
Yan and Amit 2020, https://arxiv.org/abs/2003.02977)."""

import math

import torch
from torch import Tensor

from .residuals import Reconstruction

_STEPS, _DRAWS = 60, 4


def likelihood_regret(of: Reconstruction) -> Tensor:
    """Nats [B] by which optimising a Gaussian posterior for each image lowers -ELBO. The
    optimisation starts at the encoder's posterior and reuses the same noise for all steps and
    images, so the regret is never negative and is the same every time, whatever is beside it."""
    model, (mean, std) = of.model, of.code
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((_DRAWS, 1, mean.shape[1]), generator=generator).to(mean)
    images = of.x.repeat(_DRAWS, 1, 1, 1)

    def neg_elbo(mean: Tensor, log_std: Tensor) -> Tensor:
        z = (mean + log_std.exp() * noise).flatten(0, 1)
        nll = model.likelihood.nll(model.decode(z), images).view(_DRAWS, -1)
        log_q = (-0.5 * noise.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
        return (nll + log_q - model.log_prior(z).view(_DRAWS, -1)).mean(0)

    with torch.enable_grad():
        parameters = [v.clone().requires_grad_() for v in (mean, std.log())]
        optimiser = torch.optim.Adam(parameters, lr=0.05)
        values = []
        for _ in range(_STEPS):
            optimiser.zero_grad()
            value = neg_elbo(*parameters)
            values.append(value.detach())
            value.sum().backward()
            optimiser.step()
    return values[0] - torch.stack(values).amin(0)
