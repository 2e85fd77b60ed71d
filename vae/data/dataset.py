"""A data set: two splits of uint8 images in memory, and how the test split is set aside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError

MOST_CLASSES = 256


class DataError(AtelierError):
    """A data set that cannot be read: what came, what was expected, what to do."""


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
            for start in range(0, len(array), 10_000):  # never a copy of the whole
                sha.update(np.ascontiguousarray(array[start : start + 10_000]).data)
        return sha.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """Two splits that are the same on every machine, and the digest that proves it."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """sha256 over both splits."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def finish(name: str, whole: Split, class_names: tuple[str, ...] | None, size: int) -> Dataset:
    """Sets aside a fixed tenth (at least one item) of data that come without a test split."""
    train, test = set_aside(name, len(whole.images))
    whole = resized(whole, size)
    splits = [Split(whole.images[chosen], whole.labels[chosen]) for chosen in (train, test)]
    return Dataset(name, *splits, class_names or numbered(whole))


def set_aside(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of `count` items are learned from, and which tenth is held out."""
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    order, tenth = np.random.default_rng(0).permutation(count), max(1, count // 10)
    return np.sort(order[tenth:]), np.sort(order[:tenth])


def numbered(*splits: Split) -> tuple[str, ...]:
    """Class names for labels that came without: their numbers."""
    most = max(int(s.labels.max()) for s in splits)
    if most >= MOST_CLASSES:
        raise DataError(f"a label is {most}; expected 0 to {MOST_CLASSES - 1}: number the classes")
    return tuple(str(k) for k in range(1 + most))


def resized(split: Split, size: int) -> Split:
    """The split at `size` x `size`: the shorter side fitted, the longer one cropped."""
    if split.images.shape[2:] == (size, size):
        return split
    import torch
    from torchvision.transforms import v2

    fitted = v2.functional.resize(torch.from_numpy(split.images.copy()), [size], antialias=True)
    return Split(v2.functional.center_crop(fitted, [size, size]).numpy(), split.labels)
