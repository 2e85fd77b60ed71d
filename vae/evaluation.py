"""How good a model is, on a split it did not learn from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .data import Dataset
from .latent import encode_images
from .models.base import Autoencoder

POSTERIOR_SAMPLES = 8
_NEIGHBOURS = 5  # of trustworthiness, scikit-learn's default and that of the published figures


def evaluate(model: Autoencoder, dataset: Dataset, *, split: str = "test", seed: int = 0) -> dict:
    """Numbers of one split, all of its images.

    `neg_elbo` = `reconstruction` + `kl`, nats per image, the mean over `POSTERIOR_SAMPLES`
    draws from q; `mse`, the squared error a pixel at the representative code; `knn1`, `knn5`,
    accuracy of the nearest neighbours in the code, fitted on the training split;
    `trustworthiness` of the codes against the pixels (Venna and Kaski 2001; 1 is best).
    """
    part = getattr(dataset, split)
    numbers = terms(model, part.images, seed)
    numbers["mse"] = _squared_error(model, part.images)
    codes = encode_images(model, part.images).mean
    train_codes = encode_images(model, dataset.train.images).mean
    from sklearn.neighbors import KNeighborsClassifier

    for k in (1, 5):
        classifier = KNeighborsClassifier(min(k, len(train_codes)))
        classifier.fit(train_codes, dataset.train.labels)
        numbers[f"knn{k}"] = float((classifier.predict(codes) == part.labels).mean())
    numbers["trustworthiness"] = trustworthiness(part.images, codes)
    return numbers | {"split": split, "n": len(part.images)}


def trustworthiness(
    images: np.ndarray, codes: np.ndarray, *, neighbours: int = _NEIGHBOURS
) -> float:
    """Whether neighbours in the code are neighbours in pixels: 1 - (2 / (N k (2N - 3k - 1)))
    times the sum, over intruders among k neighbours, of their pixel rank beyond k.

    The definition of scikit-learn's `manifold.trustworthiness`, but in blocks of rows: that one
    sorts an N x N matrix of float64 and its int64 order at once (1.6 GB at N = 10,000).
    """
    count = len(images)
    k = min(neighbours, (count - 1) // 2)
    if k < 1:
        return 1.0
    pixels = torch.tensor(images.reshape(count, -1)).float() / 255
    places = torch.from_numpy(np.asarray(codes, dtype=np.float32))
    penalty = 0.0
    for rows in torch.arange(count).split(500):
        far = torch.cdist(pixels[rows], pixels)
        near = torch.cdist(places[rows].double(), places.double())
        here = torch.arange(len(rows))
        far[here, rows] = near[here, rows] = torch.inf
        chosen = near.topk(k, largest=False).indices
        # The rank of an item in pixels is how many lie nearer, plus one.
        distance = far.gather(1, chosen)
        ranks = torch.stack([(far < d[:, None]).sum(1) + 1 for d in distance.unbind(1)], 1)
        penalty += float((ranks - k).clamp(min=0).sum())
    return 1 - penalty * 2 / (count * k * (2 * count - 3 * k - 1))


@torch.inference_mode()
def terms(model: Autoencoder, images: np.ndarray, seed: int = 0) -> dict[str, float]:
    """`neg_elbo` and its two terms over uint8 images [N, C, H, W], nats per image."""
    generator = torch.Generator().manual_seed(seed)
    sums = np.zeros(2)
    for x in _batches(images):
        both = model.terms(x, generator=generator, samples=POSTERIOR_SAMPLES)
        sums += [float(values.double().sum()) for values in both]
    reconstruction, kl = sums / len(images)
    return {"neg_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}


@torch.inference_mode()
def _squared_error(model: Autoencoder, images: np.ndarray) -> float:
    total = 0.0
    for x in _batches(images):
        picture = model.decode(model.encode(x)).sigmoid()
        total += float((picture - x).double().square().sum())
    return total / images.size


def _batches(images: np.ndarray) -> list[Tensor]:
    return [p.float() / 255 for p in torch.tensor(images).split(1000)]
