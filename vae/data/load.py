"""Data sets as uint8 arrays in memory, with fixed splits: by name, or from a path.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `mnist`, `kmnist`, `digits`. A path may be a folder or
.zip of images (a subfolder a class), an .npz, or IDX files. Files from outside are checked for
what they are and how large they would become before any pixel is decoded.
"""

from __future__ import annotations

from pathlib import Path

from ..config import suggest
from . import image_folder, image_zip, npz
from .dataset import DataError, Dataset, finish
from .idx import idx_folder, idx_pair
from .named import NAMED


def load_dataset(name_or_path: str | Path, *, size: int = 28) -> Dataset:
    """A data set by name or path, its images `size` x `size`. Raises `DataError`."""
    name = str(name_or_path)
    if name in NAMED:
        return NAMED[name](size)
    path = Path(name)
    if not path.exists():
        known = ", ".join(NAMED)
        raise DataError(
            f"the data is {name!r}{suggest(name, NAMED)}, neither a name nor a path that exists; "
            f"expected one of {known}, a folder, a .zip, an .npz or an IDX file"
        )
    if path.is_dir():
        if any(path.glob("train-images*idx3-ubyte*")):
            return idx_folder(path.name, path, (), size)
        return image_folder.from_folder(path, size)
    if path.suffix == ".zip":
        return image_zip.from_zip(path, size)
    if path.suffix == ".npz":
        return npz.from_npz(path, size)
    if "idx" in path.name or path.suffix == ".gz":
        return finish(path.name, idx_pair(path), None, size)
    raise DataError(
        f"{path.name} ends in {path.suffix or 'nothing'}; "
        "expected a folder, a .zip, an .npz or an IDX file of images"
    )
