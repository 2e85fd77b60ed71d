"""The split of images into those to train on and those to test on."""

import numpy as np

from ..formats.untrusted import DataError


def holdout_split(
    name: str, labels: np.ndarray, share: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the training and of the test images of one class each, `labels` [N]; the
    same every time.

    Of each class with two or more images at least one is on each side, and as near to `share` as
    that allows; without classes at least one is held out. Raises `DataError` for under 2 images.
    """
    count = len(labels)
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    order, held_out = np.random.default_rng(0).permutation(count), []
    kinds = np.unique(labels)
    for label in kinds:
        rows = order[labels[order] == label]
        least = min(1, len(rows) - 1)  # of a class with one image none
        held_out.append(rows[: min(len(rows) - 1, max(least, round(len(rows) * share)))])
    if not sum(map(len, held_out)):  # every image is of its own class
        held_out = [order[: max(1, round(count * share))]]
    test = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(count), test), test
