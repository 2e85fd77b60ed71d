"""What changes with the step of a training: the learning rate and the weight of the KL."""

import math

from ..config import Config


def learning_rate(step: int, steps: int, config: Config) -> float:
    """One cycle: up from lr / 25 along a cosine, then down to nearly 0 (Smith and Topin 2019,
    https://arxiv.org/abs/1708.07120)."""
    top, rise = config.train.lr, max(1, round(config.train.lr_warmup * steps))
    if step < rise:
        low, share = top / 25, (1 - math.cos(math.pi * step / rise)) / 2
        return low + (top - low) * share
    share = (step - rise) / max(1, steps - rise)
    return max(top * (1 + math.cos(math.pi * share)) / 2, top * 1e-4)


def beta_at(step: int, steps: int, config: Config) -> float:
    """The weight of the KL at a step: moves to the model's beta over the first part of training.

    From 0 it rises linearly. From above it falls geometrically: the plane is laid out coarsely
    first and in detail later, as a self-organising map is, and so seldom ends up folded.
    """
    start, end = config.train.beta_start, config.model.beta
    until = config.train.beta_fraction * steps
    if step >= until:
        return end
    share = step / until
    if start > 0 and end > 0:
        return start * (end / start) ** share
    return start + (end - start) * share
