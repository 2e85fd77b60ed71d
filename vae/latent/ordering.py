"""Latents in the order of how much they tell, so that the first two are the plane to look at.

A model with a normal prior is the same model however its latents are numbered. Training leaves
them in no order, and those that it did not need scattered among the rest.
"""

from __future__ import annotations

import copy

import numpy as np
import torch

from ..data.dataset import Split
from ..data.subsample import evenly_spaced
from ..models.base import Autoencoder
from .encoding import encode_images

_ENOUGH = 2000  # images, by which the order is known


def information(
    model: Autoencoder, images: np.ndarray, labels: np.ndarray | None = None
) -> np.ndarray:
    """How much every latent `[D]` tells of which of the uint8 images `[N, C, H, W]` it saw.

    Where q(z|x) has a density it is the capacity of the Gaussian channel from posterior mean to
    code, 0.5 log(1 + var(mean) / mean(std^2)) nats (Cover and Thomas 2006, equation 9.17); else
    the variance of the code.
    """
    codes = encode_images(model, images, labels)
    signal = codes.mean.var(0)
    return signal if codes.std is None else 0.5 * np.log1p(signal / np.square(codes.std).mean(0))


def in_order(model: Autoencoder, split: Split) -> Autoencoder:
    """A copy of the model on the processor, the latents that tell most of the split's images
    first; the model itself where there are but two."""
    if model.latent <= 2:
        return model
    model = copy.deepcopy(model).cpu().eval()
    some = evenly_spaced(len(split.images), _ENOUGH)
    told = information(model, split.images[some], split.labels[some])
    model.reorder(torch.tensor(np.argsort(-told, kind="stable")))
    return model
