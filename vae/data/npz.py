"""Data sets from the arrays of an .npz file, loaded without pickle."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset, Split, default_class_names, resized, split_and_resize
from .image_zip import MAX_TOTAL_BYTES


def from_npz(path: Path, size: int) -> Dataset:
    """The data set of arrays `images` and optional `labels`, or of `x_train` and `x_test` with
    optional `y_train` and `y_test`."""
    try:
        with zipfile.ZipFile(path) as archive:
            size_unpacked = sum(member.file_size for member in archive.infolist())
        if size_unpacked > MAX_TOTAL_BYTES:
            raise DataError(f"{path.name} would unpack to more than 2 GB; save fewer images")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except DataError:
        raise
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path.name} is no .npz of arrays ({error}); save it again") from error
    pairs = {}
    for images, labels in (("images", "labels"), ("x_train", "y_train"), ("x_test", "y_test")):
        if images in arrays:
            pairs[images] = _checked_arrays(path.name, images, arrays, labels)
    if "images" in pairs:
        return split_and_resize(path.name, pairs["images"], None, size)
    if {"x_train", "x_test"} <= pairs.keys():
        splits = [resized(pairs[k], size) for k in ("x_train", "x_test")]
        return Dataset(path.name, *splits, default_class_names(pairs["x_train"], pairs["x_test"]))
    raise DataError(
        f"{path.name} holds {', '.join(arrays) or 'nothing'}; "
        "expected images (and labels), or x_train and x_test (and y_train, y_test)"
    )


def _checked_arrays(name: str, key: str, arrays: dict, labels_key: str) -> Split:
    images, labels = arrays[key], arrays.get(labels_key, np.zeros(len(arrays[key])))
    for field, array in ((key, images), (labels_key, labels)):
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise DataError(f"{field} in {name} are {array.dtype} values; expected finite numbers")
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
