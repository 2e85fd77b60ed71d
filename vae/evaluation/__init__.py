"""A model in numbers: likelihood, sample quality, neighbours, classes."""

from .evaluate import evaluate, hierarchical_nll
