"""Exact log-likelihood for two latents: log p(x) = log of the integral of p(x|z) p(z) over z.

The integral is a sum over a grid, and one decoded grid serves all images, because the likelihood
is linear in the image (`Likelihood.as_linear_in_x`). The encoder is not involved, so a plain
autoencoder with a fitted prior, a VAE and an implicit posterior are compared on equal terms.

The grid is a quadtree: tiles of `TILE` x `TILE` points, each of which is split into four with half
the step while it holds mass of an image whose integral has not converged. The midpoint rule
converges faster than any power of the step once that is below the width of the posterior
(Trefethen and Weideman 2014, https://doi.org/10.1137/130932132), so the last change is a
pessimistic estimate of the error.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..models.base import Autoencoder, on_device_of_model
from ..nn.distributions import Mixture
from ..nn.likelihoods import Likelihood
from ..nn.priors import Prior
from ..progress import Progress, no_progress

TILE = 8
_POINTS = 30_000  # of the first grid, over the bounding box of the priors
_MAX_DEPTH = 6  # halvings of the step
_RADIUS = 6.0  # standard deviations of the prior that the first grid covers
_MIN_LOG_PRIOR = -80.0  # nats relative to its maximum, below which the prior is ignored
_MARGIN = (40.0, 18.0, 12.0)  # nats below an image's best tile to drop one: first, next, later
_MAX_QUARTERS = 400  # up to which a converged integral is still refined with the others
_BATCH = 64  # tiles decoded at a time

Mass = tuple[Tensor, Tensor]  # images with mass in a tile, and that of its quarters [P, images, 4]


class Integral(NamedTuple):
    """-log p(x) `[P, N]` in nats under each of P priors, and the estimated error `[N]`: the
    largest last change."""

    nll: Tensor
    error: Tensor


@torch.inference_mode()
def integrate(
    x: Tensor,
    decode: Callable[[Tensor], Tensor],
    likelihood: Likelihood,
    priors: list[Prior],
    *,
    tolerance: float = 0.01,
    progress: Progress = no_progress,
) -> Integral:
    """-log p(x) of images `[N, C, H, W]` under each prior; the step is halved around the mass of
    each image until the change is below `tolerance` nats. `progress` counts the images of which
    it is."""
    tiles, step = _first_tiles(priors)
    n = len(x)
    flat, constant = x.flatten(1), likelihood.constant(x)
    rows = [torch.arange(n)] * len(tiles)  # of each tile, the images with mass in it
    previous = torch.full((len(priors), n), -math.inf)
    result, error = previous.clone(), torch.full((len(priors), n), math.inf)
    open_ = torch.ones(len(priors), n, dtype=torch.bool)
    for depth in range(_MAX_DEPTH + 1):
        sums = torch.full((len(priors), n), -math.inf)
        masses: list[Mass] = []
        for batch in torch.arange(len(tiles)).split(_BATCH):
            codes = _points(tiles[batch], step)  # [T, TILE^2, 2]
            slope, offset = likelihood.as_linear_in_x(decode(codes.flatten(0, 1)))
            slope, offset = (part.view(len(batch), TILE**2, -1) for part in (slope, offset))
            weights = torch.stack([prior.log_prob(codes.flatten(0, 1)) for prior in priors])
            weights = weights.view(len(priors), len(batch), TILE**2)
            for at, tile in enumerate(batch.tolist()):
                images = rows[tile]
                log_likelihood = flat[images] @ slope[at].T - offset[at].T - constant[images, None]
                parts = log_likelihood + weights[:, at, None]
                parts = parts.unflatten(-1, (4, -1)).logsumexp(-1)  # [P, images, 4]
                sums[:, images] = torch.logaddexp(sums[:, images], parts.logsumexp(2))
                masses.append((images, parts))
        integral = sums + 2 * math.log(step)
        result = torch.where(open_, integral, result)
        error = torch.where(open_, (integral - previous).abs(), error)
        previous = integral
        unsettled = open_ & (error > tolerance)
        margin = _MARGIN[min(depth, len(_MARGIN) - 1)]
        progress(n - int(unsettled.any(0).sum()), n)
        tiles, rows, open_ = _split(tiles, step, masses, unsettled, open_, margin)
        step /= 2
        if not len(tiles):
            break
    return Integral(-result, error.amax(0))


@on_device_of_model
def exact_nll(
    model: Autoencoder,
    x: Tensor,
    y: Tensor | None = None,
    *,
    aggregate: Mixture | None = None,
    progress: Progress = no_progress,
) -> Integral:
    """-log p(x), or -log p(x|y) of a conditional model, for D = 2 and a single level of latents;
    first under the prior of the model, if it has one, then under the aggregate posterior."""
    aggregate = aggregate and Mixture(*(part.to(x.device) for part in aggregate))
    labels = torch.full((len(x),), -1) if y is None or not model.classes else y
    nll = torch.empty(model.has_prior + (aggregate is not None), len(x))
    error, before = torch.empty(len(x)), 0
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero()[:, 0]

        def decode(z: Tensor, y: int = label) -> Tensor:
            return model.decode(z, torch.full((len(z),), y))

        priors = [model.prior(None if label < 0 else label), aggregate]
        if aggregate is not None and label >= 0:
            priors[1] = aggregate.block(label, model.classes)
        priors = [prior for prior in priors if prior is not None]

        def settled(images: int, _: int, before: int = before) -> None:
            progress(before + images, len(x))

        found = integrate(x[rows], decode, model.likelihood, priors, progress=settled)
        nll[:, rows], error[rows] = found
        before += len(rows)
    return Integral(nll, error)


def _first_tiles(priors: list[Prior]) -> tuple[Tensor, float]:
    """Lower corners `[T, 2]` of tiles that cover all priors, and the step between points."""
    lows, highs = zip(*(prior.bounding_box(_RADIUS) for prior in priors), strict=True)
    low, high = torch.stack(lows).amin(0), torch.stack(highs).amax(0)
    step = float(((high - low).prod() / _POINTS).sqrt())
    side = step * TILE
    counts = ((high - low) / side).ceil().long().tolist()
    axes = [float(a) + side * torch.arange(n) for a, n in zip(low, counts, strict=True)]
    tiles = torch.cartesian_prod(*axes)
    density = torch.stack([prior.log_prob(tiles + side / 2) for prior in priors])
    near = (density > density.amax(1, keepdim=True) + _MIN_LOG_PRIOR).any(0)
    return tiles[near], step


def _points(corners: Tensor, step: float) -> Tensor:
    """Midpoints `[T, TILE^2, 2]` of the cells of tiles, ordered by quarter of the tile."""
    axis = (torch.arange(TILE) + 0.5) * step
    cells = torch.cartesian_prod(axis, axis).view(2, TILE // 2, 2, TILE // 2, 2)
    return corners[:, None] + cells.permute(0, 2, 1, 3, 4).reshape(-1, 2)


def _split(
    tiles: Tensor, step: float, masses: list[Mass], unsettled: Tensor, open_: Tensor, margin: float
) -> tuple[Tensor, list[Tensor], Tensor]:
    """The quarters to refine, their images, and which integrals `[P, N]` go on. A quarter is kept
    if it holds mass of an integral that goes on: one that has not converged, or one of the same
    image while that is cheap, since a single small change may be chance. If one prior is flat and
    another narrow, only the surroundings of the narrow one are refined."""
    floor = torch.full(unsettled.shape, -math.inf)
    for images, parts in masses:
        floor[:, images] = torch.maximum(floor[:, images], parts.amax(2))
    floor -= margin
    count = torch.zeros(unsettled.shape)
    for images, parts in masses:
        count[:, images] += (parts > floor[:, images, None]).sum(2)
    goes_on = unsettled | (open_ & unsettled.any(0) & (count <= _MAX_QUARTERS))
    shifts = step * TILE / 2 * torch.cartesian_prod(torch.arange(2), torch.arange(2))
    corners, images_of = [], []
    for tile, (images, parts) in zip(tiles, masses, strict=True):
        matters = ((parts > floor[:, images, None]) & goes_on[:, images, None]).any(0)
        for quarter in matters.any(0).nonzero()[:, 0].tolist():
            corners.append(tile + shifts[quarter])
            images_of.append(images[matters[:, quarter]])
    return (torch.stack(corners) if corners else tiles[:0]), images_of, goes_on
