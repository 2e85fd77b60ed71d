"""IDX files, the format of MNIST: unsigned bytes after a header that gives their shape."""

import gzip
import math
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, Split, assemble
from .untrusted import read_regular, untrusted

MAX_BYTES = 2**30  # of an unpacked IDX file


def load_folder(name: str, folder: Path, class_names: tuple[str, ...], size: int) -> Dataset:
    """The data set of a folder with the four IDX files of MNIST."""
    splits = [read_split(find_images(folder, stem)) for stem in ("train", "t10k")]
    return assemble(name, splits, class_names, size)


def find_images(folder: Path, stem: str) -> Path:
    """The image file of a split; an unpacked file is preferred to a .gz."""
    files = sorted(folder.glob(f"{stem}-images*idx3-ubyte*"))
    if not files:
        raise DataError(f"{folder} has no {stem}-images-idx3-ubyte file; copy it there")
    return files[0]


def read_split(images: Path, read: Callable[[Path], np.ndarray] | None = None) -> Split:
    """The images of an IDX file, with the labels of the matching file in the same folder."""
    read = read or read_idx
    pixels = read(images)
    if pixels.ndim != 3 or not pixels.size:
        raise DataError(f"{images.name} has shape {pixels.shape}; expected [N, H, W], none of 0")
    stem = images.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    partner = next((p for p in map(images.with_name, (stem, stem + ".gz")) if p.exists()), images)
    if partner == images:
        return Split(pixels[:, None], np.zeros(len(pixels), np.int64))
    labels = read(partner).astype(np.int64)
    if labels.shape != (len(pixels),):
        raise DataError(f"{partner.name} has {labels.size} labels for {len(pixels)} images")
    return Split(pixels[:, None], labels)


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes, plain or gzip-compressed."""
    packed = read_regular(path, count=2) == b"\x1f\x8b"
    with untrusted(path.name, "cannot be unpacked"):
        with (gzip.open if packed else open)(path, "rb") as stream:
            head = stream.read(4)
            shape, begin = parse_header(path.name, head + stream.read(4 * head[-1] if head else 0))
            count = math.prod(shape)
            if not packed:
                check_size(path.name, shape, path.stat().st_size - begin)
            elif count > MAX_BYTES:
                raise DataError(f"{path.name} unpacks to {count:,} bytes; at most {MAX_BYTES:,}")
            raw = stream.read(count + 1)  # a packed file may go on for ever
        check_size(path.name, shape, len(raw))
        return np.frombuffer(raw, np.uint8).reshape(shape)


def parse_header(name: str, head: bytes) -> tuple[tuple[int, ...], int]:
    """The shape given in the header of an IDX file, and where its values begin."""
    if len(head) < 4 or head[:3] != b"\0\0\x08" or head[3] > 4:
        raise DataError(f"{name} is no IDX file of unsigned bytes: its first bytes differ")
    begin = 4 + 4 * head[3]
    if len(head) < begin:
        raise DataError(f"{name} ends within its header; copy it again")
    return struct.unpack(f">{head[3]}I", head[4:begin]), begin


def check_size(name: str, shape: tuple[int, ...], count: int) -> None:
    """Raises `DataError` unless a file of this shape holds `count` values."""
    if count != math.prod(shape):
        raise DataError(f"{name} holds fewer or more values than {shape}; copy it again")
