"""Sample quality and diversity, in the features of the bundled classifier."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..models.base import Autoencoder, device_of
from ..nn.distributions import Mixture

NEIGHBOURS = 3  # k of precision and recall, as in the paper


@torch.inference_mode()
def draw(
    model: Autoencoder,
    n: int,
    *,
    prior: Mixture | None = None,
    label: int | None = None,
    seed: int = 0,
) -> Tensor:
    """Pixel means `[n, C, H, W]` of samples from `prior`, by default from that of the model.

    A hierarchical model samples its lower levels too. A conditional one is given `label`, or all
    labels in turn.
    """
    generator = torch.Generator().manual_seed(seed)
    if not model.classes:
        noise = generator if model.noise_size else None
        return _decode(model, _codes(model, n, prior, None, generator), None, noise)
    y = torch.arange(n) % model.classes if label is None else torch.full((n,), label)
    z = torch.empty(n, model.latent)
    for k in y.unique().tolist():
        z[y == k] = _codes(model, int((y == k).sum()), prior, k, generator)
    return _decode(model, z, y, None)


def _codes(
    model: Autoencoder,
    n: int,
    prior: Mixture | None,
    label: int | None,
    generator: torch.Generator,
) -> Tensor:
    if prior is None:
        return model.sample_prior(n, generator, label).cpu()
    if label is not None:
        prior = prior.block(label, model.classes)
    return prior.sample(n, generator)


def _decode(
    model: Autoencoder, z: Tensor, y: Tensor | None, generator: torch.Generator | None
) -> Tensor:
    device, parts = device_of(model), []
    for rows in torch.arange(len(z)).split(1000):
        labels = None if y is None else y[rows].to(device)
        logits = model.decode(z[rows].to(device), labels, generator)
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
    """Fraction of points that are at most as far from some point of the manifold as its k-th
    neighbour."""
    k = min(NEIGHBOURS + 1, len(manifold))  # each point is its own nearest neighbour
    near = [
        torch.cdist(rows, manifold).topk(k, largest=False).values for rows in manifold.split(1000)
    ]
    radius = torch.cat(near)[:, -1]
    hits = [(torch.cdist(rows, manifold) <= radius).any(1) for rows in points.split(1000)]
    return float(torch.cat(hits).float().mean())


def class_balance(probabilities: Tensor) -> list[float]:
    """Fraction of samples that are assigned to each class `[K]`."""
    counts = np.bincount(probabilities.argmax(1).numpy(), minlength=probabilities.shape[1])
    return [float(v) for v in counts / counts.sum()]
