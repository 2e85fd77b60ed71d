"""Scores groups of images with one model, each image encoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..latent import aggregate_posterior
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from ..progress import Progress
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


@dataclass(frozen=True)
class NormalData:
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
    progress: Progress = lambda done, total: None,
) -> list[Screened]:
    """Scores groups of images after fitting what the score requires to normal images."""
    required = SCORES[score].requires(model)
    fits = required == "summary" or (required == "aggregate" and normal.aggregate is None)
    train = Images(normal.images if fits else normal.images[:0])
    encoded = [len(g.images) * _ENCODING for g in (train, *groups) if g.codes is None]
    total = sum(encoded) + sum(len(g.images) for g in groups) * _SCORING
    done = 0

    def part(cost: int) -> Progress:
        return lambda images, _: progress(min(total, done + images * cost), total)

    aggregate = normal.aggregate
    summary = None
    if fits:
        codes = _encode(model, train.images, part(_ENCODING))
        done += len(train.images) * _ENCODING
        if required == "summary":
            summary = fit_summary(model, train.images, codes)
        else:
            aggregate = aggregate_posterior.fit_mixture(codes)
    scorer = Scorer(model, aggregate, summary)
    results = []
    for group in groups:
        codes = group.codes
        if codes is None:
            codes = _encode(model, group.images, part(_ENCODING))
            done += len(group.images) * _ENCODING
        scores = score_images(scorer, group.images, score, codes=codes, progress=part(_SCORING))
        done += len(group.images) * _SCORING
        baseline = score_images(scorer, group.images, BASELINE, codes=codes)
        results.append(Screened(scores, baseline, codes))
    return results


def _encode(model: Autoencoder, images: np.ndarray, progress: Progress) -> Codes:
    parts = []
    for start in range(0, len(images), _BATCH):
        progress(start, len(images))
        parts.append(encode_images(model, images[start : start + _BATCH]))
    if not parts:
        return Codes(np.zeros((0, model.latent), np.float32), None)
    means, stds = zip(*parts, strict=True)
    return Codes(np.concatenate(means), None if stds[0] is None else np.concatenate(stds))
