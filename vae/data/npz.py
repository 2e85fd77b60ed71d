"""Data sets from the arrays of an .npz file, loaded without pickle."""

import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .dataset import MAX_CLASSES, DataError, Dataset, Split, assemble
from .image_folder import MAX_TOTAL_BYTES
from .untrusted import untrusted


def from_npz(path: Path, size: int) -> Dataset:
    """The data set of arrays `images` and optional `labels`, or of `x_train` and `x_test` with
    optional `y_train` and `y_test`, of any numeric type and range (`dataset.white_level`)."""
    with untrusted(path.name, "is no .npz of arrays", "save it again"):
        archive = zipfile.ZipFile(path)
    members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
    if sum(m.file_size for m in members.values()) > MAX_TOTAL_BYTES:
        raise DataError(f"{path.name} would unpack to more than 2 GB; save fewer images")
    keys = (
        {"images": "labels"} if "images" in members else {"x_train": "y_train", "x_test": "y_test"}
    )
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
    """An array of numbers. Its header is checked before memory is taken: `expected` says what is
    wrong with the shape."""
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
