"""IDX files, the format of MNIST: unsigned bytes after a header that gives their shape."""

import gzip
import io
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, Split, default_class_names, resized

MAX_BYTES = 2**30  # of an unpacked IDX file


def load_folder(name: str, folder: Path, class_names: tuple[str, ...], size: int) -> Dataset:
    """The data set of a folder with the four IDX files of MNIST."""
    splits = [resized(read_split(find_images(folder, stem)), size) for stem in ("train", "t10k")]
    return Dataset(name, *splits, class_names or default_class_names(*splits))


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
    if pixels.ndim != 3:
        raise DataError(f"{images.name} has {pixels.ndim} dimensions; expected 3, [N, H, W]")
    stem = images.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    partner = next((p for p in map(images.with_name, (stem, stem + ".gz")) if p.exists()), images)
    if partner == images:
        return Split(pixels[:, None], np.zeros(len(pixels), np.int64))
    labels = read(partner).astype(np.int64)
    if labels.shape != (len(pixels),):
        raise DataError(f"{partner.name} has {len(labels)} labels for {len(pixels)} images")
    return Split(pixels[:, None], labels)


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of unsigned bytes, plain or gzip-compressed."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(raw)) as stream:
                raw = stream.read(MAX_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be unpacked ({error}); copy it again") from error
    shape, begin = parse_header(path.name, raw[:64], len(raw))
    return np.frombuffer(raw, np.uint8, offset=begin).reshape(shape)


def parse_header(name: str, head: bytes, size: int) -> tuple[tuple[int, ...], int]:
    """The shape given in the header of an IDX file of `size` bytes, and where its values begin."""
    if len(head) < 4 or head[:3] != b"\0\0\x08":
        raise DataError(f"{name} is no IDX file of unsigned bytes: its first bytes differ")
    begin = 4 + 4 * head[3]
    if len(head) < begin:
        raise DataError(f"{name} ends within its header; copy it again")
    shape = struct.unpack(f">{head[3]}I", head[4:begin])
    if size - begin != math.prod(shape):
        raise DataError(f"{name} holds {size - begin:,} values for {shape}; copy it again")
    return shape, begin
