"""Which images of a data set a map shows: all of them, those held out, or those trained on.

An image has a number: the test images come first, the training images after them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .dataset import SHOW_ALL, Dataset, Metadata, Split, evenly_spaced

SHOW = ("all", "test", "train")
_TITLES = {"all": "all", "test": "held out", "train": "trained on"}


class Selection(NamedTuple):
    """Images that a map shows: their `numbers` [n], increasing; which of `SHOW` they are; and what
    they are in words, for example "5,000 training images (an even sample of 60,000)"."""

    numbers: np.ndarray
    show: str
    words: str


@dataclass(frozen=True)
class JoinedImages:
    """The images [N, C, H, W] of both splits by their numbers, without a copy."""

    test: np.ndarray
    train: np.ndarray

    def __len__(self) -> int:
        return len(self.test) + len(self.train)

    def __getitem__(self, number: int) -> np.ndarray:
        held_out = len(self.test)
        return self.test[number] if number < held_out else self.train[number - held_out]


def select(data: Dataset, show: str = "") -> Selection:
    """The images for one of `SHOW`; by default all of a data set of up to `SHOW_ALL` images, and
    those held out of a larger one. Of a larger one at most `SHOW_ALL` training images, evenly
    spaced, and as many test images beside them."""
    usual = "all" if data.shows_all else "test"
    show = show if show in choices(data) else usual
    if show == usual:
        return Selection(np.arange(len(data.shown.labels)), show, data.shown_count)
    test, train = len(data.test.labels), len(data.train.labels)
    limit = test if show == "test" else SHOW_ALL
    parts = {"test": evenly_spaced(test, limit), "train": test + evenly_spaced(train, SHOW_ALL)}
    chosen = parts if show == "all" else {show: parts[show]}
    words = " and ".join(
        _said(part, len(rows), len(getattr(data, part).labels)) for part, rows in chosen.items()
    )
    return Selection(np.concatenate(list(chosen.values())), show, words)


def choices(data: Dataset) -> dict[str, str]:
    """What may be shown, the default first, in words with counts; empty where all images are of
    one kind."""
    test, train = len(data.test.labels), len(data.train.labels)
    if not test or not train:
        return {}
    if data.shows_all:
        counts = {"all": f"{test + train:,}", "test": f"{test:,}", "train": f"{train:,}"}
    else:
        sample = _count(min(train, SHOW_ALL), train)
        both = f"{_count(min(test, SHOW_ALL), test)} held out, {sample} trained on"
        counts = {"test": f"{test:,}", "train": sample, "all": both}
    return {show: f"{_TITLES[show]} ({count})" for show, count in counts.items()}


def split_of(data: Dataset, numbers: np.ndarray) -> Split:
    """The images and labels with some increasing numbers."""
    held_out = len(data.test.labels)
    test, train = numbers[numbers < held_out], numbers[numbers >= held_out] - held_out
    parts = [Split(*(values[test] for values in data.test))] if len(test) else []
    parts += [Split(*(values[train] for values in data.train))] if len(train) else []
    if not parts:
        return Split(data.test.images[:0], data.test.labels[:0])
    return Split(*map(np.concatenate, zip(*parts, strict=True)))


def labels_of(data: Dataset, numbers: np.ndarray) -> np.ndarray:
    """The labels of the images with these numbers."""
    return np.concatenate([data.test.labels, data.train.labels])[numbers]


def name_of(data: Dataset, number: int) -> str:
    """What an image is called: the path of its file, else its number in its split."""
    held_out = len(data.test.labels)
    if number < held_out:
        known, row, kind = data.test_metadata, number, "test"
    else:
        known, row, kind = data.train_metadata, number - held_out, "training"
    return known.paths[row] if known.paths else f"{kind} image {row}"


def find(data: Dataset, text: str) -> np.ndarray:
    """The numbers of the images whose class, name and further texts together contain all words of
    a text, in any case; those with all of them in the name come first."""
    words = text.casefold().split()
    known, labels = metadata_of(data), labels_of(data, slice(None))
    more = [values for values in known.columns.values() if values.dtype.kind in "UO"]
    found = []
    for number, name in enumerate(known.paths):
        texts = [data.class_names[labels[number]], *(str(values[number]) for values in more)]
        whole = " ".join([name, *texts]).casefold()
        if all(word in whole for word in words):
            found.append((not all(word in name.casefold() for word in words), number))
    return np.array([number for _, number in sorted(found)], int)


def metadata_of(data: Dataset) -> Metadata:
    """What is known of all images, by their numbers."""
    return data.test_metadata.join(data.train_metadata)


def _said(part: str, some: int, of: int) -> str:
    sample = "" if some == of else f" (an even sample of {of:,})"
    return f"{some:,} {'training' if part == 'train' else 'test'} images{sample}"


def _count(some: int, of: int) -> str:
    return f"{some:,}" if some == of else f"{some:,} of {of:,}"
