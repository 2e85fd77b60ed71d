"""Loads a data set by name or path as uint8 arrays in memory, with fixed splits.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `mnist`, `kmnist`, `digits`. A path may be a folder or
.zip of images (one subfolder per class), an .npz, or IDX files. The format of a file and its
unpacked size are checked before any pixel is decoded; values of other types and ranges than bytes
are scaled as `dataset.white_level` says. A new name is a function of the image size in `NAMED`.
"""

import gzip
import os
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import reported
from ..files import atomic, folders
from ..validation import suggest
from . import arrays
from .dataset import DataError, Dataset, Split, assemble
from .image_folder import list_folder, read_images
from .image_zip import list_zip
from .untrusted import read_regular

EXPECTED = "a folder, a .zip, an .npz or an IDX file"
STARTER = Path(__file__).parent / "starter"
_FASHION = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
FASHION_CLASSES = tuple(_FASHION.split(","))
_DIGITS = tuple("0123456789")


def bundled_equivalent(name: str) -> str:
    """The bundled data set with the same test images, which pages show, if any; else `name`."""
    return "fashion-mnist-starter" if name == "fashion-mnist" else name


def local_folder(name: str) -> Path | None:
    """The folder of this machine with the IDX files of a named data set, None without one."""
    if name != "fashion-mnist":
        return None
    data = os.environ.get("VAE_DATA_DIR")
    parts = ("fashion-mnist", "FashionMNIST/raw", ".")
    folders = [Path(data) / part for part in parts] if data else []
    shares = os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    folders += [Path(share) / "datasets/fashion-mnist" for share in shares]
    return next((f for f in folders if any(f.glob("train-images-idx3-ubyte*"))), None)


def _fashion(size: int) -> Dataset:
    folder = local_folder("fashion-mnist")
    if folder:
        return arrays.load_idx_folder("fashion-mnist", folder, FASHION_CLASSES, size)
    return _torchvision("FashionMNIST", "fashion-mnist", FASHION_CLASSES, size)


def _digits(size: int) -> Dataset:
    from sklearn.datasets import load_digits

    source = load_digits()
    split = Split(source.images[:, None], source.target.astype(np.int64))  # 0 to 16
    return assemble("digits", [split], _DIGITS, size)


def _torchvision(kind: str, name: str, class_names: tuple[str, ...], size: int) -> Dataset:
    """A data set that torchvision downloads (with its checksum) unless it is there."""
    from torchvision import datasets

    root, splits = folders.datasets(), []
    failed = f"{name} is not on this machine and could not be downloaded"
    files = f"put its four IDX files into {root}/{kind}/raw"
    advice = f"{files}, or use --data fashion-mnist-starter"
    for train in (True, False):
        with reported(DataError, failed, advice, of=(OSError, RuntimeError)):
            source = getattr(datasets, kind)(root, train=train, download=True)
        splits.append(Split(source.data.numpy()[:, None], source.targets.numpy().astype(np.int64)))
    return assemble(name, splits, class_names, size)


_STARTER = "fashion-mnist-starter"
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
NAMED: dict[str, Callable[[int], Dataset]] = {
    "fashion-mnist": _fashion,
    _STARTER: partial(arrays.load_idx_folder, _STARTER, STARTER, FASHION_CLASSES),
    "mnist": partial(_torchvision, "MNIST", "mnist", _DIGITS),
    "kmnist": partial(_torchvision, "KMNIST", "kmnist", _KANA),
    "digits": _digits,
}


def write_starter(source: Dataset, folder: Path = STARTER, *, train: int = 10_000) -> None:
    """Writes the bundled starter: the first `train` training images and the whole test split."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, split, count in (("train", source.train, train), ("t10k", source.test, None)):
        images, labels = split.images[:count, 0], split.labels[:count].astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            packed = gzip.compress(head + array.tobytes(), compresslevel=9, mtime=0)
            atomic.write(folder / f"{stem}-{kind}-ubyte.gz", packed)


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
            return arrays.load_idx_folder(path.name, path, (), size)
        return read_images(path.name, list_folder(path), size)
    read_regular(path, count=0)
    if path.suffix == ".zip":
        return read_images(path.name, list_zip(path, path.name), size)
    if path.suffix == ".npz":
        return arrays.from_npz(path, size)
    if "idx" in path.name or path.suffix == ".gz":
        return assemble(path.name, [arrays.read_split(path)], (), size)
    raise DataError(
        f"{path.name} ends in {path.suffix or 'nothing'}; expected {EXPECTED} of images"
    )
