"""Sample quality and diversity, in the features of the bundled classifier."""

import numpy as np
import torch
from torch import Tensor

from ..data.dataset import Dataset, Split, evenly_spaced
from ..models.base import Autoencoder, device_of
from ..nn.distributions import Mixture
from . import classifier

NEIGHBOURS = 3  # k of precision and recall, as in the paper
_METRICS = (
    *("frechet", "frechet_aggregate", "frechet_floor", "precision", "recall", "class_balance"),
    *("label_accuracy", "label_accuracy_aggregate"),
)


def sample_metrics(
    model: Autoencoder, dataset: Dataset, images: Split, aggregate: Mixture, limit: int, seed: int
) -> dict:
    """Metrics of at most `limit` samples in the features of the bundled classifier.

    `frechet`, `precision`, `recall` and `class_balance` of samples from the prior (or from the
    aggregate posterior of a model without one), `frechet_aggregate` from the aggregate posterior,
    `frechet_floor` of the same number of training images. For a conditional model
    `label_accuracy`, the fraction of samples that show their label, with the prior, and
    `label_accuracy_aggregate` with the aggregate posterior of the label.
    """
    if not classifier.supports(dataset.train.images.shape[1:], dataset.class_names):
        return dict.fromkeys(_METRICS) | {"n_samples": 0}
    rows = evenly_spaced(len(images.images), limit)
    n = len(rows)
    labels = torch.arange(n) % model.classes if model.classes else None

    def sample(prior: Mixture | None) -> tuple[Tensor, Tensor]:
        return classifier.classify(draw(model, n, prior=prior, seed=seed))

    real, _ = classifier.classify(torch.tensor(images.images[rows]))
    rows = evenly_spaced(len(dataset.train.images), n)
    training, _ = classifier.classify(torch.tensor(dataset.train.images[rows]))
    from_aggregate, aggregate_classes = sample(aggregate)
    from_prior, prior_classes = sample(None if model.has_prior else aggregate)
    values = (
        *(frechet(real, f) for f in (from_prior, from_aggregate, training)),
        *precision_recall(real, from_prior),
        class_balance(prior_classes),
        *(
            None if labels is None else float((found.argmax(1) == labels).float().mean())
            for found in (prior_classes, aggregate_classes)
        ),
    )
    return dict(zip(_METRICS, values, strict=True)) | {"n_samples": n}


@torch.inference_mode()
def draw(
    model: Autoencoder,
    n: int,
    *,
    prior: Mixture | None = None,
    label: int | None = None,
    seed: int = 0,
) -> Tensor:
    """Pixel means `[n, C, H, W]` of samples from `prior`, by default from that of the model. A
    hierarchical model samples its lower levels too. A conditional one is given `label`, or all
    labels in turn."""
    generator, device = torch.Generator().manual_seed(seed), device_of(model)

    def codes(n: int, k: int | None = None) -> Tensor:
        if prior is None:
            return model.sample_prior(n, generator, k).cpu()
        return (prior if k is None else prior.block(k, model.classes)).sample(n, generator)

    if model.classes:
        y = torch.arange(n) % model.classes if label is None else torch.full((n,), label)
        z = torch.empty(n, model.latent)
        for k in y.unique().tolist():
            z[y == k] = codes(int((y == k).sum()), k)
    else:
        y, z = None, codes(n)
    noise = generator if model.noise_size else None
    parts = []
    for rows in torch.arange(n).split(1000):
        labels = None if y is None else y[rows].to(device)
        logits = model.decode(z[rows].to(device), labels, noise)
        parts.append(model.likelihood.mean(logits).cpu())
    return torch.cat(parts)


def frechet(a: Tensor, b: Tensor) -> float:
    """Fréchet distance between Gaussians fitted to two sets of features `[N, F]`:
    |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)) (Heusel et al. 2017,
    https://arxiv.org/abs/1706.08500, equation 6)."""
    a, b = a.double(), b.double()
    left, right = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(left)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ right @ root).clamp(min=0).sqrt().sum()
    shift = (a.mean(0) - b.mean(0)).square().sum()
    return float(shift + left.trace() + right.trace() - 2 * cross)


def precision_recall(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Fractions of fake features `[N, F]` within the manifold of the real ones, and vice versa
    (Kynkäänniemi et al. 2019, https://arxiv.org/abs/1904.06991, equation 2)."""
    return _coverage(fake, real), _coverage(real, fake)


def _coverage(points: Tensor, manifold: Tensor) -> float:
    """Fraction of points within the k-th neighbour's distance of some point of the manifold."""
    k = min(NEIGHBOURS + 1, len(manifold))  # each point is its own nearest neighbour
    near = [torch.cdist(rows, manifold).topk(k, largest=False) for rows in manifold.split(1000)]
    radius = torch.cat([found.values[:, -1] for found in near])
    hits = [(torch.cdist(rows, manifold) <= radius).any(1) for rows in points.split(1000)]
    return float(torch.cat(hits).float().mean())


def class_balance(probabilities: Tensor) -> list[float]:
    """Fraction of samples that are assigned to each class `[K]`."""
    counts = np.bincount(probabilities.argmax(1).numpy(), minlength=probabilities.shape[1])
    return [float(v) for v in counts / counts.sum()]
