"""Uploaded pictures: opened under limits, and converted to images like those of a data set."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from . import pictures
from .pictures import PictureError as UploadError

MAX_BYTES = 10_000_000
MAX_SIDE = 2048  # pixels, to which larger pictures are reduced
_MIN_SIDE = 8  # pixels
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


def open_image(data: bytes, name: str = "the file") -> Image.Image:
    """The first picture in the bytes of a file, upright, as L, LA, RGB or RGBA, reduced to
    `MAX_SIDE` pixels. Raises `UploadError`."""
    return upright(check_header(data, name), name)


def check_header(data: bytes, name: str) -> Image.Image:
    """A picture whose pixels are not decoded yet."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB"
        raise UploadError(f"{name} has {size}, save it smaller")
    image = pictures.open_picture(data, name, pictures.UPLOADED)
    if min(image.size) < _MIN_SIDE:
        width, height = image.size
        raise UploadError(
            f"{name} is {width} x {height} pixels; expected {_MIN_SIDE} or more each"
        )
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
