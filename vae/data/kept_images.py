"""The images of a data set, kept beside the model that was trained on them, so that the model
opens where its data is not: on another machine, or after the pictures were moved."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath

import numpy as np

from ..config import Preparation
from ..files import atomic, npz
from ..formats.untrusted import DataError, untrusted
from .dataset import Dataset, Metadata, Split, evenly_spaced

IMAGES = "images.npz"  # in the folder of the checkpoint
MAX_BYTES = 32 * 2**20  # of the pixels that are kept; of a larger data set evenly spaced images


def save(folder: Path, dataset: Dataset) -> None:
    """Keeps the images with their labels, paths and columns. Raises OSError."""
    each = int(np.prod(dataset.test.images.shape[1:]))
    share = min(1.0, MAX_BYTES / each / (len(dataset.train.labels) + len(dataset.test.labels)))
    arrays: dict[str, np.ndarray] = {}
    for name in ("train", "test"):
        split, known = getattr(dataset, name), getattr(dataset, f"{name}_metadata")
        rows = evenly_spaced(len(split.labels), max(1, int(share * len(split.labels))))
        known = known.take(rows)
        arrays |= {f"{name}/images": split.images[rows], f"{name}/labels": split.labels[rows]}
        arrays[f"{name}/paths"] = np.array(known.paths, str)
        arrays |= {f"{name}/column/{key}": values for key, values in known.columns.items()}
    facts = {
        "counts": [len(dataset.train.labels), len(dataset.test.labels)],
        "name": dataset.name,
        "class_names": dataset.class_names,
        "preparation": asdict(dataset.preparation or Preparation()),
    }
    arrays["facts"] = np.array(json.dumps(facts))
    atomic.write(folder / IMAGES, npz.to_npz(arrays))


def load(folder: Path) -> Dataset:
    """The kept images as a data set. Raises `DataError`."""
    return _load(folder)[0]


def _load(folder: Path) -> tuple[Dataset, list[int]]:
    """The kept images, and the numbers of images of both splits of which they are."""
    failed = untrusted(IMAGES, "cannot be read", "train the model again, or bring its data here")
    with failed, (folder / IMAGES).open("rb") as file, np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(str(arrays["facts"]))
        splits, metadata = [], []
        for name in ("train", "test"):
            split = Split(arrays[f"{name}/images"], arrays[f"{name}/labels"].astype(np.int64))
            start = f"{name}/column/"
            columns = {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
            paths = tuple(arrays[f"{name}/paths"].tolist())
            if split.images.dtype != np.uint8 or len(split.images) != len(split.labels):
                raise DataError(f"{IMAGES} holds no images uint8 with a label each; train again")
            splits.append(split)
            metadata.append(Metadata(paths, columns))
        how = Preparation(**facts["preparation"])
        kept = Dataset(facts["name"], *splits, tuple(facts["class_names"]), how, *metadata)
        train, test = facts.get("counts") or (len(split.labels) for split in splits)
        return kept, [int(train), int(test)]


def exists(folder: Path) -> bool:
    """Whether images are kept in the folder of a checkpoint."""
    return (folder / IMAGES).is_file()


def check_same(folder: Path, digest: str | None, found: Dataset, source: str) -> None:
    """Raises `DataError`, which says what differs, unless the data set that was `found` at a
    source is the one of the model in `folder`: that of the `digest` which training recorded."""
    if found.digest == digest:
        return
    kept, counts = None, []
    with suppress(DataError):  # without them less can be said
        kept, counts = _load(folder)
    if digest is None and kept and counts == [len(kept.train.labels), len(kept.test.labels)]:
        digest = kept.digest  # of a model that recorded none, all images of which are kept
    if digest is None:
        raise DataError(
            f"{folder.name} records no digest of its data, so {source} cannot be compared with "
            "it; train the model again"
        )
    if found.digest != digest:
        why = _difference(kept, counts, found) if kept else ""
        raise DataError(
            f"{source} is not the data of {folder.name}: "
            f"{why or 'its pixels, labels or order are others'}; give the pictures that the "
            "model was trained on, unchanged"
        )


def _difference(kept: Dataset, counts: list[int], found: Dataset) -> str:
    """The first difference from the kept images in words; "" if those are all the same."""
    now = [len(found.train.labels), len(found.test.labels)]
    if now != counts:
        came, expected = (
            f"{a:,} images to train on and {b:,} to test on" for a, b in (now, counts)
        )
        return f"it has {came}, expected {expected}"
    shapes = [data.test.images.shape[1:] for data in (found, kept)]
    if shapes[0] != shapes[1]:
        return f"its images have the shape {shapes[0]}, expected {shapes[1]}"
    for name in ("train", "test"):
        before, after = getattr(kept, name), getattr(found, name)
        rows = evenly_spaced(len(after.labels), len(before.labels))
        paths = [getattr(data, f"{name}_metadata").paths for data in (kept, found)]
        names = [[PurePosixPath(path).name for path in some] for some in paths]
        names[1] = [names[1][row] for row in rows] if names[1] else []
        other = [pair for pair in zip(*names, strict=False) if pair[0] != pair[1]]
        if other:
            some = f"{len(other):,} of {len(rows):,} files have other names"
            return f"{some}, the first {other[0][1]:.60} instead of {other[0][0]:.60}"
        for what, differs in (
            ("labels", before.labels != after.labels[rows]),
            ("pixels", (before.images != after.images[rows]).any((1, 2, 3))),
        ):
            if differs.any():
                first = f", the first {names[0][int(differs.argmax())]:.60}" if names[0] else ""
                return f"the {what} of {differs.sum():,} of {len(rows):,} images differ{first}"
    return ""
