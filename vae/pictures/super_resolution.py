"""A small bundled network that doubles the size of an image with sharp edges.

It adds a residual to a Lanczos enlargement, computed at the resolution of the small image
(sub-pixel convolution, Shi et al. 2016, https://arxiv.org/abs/1609.05158), and is applied to its
own output for four and eight times the size. `upscale` then makes the result average back to the
small image. `python -m vae refiner` trains the weights in `super_resolution.safetensors`.
"""

import functools
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checkpoint.tensor_file import load_half

WEIGHTS = Path(__file__).parent / "super_resolution.safetensors"
# Beyond either, images are enlarged by resampling: the network has learned from pictures of up to
# 112 pixels, and adds nothing to the edges of large ones.
MAX_SCALE, MAX_HEIGHT = 8, 128


class SuperResolution(nn.Module):
    """Images [B, 1, H, W] in [0, 1] and their enlargements [B, 1, 2H, 2W] -> refined enlargements,
    not clipped to [0, 1]."""

    def __init__(self, channels: int = 24, blocks: int = 3) -> None:
        super().__init__()
        conv = functools.partial(nn.Conv2d, kernel_size=3, padding=1)
        self.first = conv(1, channels)
        self.blocks = nn.ModuleList(
            nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels))
            for _ in range(blocks)
        )
        self.last = conv(channels, 4)
        nn.init.zeros_(self.last.weight)  # the untrained network returns the enlargement
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, enlarged: Tensor) -> Tensor:
        h = F.relu(self.first(x))
        for block in self.blocks:
            h = h + block(h)
        return enlarged + F.pixel_shuffle(self.last(h), 2)


@functools.cache
def load_bundled() -> SuperResolution:
    """The bundled network, in evaluation mode."""
    # The memory format is twice as fast on a CPU.
    return load_half(WEIGHTS, SuperResolution()).to(memory_format=torch.channels_last)
