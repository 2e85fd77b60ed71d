"""Evaluation of a model: likelihoods, sample quality, embedding and class metrics."""

from .metrics import ALL, REFINED, evaluate, hierarchical_nll_bound, sizes_within
