"""Uploaded pictures: opened under limits, converted to images like those of a data set, and in a
batch each read or rejected independently of the others."""

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ..progress import Progress, no_progress
from . import pictures
from .dataset import DataError
from .image_zip import list_zip
from .pictures import PictureError as UploadError

MAX_BYTES = 10 * 2**20  # of one picture
MAX_FILES = 20_000
MAX_SIDE = 2048  # pixels, to which larger pictures are reduced
MIN_SIDE = 8  # pixels
_CONTRAST = 24  # grey levels above the background from which a pixel belongs to the item


class Preparation(NamedTuple):
    """How a picture is converted to an image of the data set.

    `invert`: the item is darker than its background. `centre`: crop to the item and fit it into
    the frame. `crop`: left, top, right and bottom edge as fractions of the picture, applied first.
    """

    invert: bool = False
    centre: bool = True
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


UNCHANGED = Preparation(invert=False, centre=False)
Files = Sequence[tuple[str, bytes]]  # names and contents
Entry = tuple[str, Callable[[], bytes]]


def open_image(data: bytes, name: str = "the file") -> Image.Image:
    """The first picture in the bytes of a file, upright, as L, LA, RGB or RGBA, reduced to
    `MAX_SIDE` pixels. Raises `UploadError`."""
    return upright(check_header(data, name), name)


def check_header(data: bytes, name: str) -> Image.Image:
    """A picture whose pixels are not decoded yet."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 2**20:.0f} MB"
        raise UploadError(f"{name} has {size}, save it smaller")
    image = pictures.open_picture(data, name, pictures.UPLOADED)
    if min(image.size) < MIN_SIDE:
        width, height = image.size
        raise UploadError(f"{name} is {width} x {height} pixels; expected {MIN_SIDE} or more each")
    return image


def upright(image: Image.Image, name: str) -> Image.Image:
    """A picture from `check_header`, decoded."""
    image = pictures.decode(image, name)
    if max(image.size) > MAX_SIDE:
        image = ImageOps.contain(image, (MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    return ImageOps.exif_transpose(image)


def suggest_preparation(image: Image.Image) -> Preparation:
    """Centred, and inverted if the background of a picture from `open_image` is light."""
    if image.mode in ("LA", "RGBA"):
        opaque = np.asarray(image.getchannel("A")) > 127
        if not opaque.all():  # a transparent background: the item decides
            inside = np.asarray(image.convert("L"))[opaque]
            return Preparation(invert=bool(len(inside) and np.median(inside) < 110))
    grey = np.asarray(_flat(image, light=True).convert("L"))
    return Preparation(invert=_background(grey) > 127)


def default_preparation(image: Image.Image, shape: tuple[int, int, int]) -> Preparation:
    """The suggested preparation; none for a picture of exactly the data set's size."""
    return UNCHANGED if image.size == (shape[2], shape[1]) else suggest_preparation(image)


def prepare(image: Image.Image, shape: tuple[int, int, int], how: Preparation) -> np.ndarray:
    """uint8 [C, H, W]: cropped, inverted, centred and resized, a bright item on black."""
    channels, height, width = shape
    left, top, right, bottom = how.crop
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise UploadError(f"the crop is {how.crop}; expected fractions from 0 to 1, left < right")
    x0, y0 = round(left * image.width), round(top * image.height)
    x1, y1 = round(right * image.width), round(bottom * image.height)
    box = (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    # Transparent parts become background, which is white in a picture that is to be inverted.
    flat = _flat(image.crop(box), light=how.invert).convert("L" if channels == 1 else "RGB")
    if how.invert:
        flat = ImageOps.invert(flat)
    if how.centre:
        flat = _crop_to_item(flat)
    # The longer side of an item fills the frame, as in Fashion-MNIST.
    fitted = ImageOps.contain(flat, (width, height), Image.Resampling.LANCZOS)
    frame = Image.new(flat.mode, (width, height))
    frame.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
    return np.asarray(frame).reshape(height, width, channels).transpose(2, 0, 1).copy()


def _background(grey: np.ndarray) -> float:
    """The median grey level along the border."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def _crop_to_item(flat: Image.Image) -> Image.Image:
    """Cropped to the pixels that stand out from the background, which becomes black."""
    grey = np.asarray(flat.convert("L"))
    background = int(_background(grey))
    stands_out = grey > min(background, 127) + _CONTRAST
    rows, columns = np.flatnonzero(stands_out.any(1)), np.flatnonzero(stands_out.any(0))
    if not len(rows):
        return flat
    if 0 < background < 128:  # stretched, so that white stays white
        table = [max(0, (v - background) * 255 // (255 - background)) for v in range(256)]
        flat = flat.point(table * len(flat.getbands()))
    return flat.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _flat(image: Image.Image, *, light: bool) -> Image.Image:
    """Without transparency, on a white or a black background."""
    if image.mode not in ("LA", "RGBA"):
        return image
    background = Image.new("RGBA", image.size, "white" if light else "black")
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")


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
        if not name.lower().endswith(".zip"):
            found.append((name, lambda content=content: content))
            continue
        inside = list_zip(io.BytesIO(content), name)
        if not inside:
            raise DataError(f"{name} holds no image; {pictures.EXPECTED}")
        found += [(str(PurePosixPath(*parts)), read) for parts, read in inside]
    if len(found) > MAX_FILES:
        raise DataError(f"{len(found):,} files; expected at most {MAX_FILES:,} at once")
    return found


def read_uploads(files: Files, shape: tuple[int, int, int], *, progress: Progress) -> UploadBatch:
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
            if pixels > pictures.MAX_TOTAL_PIXELS:
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
