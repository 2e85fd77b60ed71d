"""The importance-weighted bound on -log p(x): Burda, Grosse and Salakhutdinov 2016,
https://arxiv.org/abs/1509.00519, equation 8.

For two latents -log p(x|z) of an image is a smooth function of two numbers. It is computed on a
fine grid whose decoded logits serve all images, and interpolated by cubic splines, which replaces
a thousand decodes per image. Some images are also decoded in full, and the largest difference is
reported with the result.
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..models.base import Autoencoder, Posterior, on_device_of_model
from ..nn.distributions import normal_log_prob
from ..nn.sharded_noise import normal
from ..progress import Progress, no_progress

SAMPLES = 1000
_STEP = 0.016  # of the grid; decoders vary over tenths
_RADIUS = 6.5  # standard deviations of the proposal that the grid covers
_MARGIN = 4  # additional points around, since splines are less accurate at the edge
_MAX_GRID_SIDE = 128  # grid points along one side, beyond which an image is decoded directly
_STRIP = 1.0  # width of the part of the plane that is decoded at a time
_CHECKED = 32  # images that are also decoded in full


class Bound(NamedTuple):
    """-log of the mean of `samples` importance weights per image `[N]`, in nats; `error` is the
    largest difference from full decoding, 0 if everything was decoded."""

    nll: Tensor
    samples: int
    error: float


@torch.inference_mode()
@on_device_of_model
def importance_weighted(
    model: Autoencoder,
    x: Tensor,
    y: Tensor | None = None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    proposal: Posterior | None = None,
    progress: Progress = no_progress,
) -> Bound | None:
    """The bound for images `[N, C, H, W]`, or None for a model without prior or proposal. A
    `proposal` of these images that is known already is not computed again where D = 2."""
    if not model.has_prior or model.proposal(x[:1], None if y is None else y[:1]) is None:
        return None
    if model.latent != 2 or model.noise_size or not model.likelihood.linear_in_x:
        generator, parts = torch.Generator().manual_seed(seed), []
        for rows in torch.arange(len(x)).split(max(1, 8000 // samples)):
            progress(int(rows[0]), len(x))
            labels = None if y is None else y[rows]
            weights = model.log_importance_weights(x[rows], labels, samples, generator)
            parts.append(_log_mean(weights))
        return Bound(-torch.cat(parts), samples, 0.0)
    nll, error, done = torch.empty(len(x)), 0.0, itertools.count()
    labels = torch.full((len(x),), -1) if y is None or not model.classes else y
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero()[:, 0]
        if proposal is None:
            y = None if label < 0 else labels
            parts = [model.proposal(x[b], y if y is None else y[b]) for b in rows.split(1000)]
            of_label = Posterior(*(torch.cat(values) for values in zip(*parts, strict=True)))
        else:
            of_label = Posterior(*(values[rows] for values in proposal))

        def draw(i: int, proposal: Posterior = of_label) -> tuple[Tensor, Posterior]:
            """Samples `[S, 1, 2]` for the i-th image, drawn when needed, and its proposal."""
            progress(min(next(done), len(x)), len(x))
            generator = torch.Generator().manual_seed(seed * 1_000_003 + i)
            q = Posterior(proposal.mean[i : i + 1], proposal.std[i : i + 1])
            return q.mean + q.std * normal((samples, 1, 2), generator, device=x.device), q

        nll[rows] = _on_grid(model, x[rows], label, of_label, draw)
        checked = rows[:_CHECKED]
        direct = [_decoded(model, x[row], label, *draw(i)) for i, row in enumerate(checked)]
        error = max(error, float((torch.stack(direct) - nll[checked]).abs().max()))
    return Bound(nll, samples, error)


def _log_mean(weights: Tensor) -> Tensor:
    """log of the mean over samples of exp(weights) `[S, B]` -> `[B]`."""
    return weights.logsumexp(0) - math.log(len(weights))


def _log_prior_ratio(model: Autoencoder, label: int, z: Tensor, proposal: Posterior) -> Tensor:
    """log p(z) - log q(z) `[S, B]` of codes `[S, B, 2]`."""
    prior = model.prior(None if label < 0 else label).log_prob(z.flatten(0, 1)).view(z.shape[:2])
    return prior - normal_log_prob(z, proposal.mean, 2 * proposal.std.log())


def _decoded(model: Autoencoder, image: Tensor, label: int, z: Tensor, q: Posterior) -> Tensor:
    """The bound of an image with every sample decoded."""
    logits = model.decode(z[:, 0], torch.full((len(z),), label))
    nll = model.likelihood.nll(logits, image.expand(len(z), -1, -1, -1))
    return -_log_mean(_log_prior_ratio(model, label, z, q)[:, 0] - nll)


def _on_grid(
    model: Autoencoder, x: Tensor, label: int, q_all: Posterior, draw: Callable
) -> Tensor:
    """The bound `[N]` with -log p(x|z) interpolated on a grid."""
    from scipy.ndimage import map_coordinates

    flat, constant = x.flatten(1), model.likelihood.constant(x)
    low = ((q_all.mean - _RADIUS * q_all.std) / _STEP).floor().long() - _MARGIN
    high = ((q_all.mean + _RADIUS * q_all.std) / _STEP).ceil().long() + _MARGIN
    wide = (high - low + 1 > _MAX_GRID_SIDE).any(1)
    nll = torch.empty(len(x))
    for row in wide.nonzero()[:, 0].tolist():
        nll[row] = _decoded(model, x[row], label, *draw(row))
    narrow = (~wide).nonzero()[:, 0]
    strips = (q_all.mean[narrow, 0] / _STRIP).floor()
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
        index = torch.full(size, -1)
        index[used] = torch.arange(len(points))
        slope, offset = _linear_likelihood(model, points, label)
        for row, window in zip(rows.tolist(), windows, strict=True):
            grid = index[window]  # whose rows are consecutive points, so that none are copied
            starts, width = grid[:, 0].tolist(), grid.shape[1]
            products = torch.cat([slope[start : start + width] @ flat[row] for start in starts])
            on_grid = offset[grid.flatten()] - products + constant[row]
            z, q = draw(row)
            at, values = (z[:, 0] / _STEP - low[row]).T, on_grid.view(grid.shape)
            arrays = values.cpu().numpy(), at.cpu().numpy()
            interpolated = torch.as_tensor(map_coordinates(*arrays, order=3, mode="nearest"))
            nll[row] = -_log_mean(_log_prior_ratio(model, label, z, q)[:, 0] - interpolated)
    return nll


def _linear_likelihood(model: Autoencoder, z: Tensor, label: int) -> tuple[Tensor, Tensor]:
    """Slope `[P, pixels]` and offset `[P]` of `as_linear_in_x` at codes `[P, 2]`."""
    logits = (model.decode(part, torch.full((len(part),), label)) for part in z.split(4096))
    slopes, offsets = zip(*map(model.likelihood.as_linear_in_x, logits), strict=True)
    return torch.cat(slopes), torch.cat(offsets)
