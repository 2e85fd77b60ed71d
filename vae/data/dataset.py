"""A data set in memory: two splits of uint8 images, and what is known of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..config import Preparation
from .report import Report

MAX_CLASSES = 256  # of a conditional model
SHOW_ALL = 5_000  # images of a data set up to which maps show the training images too


class Split(NamedTuple):
    """`images` uint8 [N, C, H, W], `labels` int64 [N]."""

    images: np.ndarray
    labels: np.ndarray

    @property
    def digest(self) -> str:
        """sha256 over shapes, pixels and labels."""
        sha = hashlib.sha256()
        for array in self:
            sha.update(repr(array.shape).encode())
            for start in range(0, len(array), 10_000):  # memory-mapped arrays are read in parts
                sha.update(np.ascontiguousarray(array[start : start + 10_000]).data)
        return sha.hexdigest()


class Metadata(NamedTuple):
    """What is known of the images of a split beside pixels and label: the `paths` of their files
    or their names [N] and further `columns` [N] by name, numbers or texts; all empty where nothing
    is known."""

    paths: tuple[str, ...] = ()
    columns: Mapping[str, np.ndarray] = {}

    def take(self, rows: np.ndarray) -> "Metadata":
        """That of some images."""
        paths = tuple(self.paths[row] for row in rows) if self.paths else ()
        return Metadata(paths, {name: values[rows] for name, values in self.columns.items()})

    def table(self) -> dict[str, np.ndarray]:
        """The columns, with the paths first as "path"."""
        return ({"path": np.array(self.paths)} if self.paths else {}) | dict(self.columns)

    def join(self, other: "Metadata") -> "Metadata":
        """That of these images and of others after them; columns that both have."""
        pairs = {n: (v, other.columns[n]) for n, v in self.columns.items() if n in other.columns}
        columns = {name: np.concatenate(pair) for name, pair in pairs.items()}
        return Metadata(self.paths + other.paths, columns)


UNKNOWN = Metadata()


@dataclass(frozen=True)
class Dataset:
    """A training and a test split, identical on every machine, with the names of the classes, how
    the pictures were prepared, what else is known of them, and the report of reading them.

    Without labels all images are of one class, which has the name of the data set.
    """

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    preparation: Preparation | None = None
    train_metadata: Metadata = UNKNOWN
    test_metadata: Metadata = UNKNOWN
    report: Report | None = None

    @cached_property
    def shown(self) -> Split:
        """The images that maps show: all of a small data set, the test images first; of a large
        one the test images."""
        if not self.shows_all:
            return self.test
        return Split(*map(np.concatenate, zip(self.test, self.train, strict=True)))

    @property
    def shows_all(self) -> bool:
        """Whether `shown` holds the training images too."""
        return len(self.train.labels) + len(self.test.labels) <= SHOW_ALL

    @property
    def shown_count(self) -> str:
        """For example "10,000 test images"."""
        return f"{len(self.shown.labels):,} {'' if self.shows_all else 'test '}images"

    @cached_property
    def shown_metadata(self) -> Metadata:
        """What is known of the images of `shown`."""
        return (
            self.test_metadata.join(self.train_metadata) if self.shows_all else self.test_metadata
        )

    @cached_property
    def digest(self) -> str:
        """sha256 over both splits."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def evenly_spaced(count: int, limit: int) -> np.ndarray:
    """At most `limit` of `count` indices, evenly spaced, including the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(limit, count)).round().astype(int))
