"""Loads a data set by name or path as uint8 arrays in memory, with fixed splits.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `garments` (drawn, with their factors as columns),
`emoji` (bundled), `mnist`, `kmnist`, `digits`, and `torchvision:CIFAR10` and others of
torchvision. A path may be a folder or an archive of pictures, or a file of arrays or
a table; what a file is is decided by its content (`vae.arrays.kinds`).
"""

import csv
import gzip
import io
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..arrays import idx, torchvision_sets
from ..config import Config, Preparation
from ..errors import reported
from ..files import atomic, folders
from ..files.csv_table import to_csv
from ..formats.sources import ArraySplit, ArraySplits
from ..formats.untrusted import DataError
from ..garments import dataset as garments
from ..garments.colours import GROUND
from ..preparation import choices
from ..preparation.choices import Choices, Size
from ..progress import Progress, no_progress
from ..validation import suggest
from .array_set import from_arrays
from .dataset import Dataset
from .picture_set import Allocate, PictureSet
from .sources import EXPECTED, TORCHVISION, open_source

STARTER = Path(__file__).parent / "starter"
_FASHION = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
FASHION_CLASSES = tuple(_FASHION.split(","))
_DIGITS = tuple("0123456789")


# Of the data sets of items on black: a picture is inverted if its background is light, and its
# item is centred; images of exactly their size are their own.
ITEMS = {"fit": "pad", "ground": "#000000", "invert": "auto", "centre": True, "exact": True}
_SIDE = 28  # pixels of images, where nothing else is asked for


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


def _fashion() -> ArraySplits:
    folder = local_folder("fashion-mnist")
    return idx.read_folder(folder) if folder else _torchvision("FashionMNIST", "fashion-mnist")


def _digits() -> ArraySplits:
    from sklearn.datasets import load_digits

    source = load_digits()
    return ArraySplits({"": ArraySplit(source.images[:, None], source.target)})  # 0 to 16


def _torchvision(kind: str, name: str) -> ArraySplits:
    """A data set that torchvision downloads (with its checksum) unless it is there."""
    root = folders.datasets()
    failed = f"{name} is not on this machine and could not be downloaded"
    files = f"put its four IDX files into {root}/{kind}/raw"
    advice = f"{files}, or use --data fashion-mnist-starter"
    with reported(DataError, failed, advice, of=(OSError, RuntimeError)):
        return torchvision_sets.read_mnist(kind, root)


