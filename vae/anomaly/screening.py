"""Scores groups of images with one model, each image encoded once."""

from typing import NamedTuple

import numpy as np

from ..latent import aggregate_posterior
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from ..progress import Progress, no_progress
from .scores import SCORES, Scorer, score_images
from .summary_statistics import fit_summary

BASELINE = "reconstruction"  # computed next to every other score, for comparison
_ENCODING, _SCORING = 10, 1  # relative cost per image, for the progress
_BATCH = 100


class Images(NamedTuple):
    """`images` uint8 [N, C, H, W] and their codes, or None if they must be encoded."""

    images: np.ndarray
    codes: Codes | None = None


class Screened(NamedTuple):
    """`scores` [N], `baseline` scores [N], and codes."""

    scores: np.ndarray
    baseline: np.ndarray
    codes: Codes


class NormalData(NamedTuple):
    """The normal `images` to which a score fits what it requires, and their `aggregate` posterior
    if it is known already."""

    images: np.ndarray
    aggregate: Mixture | None = None


def screen(
    model: Autoencoder,
    score: str,
    groups: list[Images],
    normal: NormalData,
    *,
    progress: Progress = no_progress,
) -> list[Screened]:
    """Scores groups of images after fitting what the score requires to normal images."""
    required, aggregate, summary = SCORES[score].requires(model), normal.aggregate, None
    fits = required == "summary" or (required == "aggregate" and aggregate is None)
    train = Images(normal.images if fits else normal.images[:0])
    encoded = [len(g.images) * _ENCODING for g in (train, *groups) if g.codes is None]
    total = sum(encoded) + sum(len(g.images) for g in groups) * _SCORING
    done = 0

    def part(cost: int) -> Progress:
        return lambda images, _: progress(min(total, done + images * cost), total)

    def encode(images: np.ndarray) -> Codes:
        nonlocal done
        codes = encode_images(model, images, batch_size=_BATCH, progress=part(_ENCODING))
        done += len(images) * _ENCODING
        return codes

    if fits and required == "summary":
        summary = fit_summary(model, train.images, encode(train.images))
    elif fits:
        aggregate = aggregate_posterior.fit_mixture(encode(train.images))
    scorer, results = Scorer(model, aggregate, summary), []
    for group in groups:
        codes = encode(group.images) if group.codes is None else group.codes
        scores = score_images(scorer, group.images, score, codes=codes, progress=part(_SCORING))
        done += len(group.images) * _SCORING
        baseline = score_images(scorer, group.images, BASELINE, codes=codes)
        results.append(Screened(scores, baseline, codes))
    return results
