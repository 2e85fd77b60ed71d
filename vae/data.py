"""Data sets as uint8 arrays in memory, with fixed splits: by name, or from a path.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `mnist`, `kmnist`, `digits`. A path may be a folder or
.zip of images (a subfolder a class), an .npz, or IDX files. Files from outside are checked for
what they are and how large they would become before any pixel is decoded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .config import suggest
from .files import atomic

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
MOST_BYTES = 2**30  # of an IDX file, unpacked
MOST_CLASSES = 256


class DataError(ValueError):
    """A data set that cannot be read: what came, what was expected, what to do."""


class Split(NamedTuple):
    """`images` uint8 [N, C, H, W], `labels` int64 [N]."""

    images: np.ndarray
    labels: np.ndarray

    @property
    def digest(self) -> str:
        """sha256 over shapes, pixels and labels."""
        sha = hashlib.sha256()
        for array in self:
            sha.update(repr(array.shape).encode())
            for start in range(0, len(array), 10_000):  # never a copy of the whole
                sha.update(np.ascontiguousarray(array[start : start + 10_000]).data)
        return sha.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """Two splits that are the same on every machine, and the digest that proves it."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """sha256 over both splits."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def load_dataset(name_or_path: str | Path, *, size: int = 28) -> Dataset:
    """A data set by name or path, its images `size` x `size`. Raises `DataError`."""
    name = str(name_or_path)
    if name in _NAMED:
        return _NAMED[name](size)
    path = Path(name)
    if not path.exists():
        known = ", ".join(_NAMED)
        raise DataError(
            f"the data is {name!r}{suggest(name, _NAMED)}, neither a name nor a path that exists; "
            f"expected one of {known}, a folder, a .zip, an .npz or an IDX file"
        )
    from . import data_files

    if path.is_dir():
        if any(path.glob("train-images*idx3-ubyte*")):
            return _idx_folder(path.name, path, (), size)
        return data_files.from_folder(path, size)
    if path.suffix == ".zip":
        return data_files.from_zip(path, size)
    if path.suffix == ".npz":
        return data_files.from_npz(path, size)
    if "idx" in path.name or path.suffix == ".gz":
        return finish(path.name, idx_pair(path), None, size)
    raise DataError(
        f"{path.name} ends in {path.suffix or 'nothing'}; "
        "expected a folder, a .zip, an .npz or an IDX file of images"
    )


# --- named data sets ---------------------------------------------------------------------------


def bundled_twin(name: str) -> str:
    """The bundled data set with the same test images, where there is one, else `name` itself: what
    is shown and looked up is test images, for which the full set need not be read."""
    return "fashion-mnist-starter" if name == "fashion-mnist" else name


def _fashion(size: int) -> Dataset:
    for folder in fashion_folders():
        if any(folder.glob("train-images-idx3-ubyte*")):
            return _idx_folder("fashion-mnist", folder, FASHION_CLASSES, size)
    return _torchvision("FashionMNIST", "fashion-mnist", FASHION_CLASSES, size)


def fashion_folders() -> Iterable[Path]:
    """Where Fashion-MNIST may lie: the user's data folder, then the system's shared data."""
    own = os.environ.get("VAE_DATA_DIR")
    if own:
        yield from (Path(own) / part for part in ("fashion-mnist", "FashionMNIST/raw", "."))
    for share in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":"):
        yield Path(share) / "datasets/fashion-mnist"


def _starter(size: int) -> Dataset:
    return _idx_folder("fashion-mnist-starter", STARTER, FASHION_CLASSES, size)


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


_NAMED: dict[str, Callable[[int], Dataset]] = {
    "fashion-mnist": _fashion,
    "fashion-mnist-starter": _starter,
    "mnist": _mnist,
    "kmnist": _kmnist,
    "digits": _digits,
}


def _torchvision(kind: str, name: str, class_names: tuple[str, ...], size: int) -> Dataset:
    """A data set that torchvision downloads (with its checksum) unless it is there."""
    from torchvision import datasets

    root = os.environ.get("VAE_DATA_DIR") or Path.home() / ".cache" / "latent-atelier"
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


