"""IDX, the format of MNIST: values of one type after a header that gives their shape, plain or
compressed, the images of a split in one file and their labels in another."""

import io
import math
import re
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, read_regular, untrusted
from .kinds import kind_of
from .tables import PACKED

MAX_IDX_BYTES = 2**30  # of an unpacked IDX file
_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_SPLITS = (("test", r"t10k|test"), ("val", r"val|dev"), ("train", r"train"))


def read_folder(folder: Path) -> ArraySplits:
    """The data set of a folder with the four IDX files of MNIST. Raises `DataError`."""
    splits = {"train": "train", "test": "t10k"}
    return ArraySplits({k: read_split(find_images(folder, stem)) for k, stem in splits.items()})


def read(file: SourceFile, siblings: Sequence[SourceFile] = ()) -> ArraySplits:
    """The images of an IDX file, with the labels and the other splits that are found among its
    siblings by their names, as t10k-images beside train-images. Raises `DataError`."""
    shape, _ = _shape(file)
    if len(shape) not in (2, 3, 4):
        partner = next((s for s in siblings if _plain(s) == _other(file, "images")), None)
        if len(shape) != 1 or partner is None or len(_shape(partner)[0]) < 2:
            raise DataError(f"{file.name} has shape {shape}; expected images [N, H, W]")
        file = partner
    mine = _without_split(file)
    same = [s for s in siblings if s.path != file.path and _without_split(s) == mine]
    splits = {_split(file): _labelled(file, siblings)}
    for other in same:
        split = _split(other)
        if split and _split(file) and split not in splits:
            splits[split] = _labelled(other, siblings)
    return ArraySplits(splits)


def read_all(files: Sequence[SourceFile]) -> ArraySplits:
    """The data set of the IDX files of a folder or an archive. Raises `DataError`."""
    images = [file for file in files if len(_shape(file)[0]) >= 3]
    if not images:
        names = ", ".join(file.name for file in files)
        raise DataError(f"{names:.200} hold no images; expected IDX files of shape [N, H, W]")
    images.sort(key=lambda file: (file.name.endswith((".gz", ".bz2", ".xz")), file.path))
    first = next((file for file in images if _split(file) == "train"), images[0])
    return read(first, files)


def find_images(folder: Path, stem: str) -> Path:
    """The image file of a split; an unpacked file is preferred to a .gz."""
    files = sorted(folder.glob(f"{stem}-images*idx3-ubyte*"))
    if not files:
        raise DataError(f"{folder} has no {stem}-images-idx3-ubyte file; copy it there")
    return files[0]


def read_split(images: Path, read: Callable[[Path], np.ndarray] | None = None) -> ArraySplit:
    """The images of an IDX file, with the labels of the matching file in the same folder."""
    read = read or read_idx
    pixels = _as_images(images.name, read(images))
    stem = images.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    partner = next((p for p in map(images.with_name, (stem, stem + ".gz")) if p.exists()), images)
    if partner == images:
        return ArraySplit(pixels)
    return ArraySplit(pixels, _as_labels(partner.name, read(partner), len(pixels)))


def read_idx(path: Path) -> np.ndarray:
    """The values of an IDX file, plain or compressed."""
    return _read(SourceFile(path.name, partial(read_regular, path), location=path))


def parse_idx_header(name: str, head: bytes) -> tuple[tuple[int, ...], int]:
    """The shape given in the header of an IDX file of unsigned bytes, and where they begin."""
    shape, begin, dtype = _header(name, head)
    if dtype != np.uint8:
        raise DataError(f"{name} is no IDX file of unsigned bytes: its first bytes differ")
    return shape, begin


def check_idx_size(name: str, shape: tuple[int, ...], count: int) -> None:
    """Raises `DataError` unless a file of this shape holds `count` values."""
    if count != math.prod(shape):
        raise DataError(f"{name} holds fewer or more values than {shape}; copy it again")


def _header(name: str, head: bytes) -> tuple[tuple[int, ...], int, np.dtype]:
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 0 < head[3] < 5:
        raise DataError(f"{name} is no IDX file: its first bytes differ")
    begin = 4 + 4 * head[3]
    if len(head) < begin:
        raise DataError(f"{name} ends within its header; copy it again")
    shape = struct.unpack(f">{head[3]}I", head[4:begin])
    return shape, begin, np.dtype(_TYPES[head[2]])


