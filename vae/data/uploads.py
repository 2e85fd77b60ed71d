"""Uploaded pictures: opened under limits, and converted to images like those of a data set."""

import io
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import AtelierError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 10_000_000
MAX_PIXELS = 16_000_000
_MIN_SIDE = 8  # pixels
_CONTRAST = 24  # grey levels above the background from which a pixel belongs to the item


class UploadError(AtelierError):
    """A file that is not accepted as a picture."""


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
    """The first picture in PNG, JPEG or WebP bytes, upright, as L, LA, RGB or RGBA.

    The format is detected from the content and the size read from the header before any pixel is
    decoded. Raises `UploadError`.
    """
    expected = "expected a PNG, JPEG or WebP picture"
    check_size(len(data), name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # larger pictures are refused below
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UploadError(_too_large(name, "far more")) from error
    except UnidentifiedImageError as error:
        raise UploadError(f"{name} is no picture that can be read; {expected}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UploadError(f"{name} is a damaged picture; {expected}") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UploadError(_too_large(name, f"{width} x {height}"))
    if min(width, height) < _MIN_SIDE:
        raise UploadError(
            f"{name} is {width} x {height} pixels; expected {_MIN_SIDE} or more each"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UploadError(f"{name} is cut short or damaged; {expected} that is whole") from error
    return _eight_bits(image)


def check_size(count: int, name: str) -> None:
    """Raises `UploadError` for a file of more than `MAX_BYTES`."""
    if count > MAX_BYTES:
        size = f"{count / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB"
        raise UploadError(f"{name} has {size}, save it smaller")


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
    grey = np.asarray(flat.convert("L")).astype(int)
    background = int(_background(grey))
    stands_out = grey > min(background, 127) + _CONTRAST
    rows, columns = np.flatnonzero(stands_out.any(1)), np.flatnonzero(stands_out.any(0))
    if not len(rows):
        return flat
    values = np.asarray(flat).astype(int)
    if 0 < background < 128:  # stretched, so that white stays white
        values = np.clip((values - background) * 255 // (255 - background), 0, 255)
    stretched = Image.fromarray(values.astype(np.uint8))
    return stretched.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _flat(image: Image.Image, *, light: bool) -> Image.Image:
    """Without transparency, on a white or a black background."""
    if image.mode not in ("LA", "RGBA"):
        return image
    background = Image.new("RGBA", image.size, "white" if light else "black")
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Any picture as L, LA, RGB or RGBA; 16 bits are scaled, which Pillow would clip."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float64)
        return Image.fromarray(np.clip(values / 257, 0, 255).round().astype(np.uint8))
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    transparent = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def _too_large(name: str, size: str) -> str:
    return f"{name} has {size} pixels; at most {MAX_PIXELS / 1e6:.0f} million, save it smaller"
