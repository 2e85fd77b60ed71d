"""Data sets from image files, sorted by their paths, and the files of a folder.

No file is trusted: the sizes of all images are checked before any is decoded, and each is scaled
and dropped before the next is read; nothing is unpacked onto the disk.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from ..progress import Progress, no_progress
from . import dataset, pictures
from .dataset import MAX_CLASSES, DataError, Dataset, Split, assemble, holdout_split
from .untrusted import read_regular

MAX_IMAGES = 1_000_000
MAX_FILE_BYTES = 64 * 2**20  # of one image file, unpacked
_HEAD = 2**16  # bytes of a file in which the header of an image is sought first
# The parts of a path, and a reader of its first bytes (by default all).
Entry = tuple[tuple[str, ...], Callable[..., bytes]]


@dataclass(frozen=True)
class ImageListing:
    """Image files that are not decoded yet: `entries`, class names and `labels` [N]; `is_train`
    [N] says which belong to the training split, None if there are no splits."""

    name: str
    entries: list[Entry]
    class_names: tuple[str, ...]
    labels: np.ndarray
    is_train: np.ndarray | None

    def splits(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the training and of the test images."""
        if self.is_train is None:
            return holdout_split(self.name, len(self.entries))
        return np.flatnonzero(self.is_train), np.flatnonzero(~self.is_train)

    def inspect(self, *, most: float = pictures.MAX_TOTAL_PIXELS) -> tuple[int, float]:
        """The channels of the data set, 3 if any image has colours, and the value that becomes
        255 in images of more than 8 bits. Raises `DataError` for more than `most` pixels.

        Only headers are read, except of images of more than 8 bits, whose range is needed.
        """
        channels, pixels, low, high = 1, 0, math.inf, 0.0
        for row in range(len(self.entries)):
            try:
                image = self._open(row, _HEAD)
            except pictures.PictureError:  # a header that is longer, or no image
                image = self._open(row)
            pixels += image.width * image.height
            if pixels > most:
                raise DataError(
                    f"the images of {self.name} have more than {most / 1e9:.0f} billion pixels; "
                    "save them smaller"
                )
            if pictures.is_deep(image):
                name = self.file_name(row)
                values = np.array([pictures.extrema(self._open(row), name)])
                bottom, top = dataset.value_range(name, values)
                low, high = min(low, bottom), max(high, top)
            elif image.mode not in ("1", "L", "LA"):
                channels = 3
        return channels, dataset.white_level(self.name, (low, high)) if low < high else 65_535

    def pixels(self, row: int, size: int, white: float) -> np.ndarray:
        """One image, uint8 [1 or 3, size, size], with `white` from `inspect`."""
        name = self.file_name(row)
        return pictures.square(pictures.decode(self._open(row), name, white=white), size)

    def file_name(self, row: int) -> str:
        return "/".join(self.entries[row][0])

    def _open(self, row: int, count: int = -1) -> Image.Image:
        return pictures.open_picture(self.entries[row][1](count=count), self.file_name(row))


def list_folder(folder: Path) -> list[Entry]:
    """The image files below a folder, sorted."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() in pictures.ENDINGS)
    files = sorted(p for p in found if not p.is_dir())
    return [(p.relative_to(folder).parts, partial(read_regular, p, MAX_FILE_BYTES)) for p in files]


def in_memory(part: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array for images, if there is memory for them."""
    if np.prod(shape, dtype=float) > psutil.virtual_memory().available:
        raise DataError(
            f"{shape[0]:,} images do not fit into memory; use --stream, or a smaller size"
        )
    return np.empty(shape, np.uint8)


def read_images(
    name: str,
    entries: list[Entry],
    size: int,
    *,
    allocate: Callable[[str, tuple[int, ...]], np.ndarray] = in_memory,
    limit: int = MAX_IMAGES,
    most: float = pictures.MAX_TOTAL_PIXELS,
    progress: Progress = no_progress,
) -> Dataset:
    """The data set of at most `limit` image files with `most` pixels in all; in colour if any of
    them is. `allocate` makes the arrays of the parts "a" and "b", training and test."""
    listing = scan_images(name, entries, limit=limit)
    channels, white = listing.inspect(most=most)
    splits, done = [], 0
    for part, rows in zip("ab", listing.splits(), strict=True):
        images = allocate(part, (len(rows), channels, size, size))
        for index, row in enumerate(rows):
            images[index] = listing.pixels(row, size, white)
            progress(done := done + 1, len(entries))
        splits.append(Split(images, listing.labels[rows]))
    return assemble(name, splits, listing.class_names, size)


def scan_images(name: str, entries: list[Entry], *, limit: int = MAX_IMAGES) -> ImageListing:
    """Sorts image files whose paths may start with a split (train, test) and a class."""
    if not entries:
        raise DataError(f"{name} holds no image; expected PNG, JPEG or WebP files")
    if (count := len(entries)) > limit:
        raise DataError(f"{name} holds {count:,} images; at most {limit:,} fit; use --stream")
    while len({parts[0] for parts, _ in entries}) == 1 and all(len(p) > 1 for p, _ in entries):
        if {p[0] for p, _ in entries} <= {"train", "test"} or all(len(p) == 2 for p, _ in entries):
            break
        entries = [(parts[1:], read) for parts, read in entries]
    split = all(parts[0] in ("train", "test") and len(parts) > 1 for parts, _ in entries)
    class_of = [parts[split] if len(parts) > split + 1 else name for parts, _ in entries]
    class_names = tuple(sorted(set(class_of)))
    if len(class_names) > MAX_CLASSES:
        raise DataError(f"{name} has {len(class_names)} subfolders; at most {MAX_CLASSES} classes")
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = np.array([numbers[c] for c in class_of], np.int64)
    both = split and len({parts[0] for parts, _ in entries}) == 2
    is_train = np.array([parts[0] == "train" for parts, _ in entries]) if both else None
    return ImageListing(name, entries, class_names, labels, is_train)
