"""Synthetic labelled data sets, created with a model."""

from .synthetic import AugmentError, Source, SyntheticDataset, create_source, synthesize
