"""The held-out share of a data set without given splits."""

import numpy as np
import pytest

from vae import DataError
from vae.data.splits import holdout_split


@pytest.mark.parametrize(
    ("counts", "share", "held_out"),
    [
        ([4] * 5, 0.1, [1] * 5),
        ([100, 50], 0.1, [10, 5]),
        ([100, 50], 0.5, [50, 25]),
        ([2, 1, 30], 0.1, [1, 0, 3]),
        ([1, 1, 1], 0.1, None),
        ([10], 0.95, [9]),
    ],
)
def test_every_class_with_two_images_is_on_both_sides(counts, share, held_out):
    labels = np.random.default_rng(3).permutation(np.repeat(np.arange(len(counts)), counts))
    train, test = holdout_split("x", labels, share)
    assert sorted([*train, *test]) == list(range(len(labels))) and len(train) and len(test)
    if held_out is not None:
        assert np.bincount(labels[test], minlength=len(counts)).tolist() == held_out
    again = holdout_split("x", labels, share)
    assert np.array_equal(train, again[0]) and np.array_equal(test, again[1])


def test_one_image_cannot_be_split():
    with pytest.raises(DataError, match="x holds 1 image; at least 2"):
        holdout_split("x", np.zeros(1, int))
