"""Uploaded image files, each read or rejected independently of the others."""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from ..progress import Progress, no_progress
from .dataset import DataError
from .image_zip import list_zip
from .pictures import EXPECTED, MAX_TOTAL_PIXELS
from .uploads import UNCHANGED, check_header, default_preparation, prepare, upright

MAX_FILES = 20_000
Entry = tuple[str, Callable[[], bytes]]


class UploadBatch(NamedTuple):
    """The `paths` of files, the error of each (None if it could be read), and the `images`
    uint8 [N, C, H, W] of those without an error, in the same order."""

    paths: tuple[str, ...]
    errors: tuple[str | None, ...]
    images: np.ndarray

    @property
    def accepted(self) -> tuple[str, ...]:
        """The paths of the images."""
        return tuple(p for p, e in zip(self.paths, self.errors, strict=True) if e is None)


def list_files(files: Sequence[tuple[str, bytes]]) -> list[Entry]:
    """The image files among named files: those of a .zip by their path in it, others as they are.
    Raises `DataError` for a .zip without images, an unreadable one, and too many files."""
    found: list[Entry] = []
    for name, content in files:
        if not name.lower().endswith(".zip"):
            found.append((name, lambda content=content: content))
            continue
        inside = list_zip(io.BytesIO(content), name)
        if not inside:
            raise DataError(f"{name} holds no image; {EXPECTED}")
        found += [(str(PurePosixPath(*parts)), read) for parts, read in inside]
    if len(found) > MAX_FILES:
        raise DataError(f"{len(found):,} files; expected at most {MAX_FILES:,} at once")
    return found


def read_uploads(
    files: Sequence[tuple[str, bytes]], shape: tuple[int, int, int], *, progress: Progress
) -> UploadBatch:
    """Reads named files as images of a model's shape, those of a .zip one by one."""
    return read_files(list_files(files), shape, progress=progress)


def read_files(
    files: Iterable[Entry],
    shape: tuple[int, int, int],
    *,
    as_is: bool = False,
    progress: Progress = no_progress,
) -> UploadBatch:
    """Reads files one by one as images of a model's shape [C, H, W].

    An image of exactly that size is used unchanged. Any other is inverted if its background is
    light, cropped to its item and resized; with `as_is` it is only resized.
    """
    files, errors, count, pixels = list(files), [], 0, 0
    images = np.empty((len(files), *shape), np.uint8)
    for done, (path, content) in enumerate(files):
        if done % 50 == 0:
            progress(done, len(files))
        try:
            name = PurePosixPath(path).name
            image = check_header(content(), name)
            pixels += image.width * image.height
            if pixels > MAX_TOTAL_PIXELS:
                raise DataError(f"{name} and the files before have too many pixels; send fewer")
            image = upright(image, name)
            how = UNCHANGED if as_is else default_preparation(image, shape)
            images[count] = prepare(image, shape, how)
            count += 1
            errors.append(None)
        except (OSError, ValueError) as error:
            errors.append(str(error))
    progress(len(files), len(files))
    return UploadBatch(tuple(path for path, _ in files), tuple(errors), images[:count])
