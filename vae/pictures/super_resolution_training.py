"""What the refiner learns from: shapes drawn finely, and real pictures made smaller."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from ..data.dataset import Dataset
from .super_resolution import Refiner
from .upscale import lanczos

_FINE = 224  # pixels at which shapes are drawn
_KEPT = 112  # pixels at which they are kept, each the average of four


def shapes(count: int, *, seed: int = 0) -> Tensor:
    """float32 [count, 1, 112, 112] in [0, 1]: one to four overlapping shapes on black, the way
    garments are built: outlines of straight and round pieces, straps, stripes, shading; some out
    of focus."""
    rng = torch.Generator().manual_seed(seed)
    parts = [_drawn(min(50, count - at), rng) for at in range(0, count, 50)]
    return torch.cat(parts)


def train(
    dataset: Dataset,
    *,
    steps: int = 2400,
    batch_size: int = 48,
    drawn: int = 3000,
    seed: int = 0,
) -> Iterator[tuple[int, float, Refiner]]:
    """Trains on three tasks in turn: drawn shapes from 28 to 56 and from 56 to 112 pixels, real
    pictures from 14 to 28. Yields the step, the mean loss since the last one and the refiner."""
    torch.manual_seed(seed)
    refiner = Refiner().to(memory_format=torch.channels_last)
    large = (shapes(drawn, seed=seed) * 255).round().byte()
    real = torch.tensor(dataset.train.images)
    real = real.mean(1, keepdim=True, dtype=torch.float32).round().byte()
    optimiser = torch.optim.AdamW(refiner.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    losses = []
    for step in range(1, steps + 1):
        task = step % 3
        bank = real if task == 0 else large
        target = bank[torch.randint(len(bank), (batch_size,))].float() / 255
        if task == 1:
            target = F.avg_pool2d(target, 2)
        elif task == 2:  # a quarter of the picture, which costs as much as the whole at half size
            down, right = torch.randint(0, 57, (2,)).tolist()
            target = target[..., down : down + 56, right : right + 56]
        target = _turned(target)
        small = F.avg_pool2d(target, 2)
        made = refiner(small.contiguous(memory_format=torch.channels_last), lanczos(small, 2))
        missing = small - F.avg_pool2d(made, 2)
        made = made + F.interpolate(missing, scale_factor=2)  # judged as it will be used
        loss = F.l1_loss(made, target) + 0.5 * (_slopes(made) - _slopes(target)).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 300 == 0 or step == steps:
            yield step, float(np.mean(losses)), refiner
            losses = []


def _slopes(x: Tensor) -> Tensor:
    """Differences of neighbours across and down, side by side."""
    return torch.cat(
        [(x[..., :-1, 1:] - x[..., :-1, :-1]), (x[..., 1:, :-1] - x[..., :-1, :-1])], 1
    )


def _turned(x: Tensor) -> Tensor:
    """The batch mirrored and turned by a right angle, or not."""
    if torch.rand(()) < 0.5:
        x = x.flip(3)
    return x.transpose(2, 3) if torch.rand(()) < 0.5 else x


def _drawn(count: int, rng: torch.Generator) -> Tensor:
    def uniform(low: float, high: float, *size: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *size, 1, 1, generator=rng)

    axis = (torch.arange(_FINE) + 0.5) / _FINE * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    picture = torch.zeros(count, _FINE, _FINE)
    for layer in range(4):
        angle = uniform(0, 2 * math.pi)
        u0, v0 = x - uniform(-0.4, 0.4), y - uniform(-0.4, 0.4)
        u = u0 * angle.cos() + v0 * angle.sin()
        v = v0 * angle.cos() - u0 * angle.sin()
        # Below zero inside, about as many units as the edge is away.
        wide, high = uniform(0.15, 0.8), uniform(0.1, 0.7)
        power = uniform(1.2, 6.0)
        round = ((u / wide).abs() ** power + (v / high).abs() ** power) ** (1 / power) - 1
        round = round * torch.minimum(wide, high)
        turned = uniform(0, 2 * math.pi, 5)
        reach = uniform(0.25, 0.8, 5)
        flat = (u[:, None] * turned.cos() + v[:, None] * turned.sin() - reach).amax(1)
        bend, across = uniform(-1.2, 1.2), uniform(0.015, 0.09)
        strap = (v - bend * u * u - uniform(-0.3, 0.3)).abs() / (1 + (2 * bend * u) ** 2).sqrt()
        strap = torch.maximum(strap - across, u.abs() - uniform(0.3, 0.9))
        kind = torch.rand(count, 1, 1, generator=rng)
        edge = torch.where(kind < 0.4, round, torch.where(kind < 0.75, flat, strap))
        inside = (0.5 - edge * _FINE / 2).clamp(0, 1)
        shade = uniform(0.2, 1.0) + uniform(-0.4, 0.4) * u + uniform(-0.4, 0.4) * v
        waves = (u * uniform(6, 40) + uniform(0, 6.3)).sin() > uniform(-0.5, 0.5)
        striped = torch.rand(count, 1, 1, generator=rng) < 0.2
        shade = (shade - 0.35 * waves * striped).clamp(0.05, 1)
        there = (torch.rand(count, 1, 1, generator=rng) < (1.0, 0.7, 0.5, 0.3)[layer]).float()
        picture = picture + inside * there * (shade - picture)
    kept = F.avg_pool2d(picture[:, None], _FINE // _KEPT)
    soft = gaussian_blur(kept, [13, 13], [2.2])
    softer = gaussian_blur(kept, [25, 25], [4.5])
    kind = torch.rand(count, 1, 1, 1, generator=rng)
    return torch.where(kind < 0.5, kept, torch.where(kind < 0.8, soft, softer))
