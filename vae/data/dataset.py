"""A data set in memory: two splits of uint8 images, how the test split is held out, and how values
of other types and ranges become uint8."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError

MAX_CLASSES = 256
_WHITES = (1, 255, 1023, 4095, 16_383, 65_535)  # fractions; 8, 10, 12, 14 and 16 bits


class DataError(AtelierError):
    """A data set that cannot be read."""


class Split(NamedTuple):
    """`images` uint8 [N, C, H, W] (of any numbers before `assemble`), `labels` int64 [N]."""

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

    @cached_property
    def digest(self) -> str:
        """sha256 over both splits."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def assemble(name: str, splits: list[Split], class_names: tuple[str, ...], size: int) -> Dataset:
    """The data set of a training and a test split of numbers of any type, [N, C, H, W]; of a
    single split a fixed tenth (at least one image) is held out as the test split.

    Images are scaled to uint8 by `white_level`, both splits alike, and to `size` x `size` pixels:
    the shorter side to fit, the longer cropped. Without names the classes get numbers. Raises
    `DataError`.
    """
    if len(splits) == 1:
        rows = holdout_split(name, len(splits[0].images))
        splits = [Split(splits[0].images[part], splits[0].labels[part]) for part in rows]
    channels = sorted({split.images.shape[1] for split in splits})
    if len(channels) > 1:
        raise DataError(f"{name} has images of {channels} channels; expected the same in all")
    labels = [split.labels for split in splits]
    images = convert(name, [split.images for split in splits], size)
    parts = map(Split, images, labels)
    return Dataset(name, *parts, class_names or class_numbers(*splits))


def convert(name: str, splits: Sequence[np.ndarray], size: int) -> list[np.ndarray]:
    """Images of splits on one scale, as `assemble` makes them; in place where that is possible."""
    white = white_level(name, *(value_range(name, images) for images in splits))
    return [_convert(images, white, size) for images in splits]


def value_range(name: str, images: np.ndarray) -> tuple[float, float]:
    """The least and the largest value, without the overshoot of resampled floats. Raises
    `DataError` for no values, and for values outside every known range."""
    if not images.size:
        raise DataError(f"{name} has images of shape {images.shape}, which hold no pixels")
    ends = [(images[rows].min(), images[rows].max()) for rows in _parts(images)]
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    over = 0.05 if images.dtype.kind == "f" else 0
    white = next((w for w in _WHITES if high <= w * (1 + over)), 0)
    if not (white and low >= -over * white and all(np.isfinite(ends).flat)):
        raise DataError(f"{name} has values from {low:g} to {high:g}; scale to 0 to 1 or 0 to 255")
    return low, min(high, white)


def white_level(name: str, *ranges: tuple[float, float]) -> float:
    """The value that becomes 255, from the ranges of the splits' values; 0 becomes 0.

    It is the end of the range that holds the largest value: 0 to 1, or 8, 10, 12, 14 or 16 bits.
    If less than a tenth of that is used, as by masks of 0 and 1 or digits of 0 to 16 in bytes, it
    is the largest value itself. Raises `DataError` for splits on different scales, and for images
    that are all of one value.
    """
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low == high:
        raise DataError(f"all pixels of {name} are {low:g}; a model has nothing to learn there")
    least = min((top for bottom, top in ranges if top > bottom), default=high)
    if high > 10 * least:
        raise DataError(
            f"{name} has values up to {high:g} in one split and up to {least:g} in the other; "
            "bring them to one scale"
        )
    white = next(w for w in _WHITES if high <= w)
    return white if high > white / 10 else high


def _convert(images: np.ndarray, white: float, size: int) -> np.ndarray:
    """uint8 [N, C, size, size]."""
    height, width = images.shape[2:]
    ready = images.dtype == np.uint8 and height == width == size and images.flags.c_contiguous
    if ready and white == 255:
        return images
    if max(height, width) > 8 * min(height, width):  # the resized line would be of millions
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        images = images[..., top : top + side, left : left + side]
    in_place = ready and images.flags.writeable
    found = images if in_place else np.empty((*images.shape[:2], size, size), np.uint8)
    for rows in _parts(images):
        part = images[rows]
        if part.dtype != np.uint8 or white != 255:
            scaled = np.multiply(part, 255 / white, dtype=np.float64)
            part = scaled.clip(0, 255).round().astype(np.uint8)
        if part.shape[2:] != (size, size):
            import torch
            from torchvision.transforms import v2

            scaled = v2.functional.resize(torch.tensor(part), [size], antialias=True)
            part = v2.functional.center_crop(scaled, [size, size]).numpy()
        found[rows] = part
    return found


def _parts(images: np.ndarray) -> Iterator[slice]:
    step = max(1, 4_000_000 // images[:1].size)
    return (slice(start, start + step) for start in range(0, len(images), step))


def evenly_spaced(count: int, limit: int) -> np.ndarray:
    """At most `limit` of `count` indices, evenly spaced, including the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(limit, count)).round().astype(int))


def holdout_split(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the training and of the test images among `count`; the same every time."""
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    order, tenth = np.random.default_rng(0).permutation(count), max(1, count // 10)
    return np.sort(order[tenth:]), np.sort(order[:tenth])


def class_numbers(*splits: Split) -> tuple[str, ...]:
    """Names of classes that come without."""
    return tuple(map(str, range(1 + max(int(split.labels.max()) for split in splits))))
