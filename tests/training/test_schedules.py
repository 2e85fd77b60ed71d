"""Schedules: one cycle of the learning rate, also from the middle; the weight of the KL."""

import math

import pytest
import torch

from vae.training import beta_at, one_cycle


def adam():
    return torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])


def closed_form(step, steps, warmup):
    """The schedule with lr = 1."""
    rise = max(1, round(warmup * steps))
    if step < rise:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2
    return (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2


@pytest.mark.parametrize("steps", [1, 2, 3, 100, 1001])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.37, 1.0])
def test_the_learning_rate_rises_and_falls_in_one_cycle(settings, steps, warmup):
    optimiser, config = adam(), settings(lr=1.0, lr_warmup=warmup)
    scheduler = one_cycle(optimiser, 0, steps, config)
    for step in range(steps):
        (rate,) = scheduler.get_last_lr()
        assert rate == pytest.approx(closed_form(step, steps, warmup), abs=1e-12)
        assert rate == optimiser.param_groups[0]["lr"] > 0
        resumed = adam()
        one_cycle(resumed, step, steps, config)
        assert resumed.param_groups[0]["lr"] == rate, "a resumed schedule differs"
        optimiser.step()
        scheduler.step()


def test_beta_moves_to_that_of_the_model(settings):
    rising = settings(beta=2.0, beta_start=0.0, beta_fraction=0.5)
    assert [beta_at(step, 100, rising) for step in (0, 25, 50, 99)] == pytest.approx([0, 1, 2, 2])
    falling = settings(beta=1.0, beta_start=4.0, beta_fraction=1.0)
    assert [beta_at(step, 100, falling) for step in (0, 50)] == pytest.approx([4, 2])
