"""A residual CNN whose depth follows the image size (He et al. 2016,
https://arxiv.org/abs/1603.05027).

The images are halved at least once, and until their smaller side is at most 8 pixels. Wide
residual blocks work at low resolution alone; from there the decoder gets to full size by a 1 x 1
convolution and a pixel shuffle (Shi et al. 2016, https://arxiv.org/abs/1609.05158), so that an
image of 64 x 64 costs 28 million multiply-adds, one of 128 x 128 129 million. Groups of channels
are normalised within each image (Wu and He 2018, https://arxiv.org/abs/1803.08494), so the size of
a batch does not matter.
"""

import itertools
import math

import torch
from torch import nn

from ..config import ModelConfig
from ..network_sizes import resnet_levels
from . import layers as ours


def encoder(config: ModelConfig) -> nn.Sequential:
    """The network from images `[B, C, H, W]` to features `[B, width]`."""
    sides, blocks_from = resnet_levels(config.image_shape)
    *widths, dense = config.encoder_widths
    levels = range(1, len(sides)) or [0]
    layers: list[nn.Module] = [ours.Standardise()]
    before = config.image_shape[0]
    for level, width in zip(levels, widths, strict=True):
        layers.append(nn.Conv2d(before, width, 3, stride=2 if level else 1, padding=1))
        layers.append(_block(width) if level >= blocks_from else nn.SiLU())
        before = width
    last = nn.Linear(before * math.prod(sides[-1]), dense)
    return nn.Sequential(*layers, nn.SiLU(), nn.Flatten(), last, nn.SiLU())


def output_layers(config: ModelConfig, features: int) -> list[nn.Module]:
    """The decoder's layers from features `[B, features]` to logits `[B, C, H, W]`."""
    sides, blocks_from = resnet_levels(config.image_shape)
    dense, *widths, full = config.decoder_widths
    small = (widths[0], *sides[-1])
    layers = [nn.Linear(features, dense), nn.SiLU(), nn.Linear(dense, math.prod(small))]
    layers += [nn.Unflatten(1, small), _block(widths[0])]
    finer = reversed(sides[blocks_from:-1])
    for side, (before, after) in zip(finer, itertools.pairwise(widths), strict=True):
        layers += [*_doubled(before, after, odd=side[0] % 2 == 1), _block(after)]
    scale = 2**blocks_from
    layers += [nn.SiLU(), *_shuffled(widths[-1], full, scale)]
    surplus = scale * sides[blocks_from][0] - sides[0][0]  # cut off by a larger kernel
    return [*layers, nn.SiLU(), nn.Conv2d(full, config.image_shape[0], 3 + surplus, padding=1)]


def _doubled(before: int, after: int, *, odd: bool) -> list[nn.Module]:
    """Layers from a height h to 2 h, or to 2 h - 1, which is odd; the width likewise."""
    if odd:
        return [nn.ConvTranspose2d(before, after, 3, stride=2, padding=1)]
    return _shuffled(before, after, 2)


def _shuffled(before: int, after: int, scale: int) -> list[nn.Module]:
    """Layers to `scale` times the size. They start as nearest-neighbour upsampling, without the
    pattern of squares that independent weights give (Aitken et al. 2017,
    https://arxiv.org/abs/1707.02937)."""
    if scale == 1:
        return [nn.Conv2d(before, after, 1)]
    conv = nn.Conv2d(before, after * scale**2, 1)
    with torch.no_grad():
        weight = torch.randn(after, before, 1, 1, device=conv.weight.device) / before**0.5
        conv.weight.copy_(weight.repeat_interleave(scale**2, 0))
        conv.bias.zero_()
    return [conv, nn.PixelShuffle(scale)]


def _block(width: int) -> ours.Residual:
    groups = math.gcd(max(1, width // 4), width, 8)  # of at least 4 channels
    last = nn.Conv2d(width, width, 3, padding=1)
    with torch.no_grad():  # blocks start close to the identity
        last.weight.mul_(0.1)
    first = nn.Conv2d(width, width, 3, padding=1)
    return ours.Residual(
        nn.Sequential(nn.GroupNorm(groups, width), nn.SiLU(), first, nn.SiLU(), last)
    )
