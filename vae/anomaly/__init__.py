"""Anomaly detection: scores of images, thresholds on them, heat maps of residuals."""

from .scores import DEFAULT, SCORES, Scorer, available_scores, score_images, supported_scores
