"""The distribution of a few summary statistics of normal images, and the distance from it.

Reconstruction error, code and posterior width together are the statistics of Huang et al. 2024
(likelihood path); ensembles of summary statistics are due to Morningstar et al. 2021,
https://arxiv.org/abs/2006.09273. Here they are modelled by one Gaussian.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..models.base import Autoencoder
from .residuals import Reconstruction, reconstruct, smooth


class Summary(NamedTuple):
    """Mean [S] and inverse covariance [S, S] of the summary statistics of normal images."""

    mean: np.ndarray
    precision: np.ndarray


def statistics(of: Reconstruction) -> Tensor:
    """[B, S]: log energies of the residual and of the smoothed residual, the code, and log std if
    q has one."""
    energies = [r.square().flatten(1).sum(1) for r in (of.residual, smooth(of.residual))]
    mean, std = of.code
    width = [] if std is None else [std.log()]
    return torch.cat([(torch.stack(energies, 1) + 1e-6).log(), mean, *width], 1)


@torch.no_grad()
def fit_summary(model: Autoencoder, images: np.ndarray, codes: tuple | None = None) -> Summary:
    """Fits the Gaussian to normal uint8 images [N, C, H, W]; `codes` save encoding them again."""
    from sklearn.covariance import EmpiricalCovariance

    rows = torch.cat([statistics(part) for part in reconstruct(model, images, codes)])
    fitted = EmpiricalCovariance().fit(rows.double().cpu().numpy())
    return Summary(fitted.location_, fitted.precision_)


def mahalanobis(summary: Summary, of: Reconstruction) -> Tensor:
    """Squared Mahalanobis distance [B] from normal images."""
    difference = statistics(of).double().cpu().numpy() - summary.mean
    return torch.from_numpy(np.einsum("ns,st,nt->n", difference, summary.precision, difference))
