"""What a source holds, before it is read as a whole: counts, and some images beside the originals
that they are made from."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ..formats.sources import ArraySplits
from ..formats.untrusted import DataError
from ..preparation import choices
from ..preparation import picture as prepare
from ..preparation.choices import Choices, Size
from .array_set import from_arrays
from .dataset import Dataset, evenly_spaced
from .load import NAMED, load_named, sides_of
from .picture_set import PictureSet
from .report import Report
from .sources import open_source

SHOWN = 16  # images
_SIDE = 96  # pixels of an original


class Preview(NamedTuple):
    """`images` uint8 [n, C, H, W] as prepared, evenly spaced over the training images, and the
    `originals` uint8 [n, 96, 96, 3] as they are, empty for a source of arrays; the `labels` [N] of
    all training images, the number of test images, the names of the classes, the preparation as a
    record, and the report so far: only headers and these few pictures were read."""

    images: np.ndarray
    originals: np.ndarray
    labels: np.ndarray
    test_count: int
    class_names: tuple[str, ...]
    preparation: dict
    summary: str
    lines: tuple[str, ...]
    unread: str  # CSV of the files that were not read, with the reasons; "" without any

    def pairs(self) -> np.ndarray:
        """Each original beside the image made of it, with a transparent gap after it, uint8
        [n, 104, 204, 4]; without originals the images alone, [n, 96, 96, 4]."""
        made = []
        for image in self.images:
            pixels = np.ascontiguousarray(image.transpose(1, 2, 0)).squeeze()
            picture = Image.fromarray(pixels).convert("RGB")
            whole = ImageOps.contain(picture, (_SIDE, _SIDE), Image.Resampling.NEAREST)
            frame = Image.new("RGB", (_SIDE, _SIDE), "#808080")
            frame.paste(whole, ((_SIDE - whole.width) // 2, (_SIDE - whole.height) // 2))
            made.append(np.asarray(frame.convert("RGBA")))
        if not len(self.originals):
            return np.stack(made)
        opaque = np.full((*self.originals.shape[:3], 1), 255, np.uint8)
        pairs = np.concatenate([self.originals, opaque], axis=3), np.stack(made)
        return np.pad(np.concatenate(pairs, axis=2), ((0, 0), (0, 8), (0, 12), (0, 0)))


def preview(name: str, size: Size, wanted: dict) -> Preview:
    """Raises `DataError`, also for a source that cannot be read."""
    picked = Choices(**wanted).check()
    if name in NAMED:
        return _of_dataset(load_named(name, sides_of(name, size), picked, shown=SHOWN))
    title, found, skipped = open_source(name)
    sides = choices.sides(size)
    if isinstance(found, ArraySplits):
        return _of_dataset(from_arrays(title, found, sides, picked))
    files = PictureSet(title, found, sides, picked, skipped=skipped)
    train, test = files.splits()
    images, originals = [], []
    for row in train[evenly_spaced(len(train), SHOWN)]:
        file = files.files[row]
        try:
            content = file.read()
            images.append(prepare.read(content, file.name, files.preparation))
            originals.append(_thumbnail(prepare.decode(content, file.name, files.preparation)))
        except DataError:  # counted when all are read
            continue
    if not images:
        raise DataError(f"none of the first pictures of {title} can be read")
    return _of(
        np.stack(images), np.stack(originals), files.labels[train], len(test), files,
        files.report(len(files.files)),
    )  # fmt: skip


def _of_dataset(found: Dataset) -> Preview:
    images, labels = found.train
    shown = images[evenly_spaced(len(images), SHOWN)]
    report = found.report or Report(len(labels) + len(found.test.labels))
    return _of(shown, np.empty((0, _SIDE, _SIDE, 3), np.uint8), labels, len(found.test.labels),
               found, report)  # fmt: skip


def _of(images, originals, labels, test_count: int, source, report: Report) -> Preview:
    how = {key: value for key, value in vars(source.preparation).items()}
    return Preview(
        images, originals, labels, test_count, source.class_names, how,
        report.summary("found"), tuple(report.lines()),
        report.to_csv() if report.refused or report.skipped else "",
    )  # fmt: skip


def _thumbnail(image: Image.Image) -> np.ndarray:
    """The whole picture on a chequered ground, which shows what is transparent."""
    whole = ImageOps.contain(image.convert("RGBA"), (_SIDE, _SIDE))
    rows, columns = np.indices((_SIDE, _SIDE)) // 8
    squares = np.where((rows + columns) % 2, 255, 225).astype(np.uint8)
    ground = Image.fromarray(squares).convert("RGBA")
    ground.alpha_composite(whole, ((_SIDE - whole.width) // 2, (_SIDE - whole.height) // 2))
    return np.asarray(ground.convert("RGB"))
