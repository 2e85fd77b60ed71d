"""What a model misses of images: how they look to it, and the difference, pixel by pixel."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..models.base import Autoencoder

AT_ONCE = 500
_BLUR = 1.5 / 28  # of the image's side: what is smaller is texture


class Seen:
    """Images `x` [B, C, H, W] as a model sees them. What is asked for is computed once; codes
    that are known already (means and stds [B, D]) save the encoder's work."""

    def __init__(self, model: Autoencoder, x: Tensor, codes: tuple | None = None) -> None:
        self.model, self.x, self._known = model, x, codes

    @cached_property
    def code(self) -> tuple[Tensor, Tensor | None]:
        """The representative code [B, D], and the posterior's std [B, D] where q has one."""
        if self._known is not None:
            return self._known
        posterior = self.model.posterior(self.x)
        return (self.model.encode(self.x), None) if posterior is None else tuple(posterior)

    @property
    def z(self) -> Tensor:
        return self.code[0]

    @cached_property
    def logits(self) -> Tensor:
        """Of the reconstruction [B, C, H, W]."""
        return self.model.decode(self.z).float()

    @cached_property
    def picture(self) -> Tensor:
        """The reconstruction: pixel means [B, C, H, W]."""
        return self.model.likelihood.mean(self.logits)

    @cached_property
    def residual(self) -> Tensor:
        """Pearson residual [B, C, H, W]: the error per pixel in units of the standard deviation
        that the model expects."""
        return (self.x - self.picture) / self.model.likelihood.residual_scale(self.logits)


def seen(model: Autoencoder, images: np.ndarray, codes: tuple | None = None):
    """uint8 images [N, C, H, W], in parts of at most `AT_ONCE`, as `Seen`. `codes`: as those of
    `latent.Codes`, where they are known."""
    for start in range(0, len(images), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        x = torch.tensor(images[part]).float() / 255
        known = codes and tuple(v if v is None else torch.tensor(v[part]) for v in codes)
        yield Seen(model, x, known)


def smooth(residual: Tensor) -> Tensor:
    """Without texture: a Gaussian of 1.5 pixels for images of 28."""
    sigma = _BLUR * residual.shape[-1]
    reach = max(1, math.ceil(3 * sigma))
    across = torch.arange(-reach, reach + 1, dtype=residual.dtype)
    kernel = torch.exp(-0.5 * (across / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = residual.shape[1]
    rows = kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
    wide = F.conv2d(residual, rows, padding=(0, reach), groups=channels)
    return F.conv2d(wide, rows.transpose(2, 3), padding=(reach, 0), groups=channels)


@torch.no_grad()
def heat(model: Autoencoder, images: np.ndarray, codes: tuple | None = None) -> np.ndarray:
    """Where uint8 images [N, C, H, W] are unusual: the size of the smoothed residual, float32
    [N, H, W], in standard deviations that the model expects of a pixel."""
    parts = [smooth(s.residual).abs().amax(1).numpy() for s in seen(model, images, codes)]
    return np.concatenate(parts) if parts else np.zeros((0, *images.shape[2:]), np.float32)


@torch.no_grad()
def reconstructions(
    model: Autoencoder, images: np.ndarray, codes: tuple | None = None
) -> np.ndarray:
    """What the model makes of uint8 images [N, C, H, W], of the same kind."""
    parts = [(s.picture * 255).round().byte().numpy() for s in seen(model, images, codes)]
    return np.concatenate(parts) if parts else images
