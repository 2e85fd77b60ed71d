"""Evaluation of a model: likelihoods, sample quality, embedding and class metrics."""

from .metrics import evaluate, hierarchical_nll_bound
