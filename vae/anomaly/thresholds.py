"""From scores to decisions: thresholds by wanted false alarms, and curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError

_STEPS = 1000
LEAST = 20  # normal images that say what is usual


class CalibrationError(AtelierError):
    """Scores that no threshold can be taken from; the message says why."""


@dataclass(frozen=True)
class Calibration:
    """What scores normal images have: `quantiles` [1001] from the lowest to the highest, of
    `count` images of `data`, the share of false alarms that was asked for, and a threshold that
    was set `by_hand` instead."""

    score: str
    data: str
    count: int
    quantiles: tuple[float, ...]
    false_alarms: float = 0.05
    by_hand: float | None = None

    @property
    def threshold(self) -> float:
        """Scores above it are called anomalous; of normal images `false_alarms` are."""
        return self.at(self.false_alarms) if self.by_hand is None else self.by_hand

    def at(self, false_alarms: float) -> float:
        """The threshold for another share of false alarms."""
        where = np.linspace(0, 1, len(self.quantiles))
        return float(np.interp(1 - false_alarms, where, self.quantiles))

    def to_json(self) -> dict:
        return {
            "score": self.score,
            "data": self.data,
            "count": self.count,
            "false_alarms": self.false_alarms,
            "by_hand": self.by_hand,
            "quantiles": list(self.quantiles),
        }

    @classmethod
    def from_json(cls, told: object) -> Calibration:
        """Raises `CalibrationError` for what is no calibration."""
        try:
            quantiles = tuple(float(v) for v in told["quantiles"])
            found = cls(
                str(told["score"]),
                str(told["data"]),
                int(told["count"]),
                quantiles,
                float(told["false_alarms"]),
                None if told.get("by_hand") is None else float(told["by_hand"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CalibrationError(f"this is no calibration ({error})") from error
        if (
            len(quantiles) < 2
            or not np.isfinite(quantiles).all()
            or np.any(np.diff(quantiles) < 0)
        ):
            raise CalibrationError("its quantiles are no rising numbers")
        if not 0 <= found.false_alarms <= 1 or not np.isfinite(found.threshold):
            raise CalibrationError(
                f"it asks for {found.false_alarms} false alarms; expected a share from 0 to 1"
            )
        return found


def calibrate(
    scores: np.ndarray,
    *,
    score: str,
    data: str,
    false_alarms: float = 0.05,
    by_hand: float | None = None,
) -> Calibration:
    """From the scores [N] of normal images that the model did not learn from; a threshold set by
    hand comes with the share of false alarms that it gives."""
    if len(scores) < LEAST:
        raise CalibrationError(f"{len(scores)} normal images; at least {LEAST} are needed")
    if not np.isfinite(scores).all():
        raise CalibrationError(f"{(~np.isfinite(scores)).sum()} scores are no finite numbers")
    if not 0 <= false_alarms <= 1:
        raise CalibrationError(f"false alarms are {false_alarms}; expected a share from 0 to 1")
    quantiles = np.quantile(scores, np.linspace(0, 1, _STEPS + 1)).tolist()
    return Calibration(score, data, len(scores), tuple(quantiles), false_alarms, by_hand)


def threshold_at(normal: np.ndarray, false_alarms: float) -> float:
    """The score above which a share of normal images with scores [N] lies."""
    return float(np.quantile(normal, 1 - false_alarms))


def share_below(normal: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Of normal images with scores [N], the share with a lower one, for each of scores [M]."""
    return np.searchsorted(np.sort(normal), scores) / max(1, len(normal))


class Curves(NamedTuple):
    """ROC (`false_alarms`, `detections`) and precision-recall with their areas; `auroc` is the
    chance that a suspect scores higher than a normal image."""

    false_alarms: np.ndarray
    detections: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    auroc: float
    average_precision: float


def curves(normal: np.ndarray, suspects: np.ndarray) -> Curves:
    """How well scores tell suspects [M] from normal images [N]."""
    from sklearn import metrics

    if not len(normal) or not len(suspects):
        raise CalibrationError("both normal images and suspects are needed for curves")
    truth = np.r_[np.zeros(len(normal)), np.ones(len(suspects))]
    found = np.r_[normal, suspects]
    false_alarms, detections, _ = metrics.roc_curve(truth, found)
    precision, recall, _ = metrics.precision_recall_curve(truth, found)
    return Curves(
        false_alarms,
        detections,
        precision,
        recall,
        float(metrics.roc_auc_score(truth, found)),
        float(metrics.average_precision_score(truth, found)),
    )
