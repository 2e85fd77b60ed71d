"""Data sets from files of people's own: folders and .zips of images, arrays in .npz.

Nothing here trusts a file: an image's size is read before its pixels, a .zip is read in memory
member by member under limits, and arrays load without pickle.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .data import (
    MOST_CLASSES,
    DataError,
    Dataset,
    Split,
    finish,
    numbered,
    resized,
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
    return _from_images(folder.name, entries_of(folder), size)


def entries_of(folder: Path) -> list[Entry]:
    """The image files below a folder: the parts of each one's path, and what reads its bytes."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
    return [(p.relative_to(folder).parts, lambda p=p: _read_file(p)) for p in files]


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MOST_FILE_BYTES:
        raise DataError(f"{path.name} has {path.stat().st_size:,} bytes; at most 64 MB an image")
    return path.read_bytes()


def from_zip(path: Path, size: int) -> Dataset:
    """Images in a .zip, read from memory: nothing is ever unpacked onto the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is no .zip file ({error}); pack it again") from error
    with archive:
        for member in (members := _members(archive, path.name)):
            if member.file_size > MOST_FILE_BYTES:
                raise DataError(
                    f"{member.filename} in {path.name} would unpack to {member.file_size:,} "
                    "bytes; at most 64 MB an image"
                )
        return _from_images(path.name, _entries(archive, members), size)


def entries_of_zip(content: bytes, name: str) -> list[Entry]:
    """The image files in the bytes of a .zip, to be read one by one: the parts of each one's path,
    and what reads its bytes. Raises `DataError` for what is no .zip, or would unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{name} is no .zip file ({error}); pack it again") from error
    return _entries(archive, _members(archive, name))


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    members = [
        m
        for m in archive.infolist()
        if Path(m.filename).suffix.lower() in IMAGE_ENDINGS
        and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
    ]
    if sum(m.file_size for m in members) > MOST_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    return sorted(members, key=lambda m: m.filename)


def _entries(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> list[Entry]:
    return [(Path(m.filename).parts, lambda m=m: _read_member(archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(MOST_FILE_BYTES + 1)  # a header can lie about the size
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError) as error:
        raise DataError(
            f"{member.filename} cannot be unpacked ({error}); pack it again"
        ) from error


def _from_images(name: str, entries: list[Entry], size: int) -> Dataset:
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


def from_npz(path: Path, size: int) -> Dataset:
    """Arrays `images` (or `x_train`, `x_test`), optional `labels` (or `y_train`, `y_test`)."""
    try:
        with zipfile.ZipFile(path) as archive:
            size_unpacked = sum(member.file_size for member in archive.infolist())
        if size_unpacked > MOST_TOTAL_BYTES:
            raise DataError(f"{path.name} would unpack to more than 2 GB; save fewer images")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except DataError:
        raise
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path.name} is no .npz of plain arrays ({error}); save it again"
        ) from error
    pairs = {}
    for images, labels in (("images", "labels"), ("x_train", "y_train"), ("x_test", "y_test")):
        if images in arrays:
            pairs[images] = _checked_arrays(path.name, images, arrays, labels)
    if "images" in pairs:
        return finish(path.name, pairs["images"], None, size)
    if {"x_train", "x_test"} <= pairs.keys():
        splits = [resized(pairs[k], size) for k in ("x_train", "x_test")]
        return Dataset(path.name, *splits, numbered(pairs["x_train"], pairs["x_test"]))
    raise DataError(
        f"{path.name} holds {', '.join(arrays) or 'nothing'}; "
        "expected images (and labels), or x_train and x_test (and y_train, y_test)"
    )


def _checked_arrays(name: str, key: str, arrays: dict, labels_key: str) -> Split:
    images, labels = arrays[key], arrays.get(labels_key, np.zeros(len(arrays[key])))
    for what, array in ((key, images), (labels_key, labels)):
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise DataError(f"{what} in {name} are {array.dtype} values; expected finite numbers")
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise DataError(
            f"{key} in {name} has shape {arrays[key].shape}; expected [N, H, W], [N, C, H, W] or "
            "[N, H, W, C] with 1 or 3 channels"
        )
    if images.dtype != np.uint8:
        if images.min() < 0 or images.max() > 255:
            raise DataError(f"{key} in {name} has values outside 0 to 255; scale them")
        images = (images * (255 if images.max() <= 1 else 1)).round().astype(np.uint8)
    if labels.shape != (len(images),) or not np.array_equal(labels, labels.astype(np.int64)):
        raise DataError(f"{labels_key} in {name} are not {len(images)} whole numbers")
    if labels.min() < 0:
        raise DataError(f"{labels_key} in {name} has negative labels; number classes from 0")
    return Split(np.ascontiguousarray(images), labels.astype(np.int64))


def _squared(image, size: int) -> np.ndarray:
    """A PIL image as uint8 [C, size, size]: the shorter side fitted, the longer one cropped."""
    from torchvision.transforms import v2

    tensor = v2.functional.pil_to_tensor(image)
    if tensor.shape[1:] != (size, size):
        tensor = v2.functional.resize(tensor, [size], antialias=True)
        tensor = v2.functional.center_crop(tensor, [size, size])
    return tensor.numpy()
