"""Evaluation of a model: likelihoods, sample quality, embedding and class metrics."""

from .metrics import ALL, evaluate, hierarchical_nll_bound, sizes_within
