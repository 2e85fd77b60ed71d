"""Data sets larger than memory: the same splits, read from memory-mapped files.

Unpacked IDX files of the requested size are mapped where they are. Everything else is packed once,
image by image, into arrays in the user's cache folder, and mapped from there. A mapped array is
an ordinary uint8 array whose pages the system reads on access and drops when memory is short.
"""

import hashlib
import json
import mmap
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..arrays import idx
from ..config import Preparation
from ..errors import reported
from ..files import atomic, folders
from ..formats.sources import Skipped
from ..formats.untrusted import DataError, read_regular
from ..preparation.choices import Choices, Size
from ..progress import Progress, no_progress
from .dataset import Dataset, Metadata, Split, evenly_spaced
from .load import FASHION_CLASSES, ITEMS, NAMED, load_dataset, local_folder, sides_of
from .report import Report

_FACTS = "dataset.json"
_FILES = ("refused", "skipped")  # of a report


def load(
    name_or_path: str | Path,
    *,
    size: Size | None = None,
    wanted: Choices | None = None,
    preparation: Preparation | None = None,
    progress: Progress = no_progress,
) -> Dataset:
    """`load_dataset` with mapped images; `progress` counts those packed. Raises `DataError`."""
    name = str(name_or_path)
    if name in NAMED and NAMED[name].how is not ITEMS:  # is mapped by itself, or is small
        return load_dataset(name, size=size, wanted=wanted, preparation=preparation)
    wanted = (wanted or Choices()).check()
    sides = (preparation.height, preparation.width) if preparation else sides_of(name, size)
    named = local_folder(name)
    folder = named or (Path(name) if Path(name).is_dir() else None)
    if folder and any(folder.glob("train-images*idx3-ubyte")) and wanted == Choices():
        files = [idx.find_images(folder, stem) for stem in ("train", "t10k")]
        splits = [idx.read_split(file, read=_map_idx) for file in files]
        splits = [Split(part.images, part.labels.astype(np.int64)) for part in splits]
        most = 1 + max(int(split.labels.max()) for split in splits)
        classes = FASHION_CLASSES if named else tuple(map(str, range(most)))
        how = Preparation(*sides, **(ITEMS if named else {}))
        mapped = Dataset(Path(name).name, *splits, classes, how)
        few = mapped.train.images[evenly_spaced(len(mapped.train.labels), 1000)]
        if few.shape[2:] == sides and few.max() > 25:  # others are resized and stretched
            return _with_digest(mapped, _key(name, folder, sides))
    source = folder or Path(name)
    key = _key(name, source, (sides, wanted, preparation))
    packed = folders.packed_datasets() / key
    advice = "make room there, or set XDG_CACHE_HOME to a larger disk"
    failed = reported(DataError, f"{source} cannot be packed into {packed.parent}", advice)
    with failed, atomic.locked(packed.with_suffix(".lock")):  # only one of several processes packs
        if not packed.exists():
            _pack(packed, name, wanted, preparation, sides, progress)
    facts = json.loads((packed / _FACTS).read_text())
    labels = [np.load(packed / f"{part}-labels.npy") for part in "ab"]
    images = [
        open_array(packed / f"{part}.npy")[: len(own)]
        for part, own in zip("ab", labels, strict=True)
    ]
    found = Dataset(
        Path(name).name,
        *map(Split, images, labels),
        tuple(facts["classes"]),
        Preparation(**facts["preparation"]),
        *(_metadata(packed, part, facts["columns"]) for part in "ab"),
        Report(
            facts["read"],
            *(tuple(Skipped(*file) for file in facts[k]) for k in _FILES),
            tuple(facts.get("notes", ())),
        ),
    )
    return _with_digest(found, key)


def _with_digest(dataset: Dataset, key: str) -> Dataset:
    """The data set with its digest, for which all files are read only once."""
    file = folders.packed_datasets().with_name("digests") / key
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
    return Dataset(dataset.name, *splits, dataset.class_names, dataset.preparation)


def open_array(path: Path) -> np.ndarray:
    """A uint8 array written by `np.save` or `open_memmap`, memory-mapped."""
    return _shuffled(np.lib.format.open_memmap(path, "c"))


def _map_idx(path: Path) -> np.ndarray:
    """The images of an unpacked IDX file; labels and packed files are read."""
    if "idx3" not in path.name or path.suffix == ".gz":
        return idx.read_idx(path)
    shape, begin = idx.parse_idx_header(path.name, read_regular(path, count=1024))
    idx.check_idx_size(path.name, shape, path.stat().st_size - begin)
    return _shuffled(np.memmap(path, np.uint8, "c", begin, shape))


def _shuffled(mapped: np.memmap) -> np.ndarray:
    """An array mapped by copy on write ("c"), which never changes the file: torch warns about
    read-only ones. Reading ahead is of no use to a shuffled epoch."""
    if hasattr(mmap, "MADV_RANDOM"):
        mapped._mmap.madvise(mmap.MADV_RANDOM)
    return mapped.view(np.ndarray)


def _key(name: str, source: Path, how: object) -> str:
    """A hash of the preparation and of the names, sizes and modification times of all files."""
    sha = hashlib.sha256(f"{name} {source.resolve()} {how}".encode())
    for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if file.is_file():
            status = file.stat()
            sha.update(f"{file} {status.st_size} {status.st_mtime_ns}".encode())
    return sha.hexdigest()[:20]


def _pack(target: Path, name: str, wanted, preparation, sides, progress: Progress) -> None:
    atomic.remove_leftovers(target)  # the lock ensures that no other process writes it
    with atomic.replacing(target) as folder:
        folder.mkdir(parents=True)

        def allocate(part: str, shape: tuple[int, ...]) -> np.ndarray:
            return np.lib.format.open_memmap(folder / f"{part}.npy", "w+", np.uint8, shape)

        options = {"wanted": wanted, "preparation": preparation, "progress": progress}
        dataset = load_dataset(name, size=sides, allocate=allocate, **options)
        parts = ((dataset.train, dataset.train_metadata), (dataset.test, dataset.test_metadata))
        for part, ((images, labels), metadata) in zip("ab", parts, strict=True):
            if not isinstance(images, np.memmap):
                allocate(part, images.shape)[:] = images
            elif (grey := folder / f"{part}-grey.npy").exists():
                grey.replace(folder / f"{part}.npy")
            np.save(folder / f"{part}-labels.npy", labels)
            (folder / f"{part}-paths.json").write_text(json.dumps(metadata.paths))
            for index, values in enumerate(metadata.columns.values()):
                np.save(folder / f"{part}-column-{index}.npy", values)
        report = dataset.report
        facts = {
            "classes": dataset.class_names,
            "preparation": asdict(dataset.preparation),
            "columns": list(dataset.train_metadata.columns),
            "read": report.read,
            "notes": report.notes,
            **{key: getattr(report, key) for key in _FILES},
        }
        (folder / _FACTS).write_text(json.dumps(facts))


def _metadata(folder: Path, part: str, names: list[str]) -> Metadata:
    paths = tuple(json.loads((folder / f"{part}-paths.json").read_text()))
    columns = {n: np.load(folder / f"{part}-column-{i}.npy") for i, n in enumerate(names)}
    return Metadata(paths, columns)
