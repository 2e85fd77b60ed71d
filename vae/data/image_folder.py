"""Data sets from image files: paths sorted into splits and classes, images decoded one by one.

No file is trusted: an image's size is read before its pixels.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .dataset import (
    MOST_CLASSES,
    DataError,
    Dataset,
    Split,
    set_aside,
)

IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
MOST_PIXELS = 16_000_000  # of one image, before it is resized
MOST_IMAGES = 1_000_000
MOST_FILE_BYTES = 64 * 2**20  # of one image file, unpacked
MOST_TOTAL_BYTES = 2 * 2**30  # of all image files in a .zip, unpacked
Entry = tuple[tuple[str, ...], Callable[[], bytes]]


@dataclass(frozen=True)
class Arranged:
    """Images that are not read yet: their `entries`, classes, `labels` [N], and whether each lies
    in a split `train` (None: they come without splits)."""

    name: str
    entries: list[Entry]
    class_names: tuple[str, ...]
    labels: np.ndarray
    learned: np.ndarray | None

    def splits(self) -> tuple[np.ndarray, np.ndarray]:
        """Which entries are learned from, and which are held out."""
        if self.learned is None:
            return set_aside(self.name, len(self.entries))
        return np.flatnonzero(self.learned), np.flatnonzero(~self.learned)

    def picture(self, row: int, channels: int, size: int) -> np.ndarray:
        """One image, uint8 [channels, size, size]."""
        return _squared(self.image(row).convert("L" if channels == 1 else "RGB"), size)

    def image(self, row: int):
        """One image as it is, grey (L) or colour."""
        parts, read = self.entries[row]
        return decode_image(read(), "/".join(parts))


def from_folder(folder: Path, size: int) -> Dataset:
    """Images below a folder, or below its subfolders train and test; a subfolder a class."""
    return from_images(folder.name, entries_of(folder), size)


def entries_of(folder: Path) -> list[Entry]:
    """The image files below a folder: the parts of each one's path, and what reads its bytes."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
    return [(p.relative_to(folder).parts, lambda p=p: _read_file(p)) for p in files]


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MOST_FILE_BYTES:
        raise DataError(f"{path.name} has {path.stat().st_size:,} bytes; at most 64 MB an image")
    return path.read_bytes()


def from_images(name: str, entries: list[Entry], size: int) -> Dataset:
    found = arranged(name, entries)
    train, test = found.splits()
    images = [found.image(row) for row in range(len(found.entries))]
    mode = "L" if all(image.mode == "L" for image in images) else "RGB"
    pixels = np.stack([_squared(image.convert(mode), size) for image in images])
    splits = [Split(pixels[rows], found.labels[rows]) for rows in (train, test)]
    return Dataset(name, *splits, found.class_names)


def arranged(name: str, entries: list[Entry], *, most: int = MOST_IMAGES) -> Arranged:
    """Images whose paths may start with a split (train, test) and a class."""
    if not entries:
        raise DataError(f"{name} holds no image; expected PNG, JPEG or WebP files")
    if len(entries) > most:
        raise DataError(
            f"{name} holds {len(entries):,} images; at most {most:,} fit in memory: use --stream"
        )
    while len({parts[0] for parts, _ in entries}) == 1 and all(len(p) > 1 for p, _ in entries):
        if {p[0] for p, _ in entries} <= {"train", "test"} or all(len(p) == 2 for p, _ in entries):
            break
        entries = [(parts[1:], read) for parts, read in entries]
    split = all(parts[0] in ("train", "test") and len(parts) > 1 for parts, _ in entries)
    class_of = [parts[split] if len(parts) > split + 1 else name for parts, _ in entries]
    class_names = tuple(sorted(set(class_of)))
    if len(class_names) > MOST_CLASSES:
        raise DataError(
            f"{name} has {len(class_names)} subfolders; at most {MOST_CLASSES} classes"
        )
    numbers = {one: number for number, one in enumerate(class_names)}
    labels = np.array([numbers[c] for c in class_of], np.int64)
    both = split and len({parts[0] for parts, _ in entries}) == 2
    learned = np.array([parts[0] == "train" for parts, _ in entries]) if both else None
    return Arranged(name, entries, class_names, labels, learned)


def channels_of(found: Arranged) -> int:
    """1 where all images are grey, else 3: read from their headers alone."""
    from PIL import Image, UnidentifiedImageError

    for _, read in found.entries:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(io.BytesIO(read()))
            with image:
                if image.mode not in ("1", "L", "LA", "I") and not image.mode.startswith("I;16"):
                    return 3
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
            continue  # it is refused with a sentence when its pixels are read
    return 1


def decode_image(content: bytes, name: str):
    """A PIL image, grey (L) or colour, from bytes of an image file; limits come before pixels.

    Raises `DataError` for what is no image, is truncated, or is larger than 16 megapixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
            if image.width * image.height > MOST_PIXELS:
                raise DataError(
                    f"{name} has {image.width} x {image.height} pixels; at most 16 million: "
                    "make it smaller"
                )
            if image.mode.startswith("I;16") or image.mode == "I":
                wide = np.asarray(image, dtype=np.float64)
                image = Image.fromarray((wide / 257).round().clip(0, 255).astype(np.uint8))
            image = ImageOps.exif_transpose(image)
            image.load()
    except DataError:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        Warning,
    ) as error:
        raise DataError(f"{name} cannot be read as an image ({error}); save it again") from error
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _squared(image, size: int) -> np.ndarray:
    """A PIL image as uint8 [C, size, size]: the shorter side fitted, the longer one cropped."""
    from torchvision.transforms import v2

    tensor = v2.functional.pil_to_tensor(image)
    if tensor.shape[1:] != (size, size):
        tensor = v2.functional.resize(tensor, [size], antialias=True)
        tensor = v2.functional.center_crop(tensor, [size, size])
    return tensor.numpy()
