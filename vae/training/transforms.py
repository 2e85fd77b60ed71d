"""Random changes of training images that keep what they show: mirrored, or moved a little."""

import numpy as np
import torch
from torch import Tensor


def transform(
    images: Tensor, rows: slice, size: int, *, flip: bool, shift: float, seed: int, step: int
) -> Tensor:
    """Images uint8 [n, C, H, W], `rows` of the batch of a step with `size` images, of which each
    is mirrored with probability 1/2 and moved by up to `shift` of its sides, with its border
    repeated. What is drawn depends on the seed, the step and the row alone, so that several
    processes draw what one would."""
    state = np.random.SeedSequence([seed, step, 1]).generate_state(1, np.uint64)[0]
    draws = torch.rand(size, 3, generator=torch.Generator().manual_seed(int(state >> 1)))
    draws = draws[rows].to(images.device)
    height, width = images.shape[2:]
    y, x = (torch.arange(side, device=images.device) for side in (height, width))
    columns = x.expand(len(images), -1)
    if flip:
        columns = torch.where(draws[:, :1] < 0.5, width - 1 - columns, columns)
    down = ((2 * draws[:, 1:2] - 1) * shift * height).round().long()
    right = ((2 * draws[:, 2:] - 1) * shift * width).round().long()
    lines = (y + down).clamp(0, height - 1)
    columns = (columns + right).clamp(0, width - 1)
    numbers = torch.arange(len(images), device=images.device)[:, None, None]
    return images[numbers, :, lines[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
