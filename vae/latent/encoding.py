"""Codes of images, and images decoded from codes, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..checkpoint.artifacts import load_codes
from ..checkpoint.folder import Checkpoint
from ..data.dataset import Split
from ..errors import AtelierError
from ..models.base import Autoencoder, device_of
from ..progress import Progress, no_progress

Seeds = int | Sequence[int]  # a noise seed for all codes, or one per code
_BATCH_VALUES = 1000 * 28 * 28  # pixels times channels, which bound the memory of a batch
_MOST_LOOKED_AT = 5000  # items of a class, of which a twentieth are neighbours of each


class LabelError(AtelierError):
    """Codes without labels from a model that has not learned to do without them."""


def refuse_without_labels(model: Autoencoder) -> None:
    """Raises `LabelError` for a model that needs labels."""
    if model.needs_label:
        raise LabelError(
            "this conditional model saw the label of every image in training, so what it makes "
            "of an image without one means nothing; train it with --unlabelled 0.1"
        )


class Codes(NamedTuple):
    """Codes of N images: `mean` [N, D] and, where q(z|x) has a density, its `std` [N, D]."""

    mean: np.ndarray
    std: np.ndarray | None

    def part(self, rows: slice | np.ndarray) -> Codes:
        return Codes(*(v if v is None else v[rows] for v in self))

    @classmethod
    def join(cls, parts: Sequence[Codes]) -> Codes:
        """The codes of several parts, one after the other."""
        arrays = zip(*parts, strict=True)
        return cls(*(None if v[0] is None else np.concatenate(v) for v in arrays))


@torch.inference_mode()
def encode_images(
    model: Autoencoder,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    batch_size: int | None = None,
    progress: Progress = no_progress,
) -> Codes:
    """Codes of uint8 images [N, C, H, W]: the mean and std of q(z|x), or the code alone. A
    conditional model uses the labels [N] if they are given; other models ignore them. A batch has
    1,000 small images by default, and fewer large ones. Raises `LabelError` without labels where
    the model needs them."""
    if labels is None:
        refuse_without_labels(model)
    batch_size = batch_size or max(1, _BATCH_VALUES // int(np.prod(images.shape[1:])))
    parts, device = [], device_of(model)
    for start in range(0, max(1, len(images)), batch_size):  # no images have codes [0, D]
        progress(start, len(images))
        rows = slice(start, start + batch_size)
        x = _pixels(images[rows], device)
        y = None if labels is None else torch.tensor(labels[rows], device=device)
        found = model.posterior(x, y) or (model.encode(x, y), None)
        parts.append(Codes(*(v if v is None else v.float().cpu().numpy() for v in found)))
    return Codes.join(parts)


def split_codes(checkpoint: Checkpoint, split: Split) -> Codes:
    """Codes of a split given its labels: those stored with the checkpoint, or computed now."""
    stored = load_codes(checkpoint, split.digest)
    if stored is not None and len(stored.get("mean", ())) == len(split.images):
        return Codes(stored["mean"], stored.get("std"))
    return encode_images(checkpoint.model, split.images, split.labels)


@torch.inference_mode()
def posterior_samples(
    model: Autoencoder, image: np.ndarray, label: int, n: int, *, seed: int = 0
) -> np.ndarray | None:
    """Samples [n, D] from q(z|x) of a uint8 image [C, H, W]; None if the model has no q."""
    device, generator = device_of(model), torch.Generator().manual_seed(seed)
    y = torch.tensor([label], device=device)
    samples = model.sample_posterior(_pixels(image[None], device), n, generator, y)
    return None if samples is None else samples[:, 0].cpu().numpy()


@torch.inference_mode()
def decode_uint8(
    model: Autoencoder, codes: np.ndarray, *, label: int | None = None, seed: Seeds = 0
) -> np.ndarray:
    """Pixel means at codes [N, D] as uint8 images [N, H, W, C], rounded to the nearest of 256.
    `label` is the condition of a conditional model (None: unknown). `seed` is the noise seed of a
    hierarchical model (0: no noise), one for all codes or one per code."""
    z = torch.as_tensor(codes, dtype=torch.float32, device=device_of(model))
    pixels = (model.picture(z, label, seed) * 255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


def class_centres(codes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The codes [K, D] of `central_items`; NaN for a class without items."""
    centres = np.full((classes, codes.shape[1]), np.nan, dtype=np.float32)
    for label, item in enumerate(central_items(codes, labels, classes)):
        if item is not None:
            centres[label] = codes[item]
    return centres


def central_items(codes: np.ndarray, labels: np.ndarray, classes: int) -> list[int | None]:
    """Index of the item in the densest part of each class; None for a class without items. A mean
    can fall into the gap between two clusters of a class; this code, the one with the smallest
    distance to the nearest twentieth of its class, at least five, cannot. Of a large class every
    n-th item is looked at."""
    from scipy.spatial import cKDTree

    found: list[int | None] = [None] * classes
    for label in range(classes):
        items = np.flatnonzero(labels == label)
        if not len(items):
            continue
        items = items[:: 1 + len(items) // _MOST_LOOKED_AT]
        k = min(len(items), max(5, len(items) // 20))  # itself among them
        radius = cKDTree(codes[items]).query(codes[items], k=[k])[0][:, 0]
        found[label] = int(items[radius.argmin()])
    return found


def _pixels(images: np.ndarray, device: torch.device) -> Tensor:
    """uint8 images as float32 in [0, 1] on a device."""
    return torch.tensor(images, device=device).float() / 255
