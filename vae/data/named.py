"""Data sets by name: one function and one entry in `NAMED` each."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ..files import atomic, folders
from .dataset import DataError, Dataset, Split, finish, resized
from .idx import idx_folder

STARTER = Path(__file__).parent / "starter"


FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def bundled_twin(name: str) -> str:
    """The bundled data set with the same test images, where there is one, else `name` itself: what
    is shown and looked up is test images, for which the full set need not be read."""
    return "fashion-mnist-starter" if name == "fashion-mnist" else name


def _fashion(size: int) -> Dataset:
    for folder in fashion_folders():
        if any(folder.glob("train-images-idx3-ubyte*")):
            return idx_folder("fashion-mnist", folder, FASHION_CLASSES, size)
    return _torchvision("FashionMNIST", "fashion-mnist", FASHION_CLASSES, size)


def fashion_folders() -> Iterable[Path]:
    """Where Fashion-MNIST may lie: the user's data folder, then the system's shared data."""
    own = os.environ.get("VAE_DATA_DIR")
    if own:
        yield from (Path(own) / part for part in ("fashion-mnist", "FashionMNIST/raw", "."))
    for share in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":"):
        yield Path(share) / "datasets/fashion-mnist"


def _starter(size: int) -> Dataset:
    return idx_folder("fashion-mnist-starter", STARTER, FASHION_CLASSES, size)


def _mnist(size: int) -> Dataset:
    return _torchvision("MNIST", "mnist", tuple("0123456789"), size)


def _kmnist(size: int) -> Dataset:
    names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    return _torchvision("KMNIST", "kmnist", names, size)


def _digits(size: int) -> Dataset:
    from sklearn.datasets import load_digits

    source = load_digits()
    images = (source.images[:, None] * (255 / 16)).round().astype(np.uint8)
    split = Split(images, source.target.astype(np.int64))
    return finish("digits", split, tuple("0123456789"), size)


NAMED: dict[str, Callable[[int], Dataset]] = {
    "fashion-mnist": _fashion,
    "fashion-mnist-starter": _starter,
    "mnist": _mnist,
    "kmnist": _kmnist,
    "digits": _digits,
}


def _torchvision(kind: str, name: str, class_names: tuple[str, ...], size: int) -> Dataset:
    """A data set that torchvision downloads (with its checksum) unless it is there."""
    from torchvision import datasets

    root = folders.datasets()
    splits = []
    for train in (True, False):
        try:
            source = getattr(datasets, kind)(root, train=train, download=True)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"{name} is not on this machine and could not be downloaded ({error}); put its "
                f"four IDX files into {root}/{kind}/raw, or use --data fashion-mnist-starter"
            ) from error
        splits.append(Split(source.data.numpy()[:, None], source.targets.numpy().astype(np.int64)))
    return Dataset(name, *(resized(split, size) for split in splits), class_names)


def write_starter(source: Dataset, folder: Path = STARTER, *, train: int = 10_000) -> None:
    """Writes the bundled starter: the first `train` training images and the whole test split."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, split, count in (
        ("train", source.train, train),
        ("t10k", source.test, len(source.test.images)),
    ):
        for kind, array in (
            ("images-idx3", split.images[:count, 0]),
            ("labels-idx1", split.labels[:count].astype(np.uint8)),
        ):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            packed = gzip.compress(head + array.tobytes(), compresslevel=9, mtime=0)
            atomic.write(folder / f"{stem}-{kind}-ubyte.gz", packed)
