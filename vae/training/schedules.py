"""Schedules of the learning rate and of the weight of the KL."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from ..config import Config


def one_cycle(optimiser: Optimizer, step: int, steps: int, config: Config) -> OneCycleLR:
    """The one-cycle schedule of an optimiser, set to `step` of `steps`.

    The learning rate rises from lr / 25 to lr along a cosine and falls to 0 (Smith and Topin 2019,
    https://arxiv.org/abs/1708.07120).
    """
    rise = max(1, round(config.train.lr_warmup * steps))
    tops = [config.train.lr * group.get("lr_scale", 1) for group in optimiser.param_groups]
    for group, top in zip(optimiser.param_groups, tops, strict=True):
        # What OneCycleLR reads if it does not begin at step 0.
        group.update(initial_lr=top / 25, max_lr=top, min_lr=0.0)
    shape = {"pct_start": (rise + 1) / (steps + 1), "div_factor": 25, "final_div_factor": math.inf}
    place = {"total_steps": steps + 1, "last_epoch": step - 1}
    return OneCycleLR(optimiser, tops, **shape, **place, cycle_momentum=False)


def beta_at(step: int, steps: int, config: Config) -> float:
    """The weight of the KL at a step: moves to the model's beta over the first part of training.

    From 0 it rises linearly. From a larger value it falls geometrically: the latent space is
    organised coarsely first and in detail later, as in a self-organising map, and folds less.
    """
    start, end = config.train.beta_start, config.model.beta
    until = config.train.beta_fraction * steps
    if step >= until:
        return end
    fraction = step / until
    if start > 0 and end > 0:
        return start * (end / start) ** fraction
    return start + (end - start) * fraction
