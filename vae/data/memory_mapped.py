"""Data sets larger than memory: the same splits, read from memory-mapped files.

IDX files that lie unpacked, at the size asked for, are mapped where they are. Everything else is
packed once, image by image, into arrays in the user's cache folder, and mapped from there.
A mapped array is an ordinary uint8 array whose pages the system reads when they are touched and
drops when memory is short.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from .. import data
from ..files import atomic, folders
from ..files.locks import locked
from . import image_folder
from .dataset import DataError, Dataset, Split
from .subsample import evenly

_AT_ONCE = 1000
_MOST = 2**31  # images of a folder
_NAMES = "classes.json"
Watch = Callable[[Iterable, int], Iterable]  # an iterable and how many: the same, with a bar


def load(name_or_path: str | Path, *, size: int = 28, watch: Watch | None = None) -> Dataset:
    """What `load_dataset` gives, its images memory-mapped. Raises `DataError`.

    `watch` sees the packing go by, where there is any: images of a folder, else whole arrays.
    """
    watch = watch or (lambda items, count: items)
    path = _folder(str(name_or_path))
    if path and any(path.glob("train-images*idx3-ubyte")):
        here = _mapped_idx(str(name_or_path), path)
        if here.train.images.shape[2:] == (size, size):
            return here
    source = path or Path(name_or_path)
    packed = folders.packed_datasets() / _key(str(name_or_path), source, size)
    try:
        with locked(packed.with_suffix(".lock")):  # of many processes one packs
            if not packed.exists():
                _pack(packed, str(name_or_path), source, size, watch)
    except OSError as error:
        raise DataError(
            f"{source} cannot be packed into {packed.parent} ({error}); make room there, or set "
            "XDG_CACHE_HOME to a larger disk"
        ) from error
    names = tuple(json.loads((packed / _NAMES).read_text()))
    splits = [
        Split(mapped(packed / f"{s}.npy"), np.load(packed / f"{s}-labels.npy")) for s in "ab"
    ]
    return Dataset(Path(name_or_path).name, *splits, names)


def some(dataset: Dataset, *, train: int = 60_000, test: int = 10_000) -> Dataset:
    """At most so many items of each split, evenly spread, in memory: enough to measure a model."""
    splits = []
    for split, most in ((dataset.train, train), (dataset.test, test)):
        rows = evenly(len(split.labels), most)
        splits.append(Split(np.array(split.images[rows]), split.labels[rows]))
    return Dataset(dataset.name, *splits, dataset.class_names)


def _folder(name: str) -> Path | None:
    """Where a data set lies as a folder."""
    if name == "fashion-mnist":
        found = (f for f in data.fashion_folders() if any(f.glob("train-images-idx3-ubyte*")))
        return next(found, None)
    return Path(name) if Path(name).is_dir() else None


def _mapped_idx(name: str, folder: Path) -> Dataset:
    splits = []
    for stem in ("train", "t10k"):
        images = data.idx_images(folder, stem)
        splits.append(data.idx_pair(images, read=_map_idx))
    names = data.FASHION_CLASSES if name == "fashion-mnist" else data.numbered(*splits)
    return Dataset(Path(name).name, *splits, names)


def _map_idx(path: Path) -> np.ndarray:
    """The images of an IDX file where it is not packed; labels, which are few, are read."""
    if "idx3" not in path.name or path.suffix == ".gz":
        return data.read_idx(path)
    with path.open("rb") as file:
        shape, begin = data.idx_shape(path.name, file.read(64), path.stat().st_size)
    return _mapped(path, begin, shape)


def mapped(path: Path) -> np.ndarray:
    """An array that `np.save` or `open_memmap` wrote."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
        return _mapped(path, file.tell(), shape)


def _mapped(path: Path, begin: int, shape: tuple[int, ...]) -> np.ndarray:
    with path.open("rb") as file:
        # Copy on write: torch takes no array that it could not write to, and nobody writes.
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    if hasattr(mmap, "MADV_RANDOM"):
        pages.madvise(mmap.MADV_RANDOM)  # a shuffled epoch gains nothing from reading ahead
    return np.frombuffer(pages, np.uint8, int(np.prod(shape)), begin).reshape(shape)


# --- packing -----------------------------------------------------------------------------------


def _key(name: str, source: Path, size: int) -> str:
    """Changes with any file's name, size or time."""
    sha = hashlib.sha256(f"{name} {source.resolve()} {size}".encode())
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    for file in files:
        if file.is_file():
            told = file.stat()
            sha.update(f"{file} {told.st_size} {told.st_mtime_ns}".encode())
    return sha.hexdigest()[:20]


def _pack(target: Path, name: str, source: Path, size: int, watch: Watch) -> None:
    atomic.remove_leftovers(target)  # gigabytes, perhaps; under the lock nobody else writes it
    with atomic.replacing(target) as place:
        place.mkdir(parents=True)
        if source.is_dir() and not any(source.glob("train-images*idx3-ubyte*")):
            names = _pack_folder(place, source, size, watch)
        else:
            names = _pack_arrays(place, data.load_dataset(name, size=size), watch)
        (place / _NAMES).write_text(json.dumps(names))


def _pack_folder(target: Path, source: Path, size: int, watch: Watch) -> list[str]:
    found = image_folder.arranged(source.name, image_folder.entries_of(source), most=_MOST)
    names, channels = list(found.class_names), image_folder.channels_of(found)
    for name, rows in zip("ab", found.splits(), strict=True):
        shape = (len(rows), channels, size, size)
        pixels = np.lib.format.open_memmap(target / f"{name}.npy", "w+", np.uint8, shape)
        for place, row in enumerate(watch(rows, len(rows))):
            pixels[place] = found.picture(row, channels, size)
        pixels.flush()
        np.save(target / f"{name}-labels.npy", found.labels[rows])
    return names


def _pack_arrays(target: Path, dataset: Dataset, watch: Watch) -> list[str]:
    for name, split in zip("ab", (dataset.train, dataset.test), strict=True):
        shape = split.images.shape
        pixels = np.lib.format.open_memmap(target / f"{name}.npy", "w+", np.uint8, shape)
        parts = list(_parts(len(pixels)))
        for part in watch(parts, len(parts)):
            pixels[part] = split.images[part]
        pixels.flush()
        np.save(target / f"{name}-labels.npy", split.labels)
    return list(dataset.class_names)


def _parts(count: int) -> Iterator[slice]:
    return (slice(k, k + _AT_ONCE) for k in range(0, count, _AT_ONCE))
