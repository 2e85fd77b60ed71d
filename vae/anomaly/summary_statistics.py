"""What is normal: a few numbers an image, and how far others are from those of normal images.

Error, code and spread together are what the score of Huang et al. 2024 (likelihood path) looks
at; theirs is one of many ensembles of summary statistics (Morningstar et al. 2021,
https://arxiv.org/abs/2006.09273). Here they are one Gaussian, fitted by scikit-learn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..models.base import Autoencoder
from .residuals import Seen, seen, smooth


class Summary(NamedTuple):
    """Mean [S] and inverse covariance [S, S] of the summary statistics of normal images."""

    mean: np.ndarray
    precision: np.ndarray


def statistics(of: Seen) -> Tensor:
    """[B, S]: log energies of the residual, whole and smoothed, the code, and its log std where q
    has one."""
    energies = [r.square().flatten(1).sum(1) for r in (of.residual, smooth(of.residual))]
    mean, std = of.code
    spread = [] if std is None else [std.log()]
    return torch.cat([(torch.stack(energies, 1) + 1e-6).log(), mean, *spread], 1)


@torch.no_grad()
def fit_summary(model: Autoencoder, images: np.ndarray, codes: tuple | None = None) -> Summary:
    """From normal uint8 images [N, C, H, W], with their codes where those are known."""
    from sklearn.covariance import EmpiricalCovariance

    found = torch.cat([statistics(part) for part in seen(model, images, codes)])
    fitted = EmpiricalCovariance().fit(found.double().numpy())
    return Summary(fitted.location_, fitted.precision_)


def distance(summary: Summary, of: Seen) -> Tensor:
    """Squared Mahalanobis distance [B] from normal images."""
    off = statistics(of).double().numpy() - summary.mean
    return torch.from_numpy(np.einsum("ns,st,nt->n", off, summary.precision, off))
