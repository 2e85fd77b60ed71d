"""Data sets from files of arrays: IDX, the format of MNIST, unsigned bytes after a header that
gives their shape, and .npz, loaded without pickle."""

import gzip
import math
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .dataset import MAX_CLASSES, DataError, Dataset, Split, assemble
from .image_zip import MAX_TOTAL_BYTES
from .untrusted import read_regular, untrusted

MAX_IDX_BYTES = 2**30  # of an unpacked IDX file


def load_idx_folder(name: str, folder: Path, class_names: tuple[str, ...], size: int) -> Dataset:
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
            head += stream.read(4 * head[-1] if head else 0)
            shape, begin = parse_idx_header(path.name, head)
            count = math.prod(shape)
            if not packed:
                check_idx_size(path.name, shape, path.stat().st_size - begin)
            elif count > MAX_IDX_BYTES:
                raise DataError(
                    f"{path.name} unpacks to {count:,} bytes; at most {MAX_IDX_BYTES:,}"
                )
            raw = stream.read(count + 1)  # a packed file may go on for ever
        check_idx_size(path.name, shape, len(raw))
        return np.frombuffer(raw, np.uint8).reshape(shape)


def parse_idx_header(name: str, head: bytes) -> tuple[tuple[int, ...], int]:
    """The shape given in the header of an IDX file, and where its values begin."""
    if len(head) < 4 or head[:3] != b"\0\0\x08" or head[3] > 4:
        raise DataError(f"{name} is no IDX file of unsigned bytes: its first bytes differ")
    begin = 4 + 4 * head[3]
    if len(head) < begin:
        raise DataError(f"{name} ends within its header; copy it again")
    return struct.unpack(f">{head[3]}I", head[4:begin]), begin


def check_idx_size(name: str, shape: tuple[int, ...], count: int) -> None:
    """Raises `DataError` unless a file of this shape holds `count` values."""
    if count != math.prod(shape):
        raise DataError(f"{name} holds fewer or more values than {shape}; copy it again")


def from_npz(path: Path, size: int) -> Dataset:
    """The data set of arrays `images` and optional `labels`, or of `x_train` and `x_test` with
    optional `y_train` and `y_test`, of any numeric type and range (`dataset.white_level`)."""
    with untrusted(path.name, "is no .npz of arrays", "save it again"):
        archive = zipfile.ZipFile(path)
    members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
    if sum(m.file_size for m in members.values()) > MAX_TOTAL_BYTES:
        raise DataError(f"{path.name} would unpack to more than 2 GB; save fewer images")
    splits_of = {"x_train": "y_train", "x_test": "y_test"}
    keys = {"images": "labels"} if "images" in members else splits_of
    if not keys.keys() <= members.keys():
        raise DataError(
            f"{path.name} holds {', '.join(members)[:200] or 'nothing'}; "
            "expected images (and labels), or x_train and x_test (and y_train, y_test)"
        )
    with archive:
        splits = []
        for key, labels_key in keys.items():
            images = _read(archive, members[key], _check_images)
            if images.ndim == 3:
                images = images[:, None]
            elif images.shape[1] not in (1, 3):
                images = images.transpose(0, 3, 1, 2)
            labels = np.zeros(len(images), np.int64)
            if labels_key in members:
                labels = _labels(archive, members[labels_key], len(images))
            splits.append(Split(images, labels))
    return assemble(path.name, splits, (), size)


def _check_images(shape: tuple[int, ...]) -> str:
    known = len(shape) == 3 or (len(shape) == 4 and not {shape[1], shape[3]}.isdisjoint((1, 3)))
    return "" if known else "[N, H, W], [N, C, H, W] or [N, H, W, C] with 1 or 3 channels"


def _labels(archive: zipfile.ZipFile, member: zipfile.ZipInfo, count: int) -> np.ndarray:
    values = _read(archive, member, lambda shape: "" if shape == (count,) else f"[{count}]")
    low, high = (values.min(), values.max()) if count else (0, 0)
    labels = values.astype(np.int64) if low >= 0 and high < MAX_CLASSES else None  # no NaN either
    if labels is None or not np.array_equal(labels, values):
        raise DataError(
            f"{member.filename} has values from {low} to {high}; expected whole numbers from 0 to "
            f"{MAX_CLASSES - 1}: renumber the classes"
        )
    return labels


def _read(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: Callable[[tuple[int, ...]], str]
) -> np.ndarray:
    """Numbers whose header is checked before memory is taken: `expected` names a missing shape."""
    name = f"{member.filename:.99} in {Path(archive.filename).name}"
    with untrusted(name, "is no array", "save it again"), archive.open(member) as stream:
        npy = np.lib.format
        first = npy.read_magic(stream) == (1, 0)
        header = npy.read_array_header_1_0 if first else npy.read_array_header_2_0
        shape, _, dtype = header(stream)
        if dtype.kind not in "biuf":
            raise DataError(f"{name} has {dtype!s:.60} values; expected finite numbers")
        found = f"{name} has shape {shape!s:.60}"
        if wanted := expected(shape):
            raise DataError(f"{found}; expected {wanted}")
        if math.prod(shape) * dtype.itemsize > member.file_size:
            raise DataError(f"{found}, more than the file holds; save it again")
    with untrusted(name, "is no array", "save it again"), archive.open(member) as stream:
        return npy.read_array(stream, allow_pickle=False)
