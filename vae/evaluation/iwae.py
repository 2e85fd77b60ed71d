"""The importance-weighted bound on -log p(x): Burda, Grosse and Salakhutdinov 2016,
https://arxiv.org/abs/1509.00519, equation 8.

In the plane it is also quick: -log p(x|z) of one image is a smooth function of two numbers. It is
computed on a fine lattice whose decoded logits serve all images, and read between the points by
cubic splines, which takes the place of a thousand decodes an image. A few images are decoded in
full each time, and the largest difference between the two is reported with the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..models.base import Autoencoder, Posterior
from ..nn.distributions import normal_log_prob

SAMPLES = 1000
_STEP = 0.016  # of the lattice: a decoder bends over tenths
_REACH = 6.5  # deviations of the proposal that the lattice covers
_EDGE = 4  # further points around, where a spline is less exact
_WIDEST = 128  # lattice points along one side, beyond which an image is decoded directly
_STRIP = 1.0  # width of the part of the plane that is decoded at a time
_CHECKED = 32  # images that are decoded in full beside the lattice


class Bound(NamedTuple):
    """-log of the mean importance weight `[N]`, in nats, over `samples` draws an image; `error`
    the largest difference found against full decoding, 0 where everything was decoded."""

    nll: Tensor
    samples: int
    error: float


@torch.inference_mode()
def importance_weighted(
    model: Autoencoder,
    x: Tensor,
    y: Tensor | None = None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Callable[[int], None] = lambda images: None,
) -> Bound | None:
    """The bound for images `[N, C, H, W]`, or None for a model that has no prior or proposal."""
    generator = torch.Generator().manual_seed(seed)
    if not model.has_prior or model.proposal(x[:1], None if y is None else y[:1]) is None:
        return None
    if model.latent != 2 or model.noise_size or not model.likelihood.linear_in_x:
        parts = []
        for rows in torch.arange(len(x)).split(max(1, 8000 // samples)):
            weights = model.log_importance_weights(
                x[rows], None if y is None else y[rows], samples, generator
            )
            parts.append(_log_mean(weights))
            progress(len(rows))
        return Bound(-torch.cat(parts), samples, 0.0)
    nll, error = torch.empty(len(x)), 0.0
    labels = torch.full((len(x),), -1) if y is None or not model.classes else y
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero()[:, 0]
        of = None if label < 0 else torch.full((len(rows),), label)
        parts = [
            model.proposal(x[some], None if of is None else of[: len(some)])
            for some in rows.split(1000)
        ]
        proposal = Posterior(*(torch.cat(values) for values in zip(*parts, strict=True)))
        noise = torch.randn(samples, len(rows), 2, generator=generator)
        nll[rows] = _on_lattice(model, x[rows], label, proposal, noise, progress)
        few = slice(0, _CHECKED)
        direct = _decoded(model, x[rows[few]], label, _first(proposal, few), noise[:, few])
        error = max(error, float((direct - nll[rows[few]]).abs().max()))
    return Bound(nll, samples, error)


def _first(proposal: Posterior, few: slice) -> Posterior:
    return Posterior(proposal.mean[few], proposal.std[few])


def _log_mean(weights: Tensor) -> Tensor:
    """log of the mean over draws of exp(weights) `[S, B]` -> `[B]`."""
    return weights.logsumexp(0) - math.log(len(weights))


def _prior_ratio(model: Autoencoder, label: int, z: Tensor, proposal: Posterior) -> Tensor:
    """log p(z) - log q(z) `[S, B]` of codes `[S, B, 2]`."""
    prior = model.prior(None if label < 0 else label).log_prob(z.flatten(0, 1)).view(z.shape[:2])
    return prior - normal_log_prob(z, proposal.mean, 2 * proposal.std.log())


def _decoded(
    model: Autoencoder, x: Tensor, label: int, proposal: Posterior, noise: Tensor
) -> Tensor:
    """-log of the mean weight `[B]`, every draw decoded."""
    found = []
    for i in range(len(x)):
        one = Posterior(proposal.mean[i : i + 1], proposal.std[i : i + 1])
        z = one.mean + one.std * noise[:, i : i + 1]
        y = torch.full((len(z),), label)
        misses = model.likelihood.nll(model.decode(z[:, 0], y), x[i].expand(len(z), -1, -1, -1))
        found.append(_log_mean(_prior_ratio(model, label, z, one) - misses[:, None]))
    return -torch.cat(found)


def _on_lattice(
    model: Autoencoder,
    x: Tensor,
    label: int,
    proposal: Posterior,
    noise: Tensor,
    progress: Callable[[int], None],
) -> Tensor:
    """-log of the mean weight `[N]`, -log p(x|z) read from splines."""
    from scipy.ndimage import map_coordinates

    flat, constant = x.flatten(1), model.likelihood.constant(x)
    low = ((proposal.mean - _REACH * proposal.std) / _STEP).floor().long() - _EDGE
    high = ((proposal.mean + _REACH * proposal.std) / _STEP).ceil().long() + _EDGE
    sides = high - low + 1
    wide = (sides > _WIDEST).any(1)
    nll = torch.empty(len(x))
    for rows in wide.nonzero().split(16) if wide.any() else ():
        rows = rows[:, 0]
        some = Posterior(proposal.mean[rows], proposal.std[rows])
        nll[rows] = _decoded(model, x[rows], label, some, noise[:, rows])
        progress(len(rows))
    narrow = (~wide).nonzero()[:, 0]
    strips = (proposal.mean[narrow, 0] / _STRIP).floor()
    for strip in strips.unique():
        rows = narrow[strips == strip]
        corner = low[rows].amin(0)
        size = (high[rows].amax(0) - corner + 1).tolist()
        used = torch.zeros(size, dtype=torch.bool)
        windows = [
            tuple(slice(int(a), int(b)) for a, b in zip(lo, hi, strict=True))
            for lo, hi in zip(low[rows] - corner, high[rows] - corner + 1, strict=True)
        ]
        for window in windows:
            used[window] = True
        points = (used.nonzero() + corner) * _STEP
        place = torch.full(size, -1)
        place[used] = torch.arange(len(points))
        slope, offset = _table(model, points, label)
        for row, window in zip(rows.tolist(), windows, strict=True):
            at = place[window]
            misses = offset[at.flatten()] - slope[at.flatten()] @ flat[row] + constant[row]
            one = Posterior(proposal.mean[row : row + 1], proposal.std[row : row + 1])
            z = one.mean + one.std * noise[:, row : row + 1]
            where = (z[:, 0] / _STEP - low[row]).T.numpy()
            read = map_coordinates(misses.view(at.shape).numpy(), where, order=3, mode="nearest")
            weights = _prior_ratio(model, label, z, one) - torch.from_numpy(read)[:, None]
            nll[row] = -_log_mean(weights)[0]
        progress(len(rows))
    return nll


def _table(model: Autoencoder, points: Tensor, label: int) -> tuple[Tensor, Tensor]:
    """Slope `[P, pixels]` and offset `[P]` of the likelihood at codes `[P, 2]`."""
    pixels = int(np.prod(model.image_shape))
    slope, offset = torch.empty(len(points), pixels), torch.empty(len(points))
    for rows in torch.arange(len(points)).split(4096):
        logits = model.decode(points[rows], torch.full((len(rows),), label))
        slope[rows], offset[rows] = model.likelihood.as_linear_in_x(logits)
    return slope, offset
