"""Training of the super-resolution networks on drawn pictures and downsampled real images."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from ..data.dataset import Dataset
from ..garments import render, sample
from . import super_resolution
from .super_resolution import SuperResolution
from .upscale import lanczos

_DRAWN_SIZE = 224  # pixels at which shapes are rendered
_SIZE = 112  # pixels of the returned shapes, each the average of four
_GARMENTS_SEED = 100  # the data set has others


def synthetic_shapes(count: int, *, seed: int = 0) -> Tensor:
    """float32 images [count, 1, 112, 112] in [0, 1] of one to four overlapping shapes on black:
    polygons, superellipses and straps with shading and stripes, some of them blurred."""
    rng = torch.Generator().manual_seed(seed)
    return torch.cat([_render(min(50, count - start), rng) for start in range(0, count, 50)])


def train(
    dataset: Dataset, *, steps: int = 2400, batch_size: int = 48, shapes: int = 3000, seed: int = 0
) -> Iterator[tuple[int, float, SuperResolution]]:
    """Trains on three tasks in turn: shapes from 28 to 56 and from 56 to 112 pixels, real images
    from 14 to 28. Yields the step, the mean loss since the last report and the network."""
    torch.manual_seed(seed)
    network = super_resolution.untrained(1)
    drawn = (synthetic_shapes(shapes, seed=seed) * 255).round().byte()
    real = torch.tensor(dataset.train.images).float().mean(1, keepdim=True).round().byte()

    def targets(step: int) -> Tensor:
        images = real if step % 3 == 0 else drawn
        target = images[torch.randint(len(images), (batch_size,))].float() / 255
        if step % 3 == 1:
            target = F.avg_pool2d(target, 2)
        elif step % 3 == 2:  # a random quarter, at the cost of a whole image of half the size
            target = _crop(target, 56)
        return _augment(target)

    yield from _fit(network, targets, steps)


def train_colour(
    emoji: Dataset,
    *,
    steps: int = 2400,
    batch_size: int = 16,
    garments: int = 2000,
    shapes: int = 1500,
    seed: int = 0,
) -> Iterator[tuple[int, float, SuperResolution]]:
    """Trains on three tasks in turn: emoji from 32 to 64 pixels, garments from 64 to 128 and
    coloured shapes from 28 to 56 or from 56 to 112, all in parts of 48 pixels. Every eighth batch
    is grey. The garments have factors of their own, not those of the data set. Yields what `train`
    yields."""
    torch.manual_seed(seed)
    network = super_resolution.untrained(3)
    table = sample(garments, _GARMENTS_SEED + seed)
    pictures = (torch.tensor(emoji.train.images), torch.tensor(render(table, 128)))
    drawn = (synthetic_shapes(shapes, seed=seed) * 255).round().byte()

    def some(images: Tensor) -> Tensor:
        return images[torch.randint(len(images), (batch_size,))].float() / 255

    def targets(step: int) -> Tensor:
        if step % 3 < 2:
            target = some(pictures[step % 3])
        else:  # shapes on shapes, each in a colour of its own
            target = torch.rand(batch_size, 3, 1, 1)
            for _ in range(2):
                target = target.lerp(torch.rand(batch_size, 3, 1, 1), some(drawn))
            target = F.avg_pool2d(target, 2) if step % 2 else target
        target = _augment(_crop(target, 48))[:, torch.randperm(3)]  # in other colours
        target = 1 - target if torch.rand(()) < 0.25 else target
        return target.mean(1, keepdim=True).expand(target.shape) if step % 8 == 0 else target

    yield from _fit(network, targets, steps)


def _fit(
    network: SuperResolution, targets: Callable[[int], Tensor], steps: int
) -> Iterator[tuple[int, float, SuperResolution]]:
    """Trains the network to give back the pictures `targets(step)` from their averages."""
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    losses = []
    for step in range(1, steps + 1):
        target = targets(step)
        small = F.avg_pool2d(target, 2)
        output = network(small.contiguous(memory_format=torch.channels_last), lanczos(small, 2))
        error = small - F.avg_pool2d(output, 2)
        output = output + F.interpolate(error, scale_factor=2)  # one step of back-projection
        edges = (_gradients(output) - _gradients(target)).abs().mean()
        loss = F.l1_loss(output, target) + 0.5 * edges
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 300 == 0 or step == steps:
            yield step, float(np.mean(losses)), network
            losses = []


def _crop(x: Tensor, size: int) -> Tensor:
    """The same random square of all pictures of the batch."""
    top, left = torch.randint(0, x.shape[2] - size + 1, (2,)).tolist()
    return x[..., top : top + size, left : left + size]


def _gradients(x: Tensor) -> Tensor:
    """Differences [B, 2, H - 1, W - 1] between horizontal and vertical neighbours."""
    corner = x[..., :-1, :-1]
    return torch.cat([x[..., :-1, 1:] - corner, x[..., 1:, :-1] - corner], 1)


def _augment(x: Tensor) -> Tensor:
    """The batch, randomly mirrored and transposed."""
    x = x.flip(3) if torch.rand(()) < 0.5 else x
    return x.transpose(2, 3) if torch.rand(()) < 0.5 else x


def _render(count: int, rng: torch.Generator) -> Tensor:
    def uniform(low: float, high: float, *size: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *size, 1, 1, generator=rng)

    axis = (torch.arange(_DRAWN_SIZE) + 0.5) / _DRAWN_SIZE * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    image = torch.zeros(count, _DRAWN_SIZE, _DRAWN_SIZE)
    for layer in range(4):
        angle = uniform(0, 2 * math.pi)
        u0, v0 = x - uniform(-0.4, 0.4), y - uniform(-0.4, 0.4)
        u = u0 * angle.cos() + v0 * angle.sin()
        v = v0 * angle.cos() - u0 * angle.sin()
        # Signed distances from the edge, approximately; negative inside.
        half_width, half_height = uniform(0.15, 0.8), uniform(0.1, 0.7)
        power = uniform(1.2, 6.0)
        radius = (u / half_width).abs() ** power + (v / half_height).abs() ** power
        ellipse = (radius ** (1 / power) - 1) * torch.minimum(half_width, half_height)
        normals = uniform(0, 2 * math.pi, 5)
        offsets = uniform(0.25, 0.8, 5)
        polygon = (u[:, None] * normals.cos() + v[:, None] * normals.sin() - offsets).amax(1)
        bend, thickness = uniform(-1.2, 1.2), uniform(0.015, 0.09)
        strap = (v - bend * u * u - uniform(-0.3, 0.3)).abs() / (1 + (2 * bend * u) ** 2).sqrt()
        strap = torch.maximum(strap - thickness, u.abs() - uniform(0.3, 0.9))
        kind = torch.rand(count, 1, 1, generator=rng)
        edge = torch.where(kind < 0.4, ellipse, torch.where(kind < 0.75, polygon, strap))
        inside = (0.5 - edge * _DRAWN_SIZE / 2).clamp(0, 1)
        shade = uniform(0.2, 1.0) + uniform(-0.4, 0.4) * u + uniform(-0.4, 0.4) * v
        waves = (u * uniform(6, 40) + uniform(0, 6.3)).sin() > uniform(-0.5, 0.5)
        striped = torch.rand(count, 1, 1, generator=rng) < 0.2
        shade = (shade - 0.35 * waves * striped).clamp(0.05, 1)
        present = (torch.rand(count, 1, 1, generator=rng) < (1.0, 0.7, 0.5, 0.3)[layer]).float()
        image = image + inside * present * (shade - image)
    sharp = F.avg_pool2d(image[:, None], _DRAWN_SIZE // _SIZE)
    soft = gaussian_blur(sharp, [13, 13], [2.2])
    softer = gaussian_blur(sharp, [25, 25], [4.5])
    kind = torch.rand(count, 1, 1, 1, generator=rng)
    return torch.where(kind < 0.5, sharp, torch.where(kind < 0.8, soft, softer))
