"""Uploaded pictures: each is read as an image of a model's data set, by the preparation that is
kept with the model, and in a batch each is read or rejected independently of the others."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ..config import Preparation
from ..formats import pictures
from ..formats.containers import list_zip
from ..formats.pictures import PictureError
from ..formats.untrusted import DataError
from ..layouts.layout import arrange
from ..preparation import picture as prepare
from ..progress import Progress, no_progress

MAX_BYTES = 50 * 2**20  # of one picture
MAX_FILES = 20_000
MIN_SIDE = 4  # pixels
MAX_SIDE = 2048  # pixels, to which larger pictures are reduced to be shown
Files = Sequence[tuple[str, bytes | Path]]  # names and contents, or where these are
Entry = tuple[str, Callable[[], bytes]]


def plain(how: Preparation) -> Preparation:
    """The same without finding an item or inverting: only resized."""
    return replace(how, invert="no", centre=False)


def open_image(
    data: bytes, name: str = "the file", levels: Sequence[float] = (0, 65_535), white: float = 255
) -> Image.Image:
    """The first picture in the bytes of a file, upright, as L, LA, RGB or RGBA, reduced to
    `MAX_SIDE` pixels, to be shown. `levels` and `white` are those of a `Preparation`. Raises
    `PictureError`."""
    near = MAX_SIDE, MAX_SIDE
    image = pictures.decode(check_header(data, name), name, near=near, levels=levels, white=white)
    if max(image.size) > MAX_SIDE:
        info = image.info
        image = ImageOps.contain(image, (MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
        image.info = info
    return prepare.srgb(image)


def check_header(data: bytes, name: str) -> Image.Image:
    """A picture whose pixels are not decoded yet."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 2**20:.0f} MB"
        raise PictureError(f"{name} has {size}, save it smaller")
    image = pictures.open_picture(data, name)
    if min(image.size) < MIN_SIDE:
        width, height = image.size
        raise PictureError(
            f"{name} is {width} x {height} pixels; expected {MIN_SIDE} or more each"
        )
    return image


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


def list_files(files: Files) -> list[Entry]:
    """The image files among named files: those of a .zip by their path in it, others as they are.
    Raises `DataError` for a .zip without images, an unreadable one, and too many files."""
    found: list[Entry] = []
    for name, content in files:
        on_disk = isinstance(content, Path)
        if (_read(name, content, 2) if on_disk else content[:2]) != b"PK":
            found.append((name, partial(_read, name, content) if on_disk else lambda c=content: c))
            continue
        inside, _ = arrange(name, list_zip(content if on_disk else io.BytesIO(content), name))
        if not inside:
            raise DataError(f"{name} holds no image; {pictures.EXPECTED}")
        found += [(file.path, file.read) for file in inside]
    if len(found) > MAX_FILES:
        raise DataError(f"{len(found):,} files; expected at most {MAX_FILES:,} at once")
    return found


def _read(name: str, path: Path, count: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise DataError(f"{name} is no longer on the server; upload it again") from error


def read_uploads(
    files: Sequence[tuple[str, bytes | str]], how: dict, *, progress: Progress
) -> UploadBatch:
    """Reads named files, contents or paths, by the preparation with the fields `how`; those of a
    .zip one by one."""
    found = [(name, Path(file) if isinstance(file, str) else file) for name, file in files]
    return read_files(list_files(found), Preparation(**how), progress=progress)


def read_upload(data: bytes, name: str, how: dict, crop: Sequence[float]) -> np.ndarray:
    """One picture as an image uint8 [C, H, W] by the preparation with the fields `how`."""
    check_header(data, name)
    return prepare.read(data, name, Preparation(**how), tuple(crop))


def read_files(
    files: Iterable[Entry], how: Preparation, *, progress: Progress = no_progress
) -> UploadBatch:
    """Reads files one by one, each as an image of the model that `how` is the preparation of."""
    files, errors, count, pixels = list(files), [], 0, 0
    images = np.empty((len(files), *how.shape), np.uint8)
    for done, (path, content) in enumerate(files):
        if done % 50 == 0:
            progress(done, len(files))
        try:
            name, data = PurePosixPath(path).name, content()
            image = check_header(data, name)
            pixels += image.width * image.height
            if pixels > pictures.MAX_TOTAL_PIXELS:
                raise DataError(f"{name} and the files before have too many pixels; send fewer")
            images[count] = prepare.read(data, name, how)
            count += 1
            errors.append(None)
        except (OSError, ValueError) as error:
            errors.append(str(error))
    progress(len(files), len(files))
    return UploadBatch(tuple(path for path, _ in files), tuple(errors), images[:count])
