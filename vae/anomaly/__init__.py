"""Anomaly detection: scores of images, thresholds, screening."""

from .scores import DEFAULT, SCORES, Judge, available, offered, scores
