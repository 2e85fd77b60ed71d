"""Small bundled networks that double the size of an image with sharp edges: one of grey images and
one of colour images, which sees the three colours together.

Each adds a residual to a Lanczos enlargement, computed at the resolution of the small image
(sub-pixel convolution, Shi et al. 2016, https://arxiv.org/abs/1609.05158), and is applied to its
own output for four and eight times the size. `upscale` then makes the result average back to the
small image. `python -m vae refiner` and `python -m vae refiner --colour` train the weights.
"""

import functools
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checkpoint.tensor_file import load_half

# By the number of colours. For an image in colour, one network takes as long as the other does for
# its three channels.
WEIGHTS = {
    1: Path(__file__).parent / "super_resolution.safetensors",
    3: Path(__file__).parent / "super_resolution_colour.safetensors",
}
_SIZES = {1: (24, 3), 3: (40, 3)}  # channels and blocks
# Beyond either, images are enlarged by resampling: the networks have learned from pictures of up
# to 128 pixels, and add nothing to the edges of large ones.
MAX_SCALE, MAX_HEIGHT = 8, 128


class SuperResolution(nn.Module):
    """Images [B, C, H, W] in [0, 1] and their enlargements [B, C, 2H, 2W] -> refined enlargements,
    not clipped to [0, 1]."""

    def __init__(self, colours: int, channels: int, blocks: int) -> None:
        super().__init__()
        conv = functools.partial(nn.Conv2d, kernel_size=3, padding=1)
        self.first = conv(colours, channels)
        self.blocks = nn.ModuleList(
            nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels))
            for _ in range(blocks)
        )
        self.last = conv(channels, 4 * colours)
        nn.init.zeros_(self.last.weight)  # the untrained network returns the enlargement
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, enlarged: Tensor) -> Tensor:
        h = F.relu(self.first(x))
        for block in self.blocks:
            h = h + block(h)
        return enlarged + F.pixel_shuffle(self.last(h), 2)


def untrained(colours: int) -> SuperResolution:
    """The network of images with 1 or 3 colours, before training."""
    return SuperResolution(colours, *_SIZES[colours])


@functools.cache
def load_bundled(colours: int) -> SuperResolution:
    """The bundled network of images with 1 or 3 colours, in evaluation mode."""
    # The memory format is twice as fast on a CPU.
    network = load_half(WEIGHTS[colours], untrained(colours))
    return network.to(memory_format=torch.channels_last)
