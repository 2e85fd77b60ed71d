"""The aggregate posterior: where the codes of a data set really lie, as a mixture of Gaussians.

Fitted after training, it is a prior for sampling that knows the holes N(0, I) does not (Ghosh et
al. 2020, https://arxiv.org/abs/1903.12436, section 4), and the only one that a plain autoencoder
can have.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch

from .distributions import Mixture
from .latent import Codes

_COMPONENTS = 32
_DRAWS = 2  # an item, where its posterior has a width


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
