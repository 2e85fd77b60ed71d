"""Synthetic labelled data sets, created with a model."""
