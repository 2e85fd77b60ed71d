"""From anomaly scores to decisions: thresholds for a target false-positive rate, ROC curves."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Meta, Struct, to_builtins

from ..errors import AtelierError
from ..files.records import convert

_QUANTILES = 1001
MIN_IMAGES = 20  # normal images needed for a calibration

_Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]


class CalibrationError(AtelierError):
    """Scores from which no threshold can be computed."""


class Calibration(
    Struct, frozen=True, rename={"target_fpr": "false_alarms", "manual_threshold": "by_hand"}
):
    """The distribution of a score on normal images: `quantiles` [1001] from the lowest to the
    highest of `count` images of `data`; the target false-positive rate, and the threshold that a
    user set instead, if any."""

    score: str
    data: str
    count: int
    quantiles: Annotated[tuple[_Finite, ...], Meta(min_length=2)]
    target_fpr: Annotated[float, Meta(ge=0, le=1)] = 0.05
    manual_threshold: _Finite | None = None

    @property
    def threshold(self) -> float:
        """Images with a higher score are anomalous: `target_fpr` of the normal ones."""
        if self.manual_threshold is not None:
            return self.manual_threshold
        positions = np.linspace(0, 1, len(self.quantiles))
        return float(np.interp(1 - self.target_fpr, positions, self.quantiles))

    def to_json(self) -> dict:
        """JSON values, whose keys are those of files written by earlier versions."""
        return to_builtins(self)

    @classmethod
    def from_json(cls, values: object) -> Calibration:
        """Reads the values of `to_json`. Raises `CalibrationError`, which names the field."""
        found = convert(values, cls, CalibrationError)
        if np.any(np.diff(found.quantiles) < 0):
            raise CalibrationError("the quantiles decrease; expected numbers in ascending order")
        return found


def calibrate(
    scores: np.ndarray,
    *,
    score: str,
    data: str,
    target_fpr: float = 0.05,
    manual_threshold: float | None = None,
) -> Calibration:
    """Calibrates on the scores [N] of normal images that the model was not trained on; a manual
    threshold replaces that of `target_fpr`. Raises `CalibrationError`."""
    if len(scores) < MIN_IMAGES:
        raise CalibrationError(f"{len(scores)} normal images; at least {MIN_IMAGES} are needed")
    if not np.isfinite(scores).all():
        raise CalibrationError(f"{(~np.isfinite(scores)).sum()} scores are no finite numbers")
    if not 0 <= target_fpr <= 1:
        raise CalibrationError(f"the false-positive rate is {target_fpr}; expected 0 to 1")
    quantiles = np.quantile(scores, np.linspace(0, 1, _QUANTILES)).tolist()
    return Calibration(score, data, len(scores), tuple(quantiles), target_fpr, manual_threshold)


def threshold_at(normal: np.ndarray, fpr: float) -> float:
    """The score above which a fraction `fpr` of the normal scores [N] lies."""
    return float(np.quantile(normal, 1 - fpr))


def percentile_rank(normal: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The fraction of normal scores [N] below each of `scores` [M], 0 to 1."""
    return np.searchsorted(np.sort(normal), scores) / max(1, len(normal))


class Curves(NamedTuple):
    """ROC curve (`fpr`, `tpr`) and precision-recall curve, with the area under each."""

    fpr: np.ndarray
    tpr: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    auroc: float
    average_precision: float


def curves(normal: np.ndarray, anomalous: np.ndarray) -> Curves:
    """How well scores separate anomalous [M] from normal images [N]."""
    from sklearn import metrics

    if not len(normal) or not len(anomalous):
        raise CalibrationError("curves need both normal and candidate images")
    truth = np.r_[np.zeros(len(normal)), np.ones(len(anomalous))]
    scores = np.r_[normal, anomalous]
    fpr, tpr, _ = metrics.roc_curve(truth, scores)
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    areas = metrics.roc_auc_score(truth, scores), metrics.average_precision_score(truth, scores)
    return Curves(fpr, tpr, precision, recall, *map(float, areas))
