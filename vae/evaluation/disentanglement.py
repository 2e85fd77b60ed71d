"""How codes relate to known factors, the columns of a data set: MIG, and the DCI scores.

The mutual information gap of a factor v is (I(z_j; v) - I(z_k; v)) / H(v), where z_j and z_k are
the latents that tell most and second most about it (Chen et al., "Isolating Sources of
Disentanglement in VAEs", 2018, equation 6; as usual, of the codes in 20 bins). D, C and I are of
forests that predict each factor from the code (Eastwood and Williams, "A Framework for the
Quantitative Evaluation of Disentangled Representations", 2018).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..analysis.columns import Column, colouring

_BINS = 20
_TREES = 10
_MAX_ROWS = 5000  # from which a factor is learned


class FactorScores(NamedTuple):
    """`mig` from 0 to 1, the mean of the `gaps` by factor; `disentanglement`, whether a latent
    tells about one factor alone, and `completeness`, whether one latent tells all about a factor,
    from 0 to 1; and `informativeness` by factor: accuracy of categories, R squared of numbers, on
    held-out images."""

    mig: float
    gaps: dict[str, float]
    disentanglement: float
    completeness: float
    informativeness: dict[str, float]


def factor_scores(
    train: np.ndarray,
    train_factors: Mapping[str, np.ndarray],
    test: np.ndarray,
    test_factors: Mapping[str, np.ndarray],
    *,
    limit: int = _MAX_ROWS,
) -> FactorScores | None:
    """The scores of codes [N, D] and [M, D], the test codes for MIG and informativeness; None
    without factors. Columns that could not colour a map are no factors; values that are missing
    are left out, factor by factor."""
    gaps, importances, informativeness = {}, [], {}
    for name in train_factors.keys() & test_factors.keys():
        joined = np.concatenate([train_factors[name], test_factors[name]])
        column = colouring(joined)
        if column is None:
            continue
        values, known = _values(column)
        rows, held_out = np.split(np.arange(len(joined)), [len(train)])
        rows, held_out = rows[known[rows]], held_out[known[held_out]]
        if min(len(rows), len(held_out)) < 2 or len(np.unique(values[held_out])) < 2:
            continue
        rows = rows[:: -(-len(rows) // limit)]
        asked = test[held_out - len(train)]
        gaps[name] = information_gap(asked, values[held_out])
        numbers = column.ends is not None
        found = _predict(train[rows], values[rows], asked, values[held_out], numbers=numbers)
        importances.append(found[0])
        informativeness[name] = found[1]
    if not gaps:
        return None
    ordered = [name for name in train_factors if name in gaps]
    disentanglement, completeness = dci(np.array(importances).T)
    return FactorScores(
        float(np.mean(list(gaps.values()))),
        {name: gaps[name] for name in ordered},
        disentanglement,
        completeness,
        {name: informativeness[name] for name in ordered},
    )


def information_gap(codes: np.ndarray, factor: np.ndarray) -> float:
    """The mutual information gap of one factor [N], a number or a category, for codes [N, D]."""
    value = _binned(factor)
    told = sorted(mutual_information(_binned(latent), value) for latent in codes.T)
    entropy = mutual_information(value, value)
    return float((told[-1] - (told[-2] if len(told) > 1 else 0.0)) / entropy)


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Of two arrays [N] of whole numbers from 0 on, in nats."""
    counts = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1))
    joint = counts.reshape(a.max() + 1, b.max() + 1) / len(a)
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / apart[seen])).sum())


def dci(importance: np.ndarray) -> tuple[float, float]:
    """Disentanglement and completeness of the importance [D, K] of latents for factors."""
    return _concentration(importance), _concentration(importance.T, weighted=False)


def _concentration(importance: np.ndarray, *, weighted: bool = True) -> float:
    """The mean over rows of 1 - their entropy relative to the largest one, weighted by their
    sums."""
    sums = importance.sum(1)
    share = importance / np.maximum(sums, 1e-12)[:, None]
    logs = np.log(np.where(share > 0, share, 1))
    most = np.log(importance.shape[1]) if importance.shape[1] > 1 else 1.0
    score = 1 + (share * logs).sum(1) / most
    return float(np.average(score, weights=sums if weighted and sums.any() else None))


def _values(column: Column) -> tuple[np.ndarray, np.ndarray]:
    """The factor [N] of a column, numbers or the numbers of categories, and where it is known."""
    known = column.kinds < column.own
    if column.ends is None:
        return column.kinds.astype(int), known
    numbers = column.values if column.values.dtype.kind in "biuf" else column.kinds
    return numbers.astype(float), known


def _binned(values: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 on as they are, others by bins of equal width."""
    if values.dtype.kind in "iu":
        return values
    low, high = values.min(), values.max()
    share = (values - low) / max(high - low, 1e-12)
    return np.minimum((share * _BINS).astype(int), _BINS - 1)


def _predict(
    train: np.ndarray, target: np.ndarray, asked: np.ndarray, truth: np.ndarray, *, numbers: bool
) -> tuple[np.ndarray, float]:
    """The importance [D] of latents for a factor and the score of its prediction."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if numbers else RandomForestClassifier
    forest = kind(_TREES, min_samples_leaf=5, max_features=1.0, random_state=0)
    forest.fit(train, target)
    return forest.feature_importances_, float(forest.score(asked, truth))
