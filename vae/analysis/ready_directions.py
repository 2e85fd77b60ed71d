"""Attribute directions that are ready to use: found for every class from what is known of its
items, the columns of the data set or attributes measured on the images."""

from collections.abc import Mapping

import numpy as np

from ..data.dataset import Dataset
from ..latent.attribute_directions import AttributeDirection, DirectionError, fit_direction
from .image_attributes import attributes, factors

_FEWEST = 20  # items of a class, below which its quarters say little
_LEAST_AUC = 0.7  # of a direction that is offered
_MOST = 5  # per class


def ready_directions(
    dataset: Dataset, codes: np.ndarray, *, model: str, digest: str
) -> dict[int, list[AttributeDirection]]:
    """Directions by class, for the codes [N, D] of the items that are shown of a data set. Each
    leads from the mean code of the quarter of a class that has least of an attribute to that of
    the quarter that has most of it; those that separate these quarters best come first."""
    shown, columns = dataset.shown, factors(dataset.shown_metadata.columns)
    found = {}
    for label, name in enumerate(dataset.class_names):
        rows = np.flatnonzero(shown.labels == label)
        if len(rows) < _FEWEST:
            continue
        known: Mapping = {title: values[rows] for title, values in columns.items()}
        known = known or attributes(shown.images[rows], name)
        directions = [
            direction
            for title, values in known.items()
            if (direction := _direction(codes[rows], values, title, model, digest))
        ]
        found[label] = sorted(directions, key=lambda d: -d.auc)[:_MOST]
    return found


def _direction(
    codes: np.ndarray, values: np.ndarray, name: str, model: str, digest: str
) -> AttributeDirection | None:
    codes, values = codes[np.isfinite(values)], values[np.isfinite(values)]
    quarter = len(values) // 4
    if quarter < _FEWEST // 4 or np.ptp(values) == 0:
        return None
    order = np.argsort(values, kind="stable")
    try:
        found = fit_direction(
            codes[order[:quarter]], codes[order[-quarter:]], name=name, model=model, digest=digest
        )
    except DirectionError:  # the latent space knows nothing of it
        return None
    return found if found.auc >= _LEAST_AUC else None
