"""Screening: normal images and suspects scored by one model, each encoded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import anomaly, latent
from ..latent import aggregate_posterior
from ..latent.encoding import Codes
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from .summary_statistics import fit_summary

PLAIN = "reconstruction"  # the score with the artefact, kept beside the others for comparison
Watch = Callable[[int, int], None]
_ENCODED, _SCORED = 10, 1  # what an image costs, roughly, for the bar
_AT_ONCE = 100


class Images(NamedTuple):
    """`images` uint8 [N, C, H, W] and their codes, or None where those must be found."""

    images: np.ndarray
    codes: Codes | None = None


class Screened(NamedTuple):
    """Scores [N], those of `PLAIN` [N], and codes."""

    scores: np.ndarray
    plain: np.ndarray
    codes: Codes


@dataclass(frozen=True)
class Normality:
    """Where what is fitted to normal images comes from: the `learned` images, and an `aggregate`
    posterior that is known already."""

    learned: np.ndarray
    aggregate: Mixture | None = None


def screen(
    model: Autoencoder,
    score: str,
    groups: list[Images],
    normality: Normality,
    *,
    watch: Watch = lambda done, of: None,
) -> list[Screened]:
    """Scores groups of images; what the score must know of normal ones is fitted first."""
    need = anomaly.SCORES[score].needs(model)
    fits = need == "summary" or (need == "aggregate" and normality.aggregate is None)
    learned = Images(normality.learned if fits else normality.learned[:0])
    counts = [len(g.images) * _ENCODED for g in (learned, *groups) if g.codes is None]
    total = sum(counts) + sum(len(g.images) for g in groups) * _SCORED
    done = 0

    def step(cost: int) -> Watch:
        return lambda part, of: watch(min(total, done + part * cost), total)

    known = normality.aggregate
    summary = None
    if fits:
        codes = _encoded(model, learned.images, step(_ENCODED))
        done += len(learned.images) * _ENCODED
        if need == "summary":
            summary = fit_summary(model, learned.images, codes)
        else:
            known = aggregate_posterior.fit(codes)
    judge = anomaly.Judge(model, known, summary)
    found = []
    for group in groups:
        codes = group.codes
        if codes is None:
            codes = _encoded(model, group.images, step(_ENCODED))
            done += len(group.images) * _ENCODED
        values = anomaly.scores(judge, group.images, score, codes=codes, watch=step(_SCORED))
        done += len(group.images) * _SCORED
        plain = anomaly.scores(judge, group.images, PLAIN, codes=codes)
        found.append(Screened(values, plain, codes))
    return found


def _encoded(model: Autoencoder, images: np.ndarray, watch: Watch) -> Codes:
    parts = []
    for start in range(0, len(images), _AT_ONCE):
        watch(start, len(images))
        parts.append(latent.encode_images(model, images[start : start + _AT_ONCE]))
    if not parts:
        return Codes(np.zeros((0, model.latent), np.float32), None)
    means, stds = zip(*parts, strict=True)
    return Codes(np.concatenate(means), None if stds[0] is None else np.concatenate(stds))