def _emoji() -> ArraySplits:
    """The bundled emoji: `emoji.webp` holds them row by row, `emoji.csv` what they are."""
    with (STARTER / "emoji.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sheet = np.asarray(Image.open(STARTER / "emoji.webp").convert("RGBA"))
    tiles = sheet.reshape(len(sheet) // EMOJI_SIDE, EMOJI_SIDE, -1, EMOJI_SIDE, 4)
    images = tiles.transpose(0, 2, 4, 1, 3).reshape(-1, 4, EMOJI_SIDE, EMOJI_SIDE)[: len(rows)]
    labels = np.array([EMOJI_CLASSES.index(row["category"]) for row in rows])
    columns = {"subcategory": np.array([row["subcategory"] for row in rows])}
    return ArraySplits(
        {"": ArraySplit(images, labels, columns, tuple(row["name"] for row in rows))}
    )


class Named(NamedTuple):
    """A data set that has a name: `read` gives it for images of some height and width, which may
    still be resized, and calls a `Progress`. `side` are the pixels of its images unless others are
    asked for; `how` is what is fixed about their preparation, `ITEMS`, or the choices of it that
    are not left open."""

    read: Callable[..., ArraySplits]
    class_names: tuple[str, ...]
    side: int = _SIDE
    how: Mapping[str, object] = ITEMS


def _whole(read: Callable[..., ArraySplits], *arguments: object) -> Callable[..., ArraySplits]:
    """A function that reads a data set the same for all sizes of images."""
    return lambda sides, progress, **options: read(*arguments)


_STARTER = "fashion-mnist-starter"
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
EMOJI_CLASSES = (
    *("Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink"),
    *("Travel & Places", "Activities", "Objects", "Clothing", "Symbols", "Flags"),
)
EMOJI_SIDE = 64  # pixels
NAMED = {
    "fashion-mnist": Named(_whole(_fashion), FASHION_CLASSES),
    _STARTER: Named(_whole(idx.read_folder, STARTER), FASHION_CLASSES),
    "garments": Named(garments.read, garments.NAMES, 64, {"fit": "pad", "ground": GROUND}),
    "emoji": Named(_whole(_emoji), EMOJI_CLASSES, EMOJI_SIDE, {"fit": "pad", "ground": "#ffffff"}),
    "mnist": Named(_whole(_torchvision, "MNIST", "mnist"), _DIGITS),
    "kmnist": Named(_whole(_torchvision, "KMNIST", "kmnist"), _KANA),
    "digits": Named(_whole(_digits), _DIGITS),
}


def sides_of(name: str, size: Size | None) -> tuple[int, int]:
    """Height and width of the images of a data set: `size`, if it is given."""
    return choices.sides(size or (NAMED[name].side if name in NAMED else _SIDE))


def write_starter(source: Dataset, folder: Path = STARTER, *, train: int = 10_000) -> None:
    """Writes the bundled starter: the first `train` training images and the whole test split."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, split, count in (("train", source.train, train), ("t10k", source.test, None)):
        images, labels = split.images[:count, 0], split.labels[:count].astype(np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            packed = gzip.compress(head + array.tobytes(), compresslevel=9, mtime=0)
            atomic.write(folder / f"{stem}-{kind}-ubyte.gz", packed)


def write_emoji(images: np.ndarray, rows: list[dict[str, str]], folder: Path = STARTER) -> None:
    """Writes the bundled emoji: images uint8 [N, 64, 64, 4] and the table of what they are."""
    across = round(len(images) ** 0.5)
    down = -(-len(images) // across)
    tiles = np.zeros((down * across, *images.shape[1:]), np.uint8)
    tiles[: len(images)] = images
    sheet = tiles.reshape(down, across, *images.shape[1:]).transpose(0, 2, 1, 3, 4)
    picture = Image.fromarray(sheet.reshape(down * EMOJI_SIDE, across * EMOJI_SIDE, 4))
    packed = io.BytesIO()
    picture.save(packed, "WEBP", lossless=True, quality=80, method=4)  # read in 0.2 s
    atomic.write(folder / "emoji.webp", packed.getvalue())
    atomic.write(folder / "emoji.csv", to_csv(rows[0], [row.values() for row in rows]))


def preparation_of(config: Config) -> Preparation:
    """How pictures are prepared for a model: as recorded, else as older versions did, which
    recorded nothing: items on black for the data sets with names, cropping for others."""
    if config.preparation:
        return config.preparation
    channels, height, width = config.model.image_shape
    sides = {"height": height, "width": width, "channels": channels}
    if config.train.data in NAMED:
        return Preparation(**sides, **ITEMS)
    return Preparation(**sides)


def load_dataset(
    name_or_path: str | Path,
    *,
    size: Size | None = None,
    wanted: Choices | None = None,
    preparation: Preparation | None = None,
    allocate: Allocate | None = None,
    progress: Progress = no_progress,
    **more: object,
) -> Dataset:
    """A data set by name or path, with images of `size`: pixels of both sides, or (height, width);
    by default 64 of `garments` and `emoji` and 28 of others.

    `wanted` are choices about the preparation, which may also be given one by one (`fit="pad"`,
    `colour="grey"`, `ground="white"`, `invert="yes"`, `centre=True`, `held_out=0.2`); what is left
    open is chosen by the pictures and recorded in `.preparation`. Given a `preparation`, that of a
    model, nothing is chosen. `allocate` makes the arrays of pictures. What was not read and why
    is in `.report`. Raises `DataError`.
    """
    wanted, name = (wanted or Choices())._replace(**more).check(), str(name_or_path)
    sides = (preparation.height, preparation.width) if preparation else sides_of(name, size)
    if name in NAMED:
        return load_named(name, sides, wanted, preparation, progress)
    if not name.startswith(TORCHVISION) and not os.path.exists(name):  # also of names too long
        known = ", ".join(NAMED)
        raise DataError(
            f"the data is {name[:99]!r}{suggest(name, NAMED)}, neither a name nor a path that "
            f"exists; expected one of {known}, {EXPECTED}"
        )
    title, found, skipped = open_source(name)
    options = (sides, wanted, preparation)
    if isinstance(found, ArraySplits):
        return from_arrays(title, found, *options)
    files = PictureSet(title, found, *options, skipped=skipped, progress=progress)
    return files.read(allocate=allocate, progress=progress)


def load_named(
    name: str,
    sides: tuple[int, int],
    wanted: Choices,
    preparation: Preparation | None = None,
    progress: Progress = no_progress,
    *,
    shown: int = 0,
) -> Dataset:
    """A data set of `NAMED`; if only some of its images are to be `shown`, evenly spaced, the
    others may be black."""
    known = NAMED[name]
    found = known.read(sides, progress, shown=shown)._replace(class_names=known.class_names)
    if known.how is not ITEMS:
        open_ = {key for key in known.how if getattr(wanted, key) == "auto"}
        wanted = wanted._replace(**{key: known.how[key] for key in open_})
        return from_arrays(name, found, sides, wanted, preparation)
    dataset = from_arrays(name, found, sides, wanted, preparation)
    if preparation is None and wanted == Choices(held_out=wanted.held_out):
        dataset = replace(dataset, preparation=replace(dataset.preparation, **ITEMS))
    return dataset


def load_prepared(
    path: str, how: dict, held_out: float, progress: Progress = no_progress
) -> Dataset:
    """The data set at a path, by the preparation with the fields `how`."""
    wanted, preparation = Choices(held_out=held_out), Preparation(**how)
    return load_dataset(path, wanted=wanted, preparation=preparation, progress=progress)