def _stream(file: SourceFile) -> tuple[BinaryIO, bool]:
    """The values, read as they are asked for, and whether they are compressed."""
    unpack = PACKED.get(file.read(count=2))
    if file.location is not None:
        return (unpack or open)(file.location, "rb"), unpack is not None
    content = io.BytesIO(file.read())
    return unpack(content, "rb") if unpack else content, unpack is not None


def _shape(file: SourceFile) -> tuple[tuple[int, ...], int]:
    with untrusted(file.name, "cannot be unpacked"), _stream(file)[0] as stream:
        return _header(file.name, stream.read(20))[:2]


def _read(file: SourceFile) -> np.ndarray:
    with untrusted(file.name, "cannot be unpacked"):
        stream, packed = _stream(file)
        with stream:
            head = stream.read(4)
            head += stream.read(4 * min(head[-1], 5) if head else 0)
            shape, begin, dtype = _header(file.name, head)
            size = math.prod(shape) * dtype.itemsize
            if size > MAX_IDX_BYTES and packed:
                raise DataError(
                    f"{file.name} unpacks to {size:,} bytes; at most {MAX_IDX_BYTES:,}"
                )
            if not packed:
                stream.seek(0, 2)
                check_idx_size(file.name, shape, (stream.tell() - begin) / dtype.itemsize)
                stream.seek(begin)
            raw = stream.read(size + 1)  # a packed file may go on for ever
        check_idx_size(file.name, shape, len(raw) / dtype.itemsize)
        values = np.frombuffer(raw, dtype).reshape(shape)
        return values.astype(dtype.newbyteorder("="), copy=False)


def _as_images(name: str, pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim == 4 and pixels.size:  # of colours
        first = pixels.shape[1] in (1, 3, 4)
        return pixels if first else pixels.transpose(0, 3, 1, 2)
    if pixels.ndim == 2 and pixels.size and math.isqrt(pixels.shape[1]) ** 2 == pixels.shape[1]:
        side = math.isqrt(pixels.shape[1])
        return pixels.reshape(-1, 1, side, side)
    if pixels.ndim != 3 or not pixels.size:
        raise DataError(f"{name} has shape {pixels.shape}; expected [N, H, W], none of 0")
    return pixels[:, None]


def _as_labels(name: str, labels: np.ndarray, count: int) -> np.ndarray:
    if labels.ndim == 2:
        labels = labels[:, 0]  # the class, in QMNIST before its writer
    if labels.shape != (count,):
        raise DataError(f"{name} has {labels.size} labels for {count} images")
    return labels.astype(np.int64)


def _labelled(file: SourceFile, siblings: Sequence[SourceFile]) -> ArraySplit:
    pixels = _as_images(file.name, _read(file))
    partner = next((s for s in siblings if _plain(s) == _other(file, "labels")), None)
    if partner is None or _plain(partner) == _plain(file):
        partner = _only_labels(siblings, len(pixels))
    if partner is None:
        return ArraySplit(pixels)
    return ArraySplit(pixels, _as_labels(partner.name, _read(partner), len(pixels)))


def _only_labels(siblings: Sequence[SourceFile], count: int) -> SourceFile | None:
    """The file of labels beside one of images, whatever they are called, if there are no more."""
    with suppress(DataError):
        shapes = [(file, _shape(file)[0]) for file in siblings if _is_idx(file)]
        labels = [file for file, shape in shapes if shape == (count,)]
        if len(labels) == 1 and sum(len(shape) > 1 for _, shape in shapes) == 1:
            return labels[0]
    return None


def _is_idx(file: SourceFile) -> bool:
    return kind_of(file.read(count=4096), file.name) == "idx"


def _plain(file: SourceFile) -> str:
    """A name without what differs between the files of one data set."""
    name = re.sub(r"\.(gz|bz2|xz)$", "", file.path.lower())
    return re.sub(r"[._-]?(idx\d?|ubyte|byte|int|float)", "", name)


def _other(file: SourceFile, kind: str) -> str:
    before, after = ("images", "labels") if kind == "labels" else ("labels", "images")
    name = _plain(file)
    for long, short in ((before, after), (before[:-1], after[:-1]), (before[:3], after[:3])):
        if long in name:
            return name.replace(long, short)
    return name


def _split(file: SourceFile) -> str:
    found = (split for split, words in _SPLITS if re.search(words, file.name.lower()))
    return next(found, "")


def _without_split(file: SourceFile) -> str:
    words = "|".join(pattern for _, pattern in _SPLITS)
    return re.sub(words, "*", _plain(file))
