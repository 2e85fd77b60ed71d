"""Loads a data set by name or path as uint8 arrays in memory, with fixed splits.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `mnist`, `kmnist`, `digits`. A path may be a folder or
.zip of images (one subfolder per class), an .npz, or IDX files. The format of a file and its
unpacked size are checked before any pixel is decoded; values of other types and ranges than bytes
are scaled as `dataset.white_level` says.
"""

import os
from pathlib import Path

from ..validation import suggest
from . import idx, npz
from .dataset import DataError, Dataset, assemble
from .image_folder import list_folder, list_zip, read_images
from .named import NAMED
from .untrusted import read_regular

EXPECTED = "a folder, a .zip, an .npz or an IDX file"


def load_dataset(name_or_path: str | Path, *, size: int = 28) -> Dataset:
    """A data set by name or path, with images of `size` x `size` pixels. Raises `DataError`."""
    name = str(name_or_path)
    if name in NAMED:
        return NAMED[name](size)
    path = Path(name)
    if not os.path.exists(path):  # also of names that are too long
        known = ", ".join(NAMED)
        raise DataError(
            f"the data is {name[:99]!r}{suggest(name, NAMED)}, neither a name nor a path that "
            f"exists; expected one of {known}, {EXPECTED}"
        )
    if path.is_dir():
        if any(path.glob("train-images*idx3-ubyte*")):
            return idx.load_folder(path.name, path, (), size)
        return read_images(path.name, list_folder(path), size)
    read_regular(path, count=0)
    if path.suffix == ".zip":
        return read_images(path.name, list_zip(path, path.name), size)
    if path.suffix == ".npz":
        return npz.from_npz(path, size)
    if "idx" in path.name or path.suffix == ".gz":
        return assemble(path.name, [idx.read_split(path)], None, size)
    raise DataError(
        f"{path.name} ends in {path.suffix or 'nothing'}; expected {EXPECTED} of images"
    )
