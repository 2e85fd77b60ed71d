"""The aggregate posterior, the mean of q(z|x) over a data set, as a mixture of Gaussians.

Fitted after training, it is a prior for sampling without the low-density regions of N(0, I) (Ghosh
et al. 2020, https://arxiv.org/abs/1903.12436, section 4), and the only prior of a plain
autoencoder.
"""

import warnings
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch

from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from .encoding import Codes

_COMPONENTS = 32
_COMPONENTS_PER_CLASS = 12
_DRAWS = 2  # per item from q(z|x)


def fit_aggregate_posterior(
    model: Autoencoder, codes: Codes, labels: np.ndarray, *, seed: int = 0
) -> Mixture:
    """The aggregate posterior of a model's codes with labels [N]. A conditional model gets one
    mixture per class, as equal blocks of components in the order of the classes:
    `Mixture.block(label, classes)` is p(z|label)."""
    if not model.classes:
        return fit_mixture(codes, seed=seed)
    fallback = {}
    for label in {*range(model.classes)} - {*labels}:  # a class without items gets its prior
        draws = model.sample_prior(100, torch.Generator().manual_seed(seed), label)
        fallback[label] = draws.cpu().numpy()
    return fit_per_class(codes, labels, model.classes, fallback=fallback, seed=seed)


def fit_per_class(
    codes: Codes,
    labels: np.ndarray,
    classes: int,
    *,
    pseudo_count: float = 0.0,
    fallback: Mapping[int, np.ndarray] = MappingProxyType({}),
    seed: int = 0,
) -> Mixture:
    """One mixture per class of codes with labels [N], as equal blocks of components in the order
    of the classes, weighted by class frequency. `pseudo_count` shrinks the covariance of each
    component towards the mean covariance, which counts as that many items: the mean of an inverse
    Wishart posterior. `fallback` has codes for classes without items."""
    counts = np.bincount(labels, minlength=classes)
    components = max(1, min(_COMPONENTS_PER_CLASS, counts.min() // 10))
    mixtures = []
    for label in range(classes):
        members = labels == label
        class_codes = codes.part(members) if members.any() else Codes(fallback[label], None)
        mixture = fit_mixture(class_codes, components=components, seed=seed)
        weight = mixture.log_weights + np.log(max(counts[label], 1) / max(counts.sum(), 1))
        mixtures.append(mixture._replace(log_weights=weight.float()))
    joint = Mixture(*(torch.cat(values) for values in zip(*mixtures, strict=True)))
    return joint if pseudo_count == 0 else _shrink(joint, len(codes.mean), pseudo_count)


def _shrink(mixture: Mixture, items: int, pseudo_count: float) -> Mixture:
    covariances = mixture.scales.double() @ mixture.scales.double().mT
    counts = (items * mixture.log_weights.exp().double())[:, None, None]
    total = counts * covariances + pseudo_count * covariances.mean(0)
    scales = torch.linalg.cholesky(total / (counts + pseudo_count))
    return mixture._replace(scales=scales.float())


def fit_mixture(codes: Codes, *, components: int = _COMPONENTS, seed: int = 0) -> Mixture:
    """A mixture of Gaussians with full covariances, fitted to draws from the q(z|x) of all codes
    [N, D], or to the codes themselves where q has no density."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    draws = codes.mean
    if codes.std is not None:
        noise = np.random.default_rng(seed).standard_normal((_DRAWS, *codes.mean.shape))
        draws = (codes.mean + codes.std * noise).reshape(-1, codes.mean.shape[1])
    components = max(1, min(components, len(draws) // 10))
    regularised = 1e-4 * float(draws.var()) + 1e-9
    mixture = GaussianMixture(components, reg_covar=regularised, random_state=seed)
    with warnings.catch_warnings():  # a fit that has not quite converged is accurate enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(draws)
    return Mixture(
        torch.tensor(mixture.weights_).log().float(),
        torch.tensor(mixture.means_).float(),
        torch.linalg.cholesky(torch.tensor(mixture.covariances_)).float(),
    )
