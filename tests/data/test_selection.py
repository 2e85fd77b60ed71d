"""Which images a map shows."""

import numpy as np
import pytest

from vae.data import dataset, selection
from vae.data.dataset import Dataset, Metadata, Split


def made(test: int, train: int) -> Dataset:
    """Images whose only pixel is their number, from 100 where they are trained on."""
    splits = [
        Split((start + np.arange(n, dtype=np.uint8)).reshape(n, 1, 1, 1), np.arange(n) % 2)
        for start, n in ((100, train), (0, test))
    ]
    known = [
        Metadata(tuple(f"{part}{k}" for k in range(n))) for part, n in (("l", train), ("h", test))
    ]
    return Dataset("made", *splits, ("a", "b"), None, *known)


def test_all_of_a_small_set_or_one_part():
    data = made(4, 6)
    assert list(selection.choices(data)) == ["all", "test", "train"]
    assert selection.choices(data)["train"] == "trained on (6)"
    shown = selection.select(data)
    assert shown.show == "all" and shown.words == "10 images"
    assert np.array_equal(selection.split_of(data, shown.numbers).images, data.shown.images)
    train = selection.select(data, "train")
    assert train.numbers.tolist() == [4, 5, 6, 7, 8, 9] and train.words == "6 training images"
    images, labels = selection.split_of(data, train.numbers)
    assert images.ravel().tolist() == list(range(100, 106)) and labels.tolist() == [0, 1] * 3
    assert selection.select(data, "test").numbers.tolist() == [0, 1, 2, 3]


def test_the_training_images_of_a_large_set_are_an_even_sample(monkeypatch):
    monkeypatch.setattr(dataset, "SHOW_ALL", 5)
    monkeypatch.setattr(selection, "SHOW_ALL", 5)
    data = made(7, 21)
    assert selection.choices(data) == {
        "test": "held out (7)",
        "train": "trained on (5 of 21)",
        "all": "all (5 of 7 held out, 5 of 21 trained on)",
    }
    shown = selection.select(data)
    assert (shown.show, len(shown.numbers), shown.words) == ("test", 7, "7 test images")
    train = selection.select(data, "train")
    assert train.numbers.tolist() == [7, 12, 17, 22, 27]
    assert train.words == "5 training images (an even sample of 21)"
    both = selection.select(data, "all")
    tests = "5 test images (an even sample of 7)"
    assert both.words == f"{tests} and {train.words}" and len(both.numbers) == 10
    picked = selection.split_of(data, both.numbers).images.ravel()
    joined = selection.JoinedImages(data.test.images, data.train.images)
    assert len(joined) == 28
    assert [int(joined[n].item()) for n in both.numbers.tolist()] == picked.tolist()
    paths = selection.metadata_of(data).paths
    assert [paths[n] for n in train.numbers] == ["l0", "l5", "l10", "l15", "l20"]


@pytest.mark.parametrize(("test", "train"), [(0, 6), (6, 0)])
def test_of_one_kind_there_is_no_choice(test, train):
    data = made(test, train)
    assert selection.choices(data) == {}
    assert len(selection.select(data, "train").numbers) == 6


def test_no_numbers_are_no_images():
    data = made(2, 2)
    images, labels = selection.split_of(data, np.zeros(0, int))
    assert images.shape == (0, 1, 1, 1) and len(labels) == 0
