"""The aggregate posterior: where the codes of a data set really lie, as a mixture of Gaussians.

Fitted after training, it is a prior for sampling that knows the holes N(0, I) does not (Ghosh et
al. 2020, https://arxiv.org/abs/1903.12436, section 4), and the only one that a plain autoencoder
can have.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import torch

from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from .encoding import Codes

_COMPONENTS, _A_LABEL = 32, 12
_DRAWS = 2  # an item, where its posterior has a width


def fit_for(model: Autoencoder, codes: Codes, labels: np.ndarray, *, seed: int = 0) -> Mixture:
    """The aggregate posterior of a model's codes, given the labels [N].

    Of a conditional model it is one mixture a label, as equal blocks of components in the order of
    the labels: `Mixture.block(label, classes)` is the aggregate posterior p(z|label).
    """
    if not model.classes:
        return fit(codes, seed=seed)
    empty = {}  # a class without items keeps its prior's place
    for label in range(model.classes):
        if not (labels == label).any():
            draws = model.sample_prior(100, torch.Generator().manual_seed(seed), label)
            empty[label] = draws.numpy()
    return fit_labels(codes, labels, model.classes, empty=empty, seed=seed)


def fit_labels(
    codes: Codes,
    labels: np.ndarray,
    classes: int,
    *,
    trust: float = 0.0,
    empty: Mapping[int, np.ndarray] | None = None,
    seed: int = 0,
) -> Mixture:
    """Where each label [N] has its codes: one mixture a label, as equal blocks of components in
    the order of the labels, weighted as the labels are.

    A component of few items does not know its own covariance: with `trust` items' worth of belief
    it is drawn to the mean covariance of all components, the mean of an inverse Wishart posterior.
    `empty` are codes that stand for a label without items.
    """
    counts = np.bincount(labels, minlength=classes)
    components = max(1, min(_A_LABEL, counts.min() // 10))
    parts = []
    for label in range(classes):
        of = labels == label
        own = Codes(codes.mean[of], None if codes.std is None else codes.std[of])
        if not of.any():
            own = Codes((empty or {})[label], None)
        part = fit(own, components=components, seed=seed)
        weight = part.log_weights + np.log(max(counts[label], 1) / max(counts.sum(), 1))
        parts.append(part._replace(log_weights=weight.float()))
    whole = Mixture(*(torch.cat(values) for values in zip(*parts, strict=True)))
    return whole if trust == 0 else _shrunk(whole, len(codes.mean), trust)


def _shrunk(mixture: Mixture, items: int, trust: float) -> Mixture:
    covariances = mixture.scales.double() @ mixture.scales.double().mT
    share = (items * mixture.log_weights.exp().double())[:, None, None]
    drawn = (share * covariances + trust * covariances.mean(0)) / (share + trust)
    return mixture._replace(scales=torch.linalg.cholesky(drawn).float())


def fit(codes: Codes, *, components: int = _COMPONENTS, seed: int = 0) -> Mixture:
    """A mixture of full Gaussians fitted to the means and variances of codes [N, D].

    The aggregate posterior is the mean of all q(z|x_i), so each item enters with draws from its
    own q, or with its code where q has no density.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(seed)
    draws = codes.mean
    if codes.std is not None:
        noise = rng.standard_normal((_DRAWS, *codes.mean.shape))
        draws = (codes.mean + codes.std * noise).reshape(-1, codes.mean.shape[1])
    components = max(1, min(components, len(draws) // 10))
    scale = float(draws.var())
    mixture = GaussianMixture(components, reg_covar=1e-4 * scale + 1e-9, random_state=seed)
    with warnings.catch_warnings():  # a mixture that is still creeping is good enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(draws)
    return Mixture(
        torch.tensor(mixture.weights_).log().float(),
        torch.tensor(mixture.means_).float(),
        torch.linalg.cholesky(torch.tensor(mixture.covariances_)).float(),
    )
