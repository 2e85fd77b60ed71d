"""Reconstructions of images and their residuals, pixel by pixel."""

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from ..models.base import Autoencoder, device_of

_BLUR = 1.5 / 28  # standard deviation as a fraction of the side: what is finer is texture


class Reconstruction:
    """Images `x` [B, C, H, W] with what a model makes of them, computed on first use; known codes
    (means and stds [B, D]) save running the encoder."""

    def __init__(self, model: Autoencoder, x: Tensor, codes: tuple | None = None) -> None:
        self.model, self.x, self._codes = model, x, codes

    @cached_property
    def code(self) -> tuple[Tensor, Tensor | None]:
        """The representative code [B, D], and the posterior's std [B, D] if q has one."""
        if self._codes is not None:
            return self._codes
        posterior = self.model.posterior(self.x)
        return (self.model.encode(self.x), None) if posterior is None else tuple(posterior)

    @cached_property
    def logits(self) -> Tensor:
        """Decoder output [B, C, H, W]."""
        return self.model.decode(self.code[0]).float()

    @cached_property
    def picture(self) -> Tensor:
        """The reconstruction: pixel means [B, C, H, W]."""
        return self.model.likelihood.mean(self.logits)

    @cached_property
    def residual(self) -> Tensor:
        """Pearson residual [B, C, H, W]: the error in standard deviations under p(x|z)."""
        return (self.x - self.picture) / self.model.likelihood.residual_scale(self.logits)


def reconstruct(
    model: Autoencoder, images: np.ndarray, codes: tuple | None = None, *, batch_size: int = 500
) -> Iterator[Reconstruction]:
    """uint8 images [N, C, H, W] in batches; `codes` [N, D] as `latent.Codes`, if known."""
    device = device_of(model)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        x = torch.tensor(images[part], device=device).float() / 255
        known = codes and (v if v is None else torch.tensor(v[part], device=device) for v in codes)
        yield Reconstruction(model, x, known and tuple(known))


def smooth(residual: Tensor) -> Tensor:
    """Gaussian blur [B, C, H, W] with a standard deviation of 1.5 pixels for images of 28."""
    sigma = _BLUR * residual.shape[-1]
    radius = max(1, math.ceil(3 * sigma))
    padded = F.pad(residual, [radius] * 4)  # gaussian_blur itself reflects
    for kernel in ([2 * radius + 1, 1], [1, 2 * radius + 1]):  # separable: four times faster
        padded = gaussian_blur(padded, kernel, [sigma])
    return padded[..., radius:-radius, radius:-radius]


@torch.no_grad()
def heatmaps(model: Autoencoder, images: np.ndarray, codes: tuple | None = None) -> np.ndarray:
    """Absolute smoothed residuals float32 [N, H, W] of uint8 images [N, C, H, W], in standard
    deviations under p(x|z); the largest over channels."""
    batches = reconstruct(model, images, codes)
    parts = [smooth(r.residual).abs().amax(1).cpu().numpy() for r in batches]
    return np.concatenate(parts) if parts else np.zeros((0, *images.shape[2:]), np.float32)


@torch.no_grad()
def reconstructions(
    model: Autoencoder, images: np.ndarray, codes: tuple | None = None
) -> np.ndarray:
    """Reconstructions uint8 [N, C, H, W] of uint8 images."""
    batches = reconstruct(model, images, codes)
    parts = [(r.picture * 255).round().byte().cpu().numpy() for r in batches]
    return np.concatenate(parts) if parts else images