# --- IDX ---------------------------------------------------------------------------------------


def _idx_folder(name: str, folder: Path, class_names: tuple[str, ...], size: int) -> Dataset:
    splits = []
    for stem in ("train", "t10k"):
        splits.append(resized(idx_pair(idx_images(folder, stem)), size))
    return Dataset(name, *splits, class_names or numbered(*splits))


def idx_images(folder: Path, stem: str) -> Path:
    """The file of a split's images; unpacked where both forms are there."""
    files = sorted(folder.glob(f"{stem}-images*idx3-ubyte*"))
    if not files:
        raise DataError(f"{folder} has no {stem}-images-idx3-ubyte file; copy it there")
    return files[0]


def idx_pair(images: Path, read: Callable[[Path], np.ndarray] | None = None) -> Split:
    """The images of one IDX file and the labels of its neighbour."""
    read = read or read_idx
    pixels = read(images)
    if pixels.ndim != 3:
        raise DataError(f"{images.name} has {pixels.ndim} dimensions; expected 3, images in rows")
    stem = images.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    partner = next((p for p in map(images.with_name, (stem, stem + ".gz")) if p.exists()), images)
    if partner == images:
        return Split(pixels[:, None], np.zeros(len(pixels), np.int64))
    labels = read(partner).astype(np.int64)
    if labels.shape != (len(pixels),):
        raise DataError(f"{partner.name} has {len(labels)} labels for {len(pixels)} images")
    return Split(pixels[:, None], labels)


def read_idx(path: Path) -> np.ndarray:
    """One IDX file of unsigned bytes, plain or gzip."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(raw)) as stream:
                raw = stream.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} cannot be unpacked ({error}); copy it again") from error
    shape, begin = idx_shape(path.name, raw[:64], len(raw))
    return np.frombuffer(raw, np.uint8, offset=begin).reshape(shape)


def idx_shape(name: str, head: bytes, size: int) -> tuple[tuple[int, ...], int]:
    """The shape that an IDX file of `size` bytes begins by saying, and where its values begin."""
    if len(head) < 4 or head[:3] != b"\0\0\x08":
        raise DataError(f"{name} is no IDX file of unsigned bytes: its first bytes differ")
    begin = 4 + 4 * head[3]
    if len(head) < begin:
        raise DataError(f"{name} ends within its header; copy it again")
    shape = struct.unpack(f">{head[3]}I", head[4:begin])
    if size - begin != math.prod(shape):
        raise DataError(
            f"{name} holds {size - begin:,} values, its header says {shape}; copy it again"
        )
    return shape, begin


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


# --- what every source ends with ---------------------------------------------------------------


def finish(name: str, whole: Split, class_names: tuple[str, ...] | None, size: int) -> Dataset:
    """Sets aside a fixed tenth (at least one item) of data that come without a test split."""
    train, test = set_aside(name, len(whole.images))
    whole = resized(whole, size)
    splits = [Split(whole.images[chosen], whole.labels[chosen]) for chosen in (train, test)]
    return Dataset(name, *splits, class_names or numbered(whole))


def set_aside(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of `count` items are learned from, and which tenth is held out."""
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    order, tenth = np.random.default_rng(0).permutation(count), max(1, count // 10)
    return np.sort(order[tenth:]), np.sort(order[:tenth])


def numbered(*splits: Split) -> tuple[str, ...]:
    """Class names for labels that came without: their numbers."""
    most = max(int(s.labels.max()) for s in splits)
    if most >= MOST_CLASSES:
        raise DataError(f"a label is {most}; expected 0 to {MOST_CLASSES - 1}: number the classes")
    return tuple(str(k) for k in range(1 + most))


def resized(split: Split, size: int) -> Split:
    """The split at `size` x `size`: the shorter side fitted, the longer one cropped."""
    if split.images.shape[2:] == (size, size):
        return split
    import torch
    from torchvision.transforms import v2

    fitted = v2.functional.resize(torch.from_numpy(split.images.copy()), [size], antialias=True)
    return Split(v2.functional.center_crop(fitted, [size, size]).numpy(), split.labels)
