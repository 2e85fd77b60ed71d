"""Checks of a network on a batch of rows."""

import math

import torch
from torch import Tensor, nn

from .onnx_file import AdoptError


def mse(logits: Tensor, images: Tensor) -> float:
    """Of the pixels of logits, both `[B, C, H, W]`."""
    return float((logits.sigmoid() - images).square().mean())


def check_rows(name: str, made: nn.Module, rows: Tensor) -> None:
    """Raises `AdoptError` for numbers that are not finite, and for a network that does something
    else to three rows than to each of them."""

    def outputs(rows: Tensor) -> list[Tensor]:
        found = made(rows)
        return [found] if isinstance(found, Tensor) else list(found)

    together = outputs(rows[:3])
    if not all(value.isfinite().all() for value in together):
        raise AdoptError(
            f"{name} gives numbers that are not finite; check its weights, the range of its "
            "pixels and what its second output is"
        )
    single = [outputs(row[None]) for row in rows[:3]]
    for at, value in enumerate(together):
        alone = torch.cat([parts[at] for parts in single])
        far = (value - alone).abs().max() if value.shape == alone.shape else math.inf
        if far > 1e-3 * (1 + value.abs().max()):
            raise AdoptError(
                f"{name} gives something else for three images or codes than for each of them; "
                "export it in evaluation mode, model.eval(), with a free batch size"
            )
