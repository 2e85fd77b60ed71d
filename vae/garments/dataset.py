"""The data set `garments`: 10,000 garments to train on and 2,000 to test on, with their factors.

It is drawn when it is first used, which takes 15 seconds, and kept in the user's cache folder as
an array that is memory-mapped from there; without such a folder it is drawn each time.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..files import atomic, folders
from ..formats.sources import ArraySplit, ArraySplits
from ..progress import Progress, no_progress
from . import factors as factors_of
from .factors import FACTORS, KINDS, NAMES, Garment, Table
from .raster import render

COUNTS = {"train": 10_000, "test": 2_000}
_SIZES = (64, 128)  # pixels, at which it is drawn; others are resized from the next larger one
# The columns of the data set, by factor; the kind is the class.
COLUMNS = {
    "sleeve": "sleeve, mm",
    "length": "length, mm",
    "width": "width, mm",
    "neckline": "neckline",
    "waist": "waist / width",
    "flare": "hem / width",
    "colour": "colour",
    "shade": "shade",
    "pattern": "pattern",
    "scale": "pattern period, mm",
    "trims": "trims",
}


def read(
    sides: tuple[int, int], progress: Progress = no_progress, *, shown: int = 0
) -> ArraySplits:
    """Both splits, for images with these sides. If they are not drawn yet and only some are to be
    `shown`, evenly spaced, only these are drawn and the others black."""
    size = next((size for size in _SIZES if size >= max(sides)), _SIZES[-1])
    tables = {name: factors_of.sample(count, _seed(name)) for name, count in COUNTS.items()}
    if shown and not _folder(size).exists():
        images = {name: _some(table, size, shown) for name, table in tables.items()}
    else:
        images = _images(tables, size, progress)
    splits = {}
    for name, table in tables.items():
        labels = np.array([NAMES.index(kind) for kind in table["kind"].tolist()])
        splits[name] = ArraySplit(images[name], labels, columns(table))
    return ArraySplits(splits, NAMES)


def columns(table: Table) -> dict[str, np.ndarray]:
    """A table of factors as columns of a data set: what a garment does not have is missing."""
    found = {title: np.array(table[name]) for name, title in COLUMNS.items()}
    sleeveless = ~np.array([KINDS[kind].sleeve[1] > 0 for kind in table["kind"]])
    found[COLUMNS["sleeve"]] = np.where(sleeveless, np.nan, table["sleeve"])
    plain = table["pattern"] == "plain"
    found[COLUMNS["scale"]] = np.where(plain, np.nan, table["scale"])
    return found


def garment(kind: str, known: Table, row: int) -> Garment:
    """The garment of a row of the data set's columns `known`, of which the class is `kind`."""
    values = {name: known[COLUMNS[name]][row].item() for name in FACTORS[1:]}
    missing = {"sleeve": 0.0, "scale": factors_of.SCALES[0]}
    values |= {name: value for name, value in missing.items() if np.isnan(values[name])}
    return Garment(kind, **values)


def _seed(split: str) -> int:
    return list(COUNTS).index(split)


def _some(table: Table, size: int, shown: int) -> np.ndarray:
    count = len(table["kind"])
    rows = np.unique(np.linspace(0, count - 1, min(shown, count)).round().astype(int))
    images = np.zeros((count, 3, size, size), np.uint8)
    images[rows] = render({name: values[rows] for name, values in table.items()}, size)
    return images


def _images(tables: dict[str, Table], size: int, progress: Progress) -> dict[str, np.ndarray]:
    """The pictures of each split, from the cache or drawn for it."""
    folder, total = _folder(size), sum(COUNTS.values())

    def drawn(name: str) -> np.ndarray:
        before = 0 if name == "train" else COUNTS["train"]
        return render(tables[name], size, lambda done, _: progress(before + done, total))

    with suppress(OSError):
        with atomic.locked(folder.with_suffix(".lock")):  # only one of several processes draws
            if not folder.exists():
                with atomic.replacing(folder) as made:
                    made.mkdir(parents=True)
                    for name in tables:
                        np.save(made / f"{name}.npy", drawn(name))
                for older in set(folder.parent.glob(f"garments-{size}-*")) - {folder}:
                    if older.is_dir():
                        atomic.delete_folder(older)
        return {
            name: np.load(folder / f"{name}.npy", mmap_mode="c").view(np.ndarray)
            for name in tables
        }
    return {name: drawn(name) for name in tables}


def _folder(size: int) -> Path:
    return folders.drawn_datasets() / f"garments-{size}-{_version()}"


def _version() -> str:
    """A digest of the code that draws: what was drawn by another one is not used."""
    sha = hashlib.sha256(f"{COUNTS} {np.__version__}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sha.update(path.read_bytes())
    return sha.hexdigest()[:12]
