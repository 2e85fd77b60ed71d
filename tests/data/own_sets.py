"""Small data sets of pictures as people publish and bring them, each with what it must become.

A picture of class number k shows a bright square in cell k of a grid of 4 x 4 on a dark ground, so
that labels, axes and crops that are mixed up are seen in the pixels.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

CELLS = 4  # of the grid, in each direction
SETS: dict[str, Callable[[Path], tuple[Path, "Expected"]]] = {}
BIRDS = ("crow", "owl", "wren")


@dataclass(frozen=True)
class Expected:
    """What a data set must become: the number of its images, and of those to test on where it
    says so; its classes in order; the value around the square (None where it is not checked); the
    names of columns beside the pixels; and parts of the report."""

    count: int
    classes: tuple[str, ...]
    test: int | None = None
    channels: int = 1
    ground: int | None = 0
    marked: bool = True  # whether squares tell the classes
    columns: tuple[str, ...] = ()
    report: tuple[str, ...] = ()
    size: int | tuple[int, int] = 32
    centres: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # see `centre`
    optional: str = ""  # a module without which the set cannot be read


def own_set(write: Callable) -> Callable:
    """Registers a function that writes a set into a folder."""
    SETS[write.__name__] = write
    return write


def item(k: int, *, side: int = 32, ground: int = 0, ink: int = 255, turn: int = 0) -> np.ndarray:
    """A square in cell `k`, uint8 [side, side]; `turn` makes pictures of one class differ."""
    image = np.full((side, side), ground, np.uint8)
    row, column = (n * side // CELLS for n in divmod(k % CELLS**2, CELLS))
    step = side // CELLS
    image[row : row + step, column : column + step] = ink - (turn % 4 if ink > 9 else 0)
    image[row + step // 2, column + step // 2] = ground  # so that no crop is of one value
    return image


def coloured(k: int, *, side: int = 32, turn: int = 0) -> np.ndarray:
    """A red square in cell `k` on blue, uint8 [side, side, 3]."""
    grey = item(k, side=side, turn=turn)
    return np.stack([grey, grey * 0, np.where(grey, 0, 200).astype(np.uint8)], -1)


def packed(picture: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    """The bytes of a picture file."""
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def put(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Writes files by their paths."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def tree(pattern: str, classes=BIRDS, each: int = 4, **options) -> dict[str, bytes]:
    """Pictures of classes; a pattern is such as "train/{name}/{i}.png"."""
    return {
        pattern.format(name=name, k=k, i=i): packed(item(k, turn=i), **options)
        for k, name in enumerate(classes)
        for i in range(each)
    }


def zipped(path: Path, files: Mapping[str, bytes | str], encoding: str = "") -> Path:
    """A .zip, its names in an old code page if one is given."""

    class Member(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):
            return (self.filename.encode(encoding), 0) if encoding else utf8(self)

    utf8 = zipfile.ZipInfo._encodeFilenameFlags
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(Member(name), content)
    return path
