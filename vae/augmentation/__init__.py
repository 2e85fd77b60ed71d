"""Synthetic labelled data sets made with a model."""

from .synthetic import AugmentError, Source, SyntheticDataset, source, synthesize
