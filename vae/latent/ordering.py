"""Latents sorted by their information, so that the first two are the plane of the map.

A model with a normal prior stays the same model under any permutation of its latents. Training
leaves them unsorted, with unused ones in between.
"""

import copy

import numpy as np
import torch

from ..data.dataset import Split, evenly_spaced
from ..models.base import Autoencoder
from .encoding import encode_images

_MAX_IMAGES = 2000  # from which the order is determined


def channel_capacity(
    model: Autoencoder, images: np.ndarray, labels: np.ndarray | None = None
) -> np.ndarray:
    """The information [D] of each latent about uint8 images [N, C, H, W]. Where q(z|x) has a
    density, it is the capacity of the Gaussian channel from posterior mean to code, 0.5 log(1 +
    var(mean) / mean(std^2)) nats (Cover and Thomas 2006, equation 9.17); otherwise it is the
    variance of the code."""
    codes = encode_images(model, images, labels)
    signal = codes.mean.var(0)
    return signal if codes.std is None else 0.5 * np.log1p(signal / np.square(codes.std).mean(0))


def sort_latents(model: Autoencoder, split: Split) -> Autoencoder:
    """A copy of the model on the CPU whose latents have descending capacity on a split's images;
    the model itself where it has two latents or fewer."""
    if model.latent <= 2:
        return model
    model = copy.deepcopy(model).cpu().eval()
    sample = evenly_spaced(len(split.images), _MAX_IMAGES)
    capacity = channel_capacity(model, split.images[sample], split.labels[sample])
    model.reorder(torch.tensor(np.argsort(-capacity, kind="stable")))
    return model
