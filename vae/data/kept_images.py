"""The images of a data set, kept beside the model that was trained on them, so that the model
opens where its data is not: on another machine, or after the pictures were moved."""

import json
from dataclasses import asdict
from pathlib import Path

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
        columns = known.take(rows).columns
        arrays |= {f"{name}/images": split.images[rows], f"{name}/labels": split.labels[rows]}
        arrays[f"{name}/paths"] = np.array([known.paths[row] for row in rows if known.paths], str)
        arrays |= {f"{name}/column/{key}": values for key, values in columns.items()}
    facts = {
        "name": dataset.name,
        "class_names": dataset.class_names,
        "preparation": asdict(dataset.preparation or Preparation()),
    }
    arrays["facts"] = np.array(json.dumps(facts))
    atomic.write(folder / IMAGES, npz.to_npz(arrays))


def load(folder: Path) -> Dataset:
    """The kept images as a data set. Raises `DataError`."""
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
        return Dataset(facts["name"], *splits, tuple(facts["class_names"]), how, *metadata)


def exists(folder: Path) -> bool:
    """Whether images are kept in the folder of a checkpoint."""
    return (folder / IMAGES).is_file()
