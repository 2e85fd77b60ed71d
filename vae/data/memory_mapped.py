"""Data sets larger than memory: the same splits, read from memory-mapped files.

Unpacked IDX files of the requested size are mapped where they are. Everything else is packed once,
image by image, into arrays in the user's cache folder, and mapped from there. A mapped array is
an ordinary uint8 array whose pages the system reads on access and drops when memory is short.
"""

import hashlib
import json
import math
import mmap
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import reported
from ..files import atomic, folders
from ..progress import Progress, no_progress
from . import arrays
from .dataset import DataError, Dataset, Split, class_numbers, evenly_spaced
from .image_folder import list_folder, read_images
from .image_zip import list_zip
from .load import FASHION_CLASSES, load_dataset, local_folder
from .untrusted import read_regular

_CLASSES = "classes.json"


def load(name_or_path: str | Path, *, size: int = 28, progress: Progress = no_progress) -> Dataset:
    """`load_dataset` with mapped images; `progress` counts those packed. Raises `DataError`."""
    name = str(name_or_path)
    named = local_folder(name)
    folder = named or (Path(name) if Path(name).is_dir() else None)
    if folder and any(folder.glob("train-images*idx3-ubyte")):
        files = [arrays.find_images(folder, stem) for stem in ("train", "t10k")]
        splits = [arrays.read_split(file, read=_map_idx) for file in files]
        classes = FASHION_CLASSES if named else class_numbers(*splits)
        mapped = Dataset(Path(name).name, *splits, classes)
        few = mapped.train.images[evenly_spaced(len(mapped.train.labels), 1000)]
        if few.shape[2:] == (size, size) and few.max() > 25:  # others are resized and stretched
            return _with_digest(mapped, folder, size)
    source = folder or Path(name)
    packed = folders.packed_datasets() / _key(name, source, size)
    advice = "make room there, or set XDG_CACHE_HOME to a larger disk"
    failed = reported(DataError, f"{source} cannot be packed into {packed.parent}", advice)
    with failed, atomic.locked(packed.with_suffix(".lock")):  # only one of several processes packs
        if not packed.exists():
            _pack(packed, name, source, size, progress)
    classes = tuple(json.loads((packed / _CLASSES).read_text()))
    labels = [np.load(packed / f"{part}-labels.npy") for part in "ab"]
    images = [open_array(packed / f"{part}.npy") for part in "ab"]
    found = Dataset(Path(name).name, *map(Split, images, labels), classes)
    return _with_digest(found, source, size)


def _with_digest(dataset: Dataset, source: Path, size: int) -> Dataset:
    """The data set with its digest, for which all files are read only once."""
    file = folders.packed_datasets().with_name("digests") / _key(dataset.name, source, size)
    with suppress(OSError):  # a cache, of use only where it can be written
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic.write(file, dataset.digest)
        dataset.__dict__["digest"] = file.read_text()
    return dataset


def subsample(dataset: Dataset, *, train: int = 60_000, test: int = 10_000) -> Dataset:
    """At most `train` and `test` items, evenly spaced, in memory: enough to evaluate a model."""
    splits = []
    for split, limit in ((dataset.train, train), (dataset.test, test)):
        rows = evenly_spaced(len(split.labels), limit)
        splits.append(Split(np.array(split.images[rows]), split.labels[rows]))
    return Dataset(dataset.name, *splits, dataset.class_names)


def open_array(path: Path) -> np.ndarray:
    """A uint8 array written by `np.save` or `open_memmap`, memory-mapped."""
    return _shuffled(np.lib.format.open_memmap(path, "c"))


def _map_idx(path: Path) -> np.ndarray:
    """The images of an unpacked IDX file; labels and packed files are read."""
    if "idx3" not in path.name or path.suffix == ".gz":
        return arrays.read_idx(path)
    shape, begin = arrays.parse_idx_header(path.name, read_regular(path, count=1024))
    arrays.check_idx_size(path.name, shape, path.stat().st_size - begin)
    return _shuffled(np.memmap(path, np.uint8, "c", begin, shape))


def _shuffled(mapped: np.memmap) -> np.ndarray:
    """An array mapped by copy on write ("c"), which never changes the file: torch warns about
    read-only ones. Reading ahead is of no use to a shuffled epoch."""
    if hasattr(mmap, "MADV_RANDOM"):
        mapped._mmap.madvise(mmap.MADV_RANDOM)
    return mapped.view(np.ndarray)


def _key(name: str, source: Path, size: int) -> str:
    """A hash of the names, sizes and modification times of all files."""
    sha = hashlib.sha256(f"{name} {source.resolve()} {size}".encode())
    for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if file.is_file():
            status = file.stat()
            sha.update(f"{file} {status.st_size} {status.st_mtime_ns}".encode())
    return sha.hexdigest()[:20]


def _pack(target: Path, name: str, source: Path, size: int, progress: Progress) -> None:
    atomic.remove_leftovers(target)  # the lock ensures that no other process writes it
    with atomic.replacing(target) as folder:
        folder.mkdir(parents=True)

        def allocate(part: str, shape: tuple[int, ...]) -> np.ndarray:
            return np.lib.format.open_memmap(folder / f"{part}.npy", "w+", np.uint8, shape)

        idx_files = source.is_dir() and any(source.glob("train-images*idx3-ubyte*"))
        if source.suffix == ".zip" or (source.is_dir() and not idx_files):
            listed = list_zip(source, name) if source.is_file() else list_folder(source)
            options = {"limit": 2**31, "most": math.inf, "progress": progress}
            dataset = read_images(source.name, listed, size, allocate=allocate, **options)
        else:
            dataset = load_dataset(name, size=size)
        for part, (images, labels) in zip("ab", (dataset.train, dataset.test), strict=True):
            if isinstance(images, np.memmap):
                images.flush()
            else:
                allocate(part, images.shape)[:] = images
            np.save(folder / f"{part}-labels.npy", labels)
        (folder / _CLASSES).write_text(json.dumps(dataset.class_names))
