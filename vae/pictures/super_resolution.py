"""A small network that doubles a picture with clean edges: trained once and bundled.

It adds what is missing to a Lanczos enlargement, from features at the small picture's own
resolution (sub-pixel convolution, Shi et al. 2016, https://arxiv.org/abs/1609.05158), and is used
again on its own result for four and eight times. Its pictures are made to average back to the
small one by `upscale`, so it decides where light lies within a pixel, never how much of it there
is. The weights are `refiner.safetensors`, made by `python -m vae refiner`.
"""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..checkpoint.folder import CheckpointError
from ..checkpoint.tensor_file import read_tensors, write_tensors

WEIGHTS = Path(__file__).parent / "super_resolution.safetensors"
MOST = 8  # times that pictures are enlarged by it, beyond which there is nothing to learn from


class Refiner(nn.Module):
    """Pictures `[B, 1, H, W]` in [0, 1] and their enlargement `[B, 1, 2H, 2W]` -> the refined
    enlargement, not yet clipped."""

    def __init__(self, channels: int = 24, blocks: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
            for _ in range(blocks)
        )
        self.last = nn.Conv2d(channels, 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)  # it begins as the enlargement that it is given
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, enlarged: Tensor) -> Tensor:
        h = F.relu(self.first(x))
        for block in self.blocks:
            h = h + block(h)
        return enlarged + F.pixel_shuffle(self.last(h), 2)


@functools.cache
def bundled() -> Refiner:
    """The refiner that lies beside this file, in evaluation mode."""
    read = read_tensors(WEIGHTS)
    if read is None:
        raise CheckpointError(f"{WEIGHTS.name} is missing or damaged; restore it from git")
    refiner = Refiner()
    refiner.load_state_dict({name: value.float() for name, value in read[0].items()})
    # Twice as fast on a CPU, with the same pictures.
    return refiner.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def save(refiner: Refiner, facts: dict[str, str]) -> None:
    """Writes the weights as float16 beside this file."""
    state = {name: value.half() for name, value in refiner.state_dict().items()}
    write_tensors(WEIGHTS, state, facts)
