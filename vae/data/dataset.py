"""A data set in memory: two splits of uint8 images, and how the test split is held out."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError

MAX_CLASSES = 256


class DataError(AtelierError):
    """A data set that cannot be read."""


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


@dataclass(frozen=True)
class Dataset:
    """A training and a test split, identical on every machine, with the names of the classes."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """sha256 over both splits."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def split_and_resize(
    name: str, split: Split, class_names: tuple[str, ...] | None, size: int
) -> Dataset:
    """Holds out a fixed tenth (at least one image) of data that come without a test split."""
    rows, split = holdout_split(name, len(split.images)), resized(split, size)
    parts = [Split(split.images[part], split.labels[part]) for part in rows]
    return Dataset(name, *parts, class_names or default_class_names(split))


def holdout_split(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the training and of the test images among `count`; the same every time."""
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    order, tenth = np.random.default_rng(0).permutation(count), max(1, count // 10)
    return np.sort(order[tenth:]), np.sort(order[:tenth])


def default_class_names(*splits: Split) -> tuple[str, ...]:
    """The numbers of the classes, for labels that come without names."""
    largest = max(int(split.labels.max()) for split in splits)
    if largest >= MAX_CLASSES:
        raise DataError(f"a label is {largest}; expected 0 to {MAX_CLASSES - 1}: renumber them")
    return tuple(str(k) for k in range(1 + largest))


def resized(split: Split, size: int) -> Split:
    """The split at `size` x `size` pixels: the shorter side scaled to fit, the longer cropped."""
    if split.images.shape[2:] == (size, size):
        return split
    import torch
    from torchvision.transforms import v2

    scaled = v2.functional.resize(torch.from_numpy(split.images.copy()), [size], antialias=True)
    return Split(v2.functional.center_crop(scaled, [size, size]).numpy(), split.labels)
