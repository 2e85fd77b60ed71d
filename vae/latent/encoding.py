"""The plane itself: where a data set lies in it, how densely, how sure the decoder is there."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..checkpoint.artifacts import load_codes
from ..checkpoint.folder import Checkpoint
from ..data.dataset import Split
from ..models.base import Autoencoder


class Codes(NamedTuple):
    """Codes of N items: `mean` [N, D] and, where q(z|x) has a density, its `std` [N, D]."""

    mean: np.ndarray
    std: np.ndarray | None


@torch.inference_mode()
def encode_images(
    model: Autoencoder,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    batch_size: int = 1000,
) -> Codes:
    """Codes of uint8 images [N, C, H, W]; the posterior's mean and std where there is one.

    A conditional model is told the labels [N], if given; all others ignore them.
    """
    means, stds = [], []
    for start in range(0, len(images), batch_size):
        x = torch.tensor(images[start : start + batch_size]).float() / 255
        y = None if labels is None else torch.tensor(labels[start : start + batch_size])
        posterior = model.posterior(x, y)
        means.append(model.encode(x, y) if posterior is None else posterior.mean)
        if posterior is not None:
            stds.append(posterior.std)
    return Codes(_numpy(means), _numpy(stds) if stds else None)


def split_codes(checkpoint: Checkpoint, split: Split) -> Codes:
    """Codes of a split, given its labels: those kept beside the checkpoint, else computed now."""
    kept = load_codes(checkpoint, split.digest)
    if kept is not None and len(kept.get("mean", ())) == len(split.images):
        return Codes(kept["mean"], kept.get("std"))
    return encode_images(checkpoint.model, split.images, split.labels)


@torch.inference_mode()
def posterior_draws(
    model: Autoencoder, image: np.ndarray, label: int, n: int, *, seed: int = 0
) -> np.ndarray | None:
    """Draws [n, D] from q(z|x) of one uint8 image [C, H, W]; None where a model has no q.

    Gaussian or not: adversarial models are asked for samples, all others for mean and std.
    """
    x = torch.tensor(image)[None].float() / 255
    generator = torch.Generator().manual_seed(seed)
    if hasattr(model, "sample_posterior"):
        return model.sample_posterior(x, n, generator)[:, 0].numpy()
    posterior = model.posterior(x, torch.tensor([label]))
    if posterior is None:
        return None
    noise = torch.randn(n, model.latent, generator=generator)
    return (posterior.mean + posterior.std * noise).numpy()


def class_centres(codes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The densest member of each class [K, D]; NaN for a class without items.

    A mean can fall into a hole between two islands of a class; the member whose own class
    crowds closest around it cannot.
    """
    from scipy.spatial import cKDTree

    centres = np.full((classes, codes.shape[1]), np.nan, dtype=np.float32)
    for label in range(classes):
        members = codes[labels == label]
        if len(members):
            k = max(1, len(members) // 20)
            reach = cKDTree(members).query(members, k=[k])[0][:, 0]
            centres[label] = members[reach.argmin()]
    return centres


def central_items(codes: np.ndarray, labels: np.ndarray, classes: int) -> list[int | None]:
    """Index of the item at the centre of each class (`class_centres`); None without items."""
    centres = class_centres(codes, labels, classes)
    found: list[int | None] = []
    for label, centre in enumerate(centres):
        members = np.flatnonzero(labels == label)
        away = np.square(codes[members] - centre).sum(1)
        found.append(int(members[away.argmin()]) if len(members) else None)
    return found


def detail_noise(model: Autoencoder, seed: int) -> Tensor:
    """The noise [E] of a hierarchical model's lower levels for one detail seed. Seed 0 is none at
    all, the picture at the means; the same seed is the same variation at every place."""
    if seed == 0:
        return torch.zeros(model.extra)
    return torch.randn(model.extra, generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def decode_bytes(
    model: Autoencoder, codes: np.ndarray, *, label: int | None = None, seed: int = 0
) -> np.ndarray:
    """Pixel means at codes [B, D] as uint8 images [B, H, W, C], rounded to the nearest of 256.

    `label` is what a conditional model is told, None: unknown; `seed` a hierarchical one's detail.
    """
    z = torch.as_tensor(codes, dtype=torch.float32)
    if model.extra_kind == "detail":
        logits = model.decode_detail(z, detail_noise(model, seed).expand(len(z), -1))
    else:
        logits = model.decode(z, None if label is None else torch.full((len(z),), label))
    return (logits.sigmoid() * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def _numpy(parts: list[Tensor]) -> np.ndarray:
    return torch.cat(parts).float().numpy()
