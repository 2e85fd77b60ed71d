"""Reproducible subsets of a data set."""

import numpy as np


def evenly_spaced(count: int, limit: int) -> np.ndarray:
    """At most `limit` of `count` indices, evenly spaced, including the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(limit, count)).round().astype(int))
