"""Pictures that people bring: opened with care, and made to look like the images of a data set."""

from __future__ import annotations

import io
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..errors import AtelierError

FORMATS = ("PNG", "JPEG", "WEBP")
LIMIT_BYTES = 10_000_000
LIMIT_PIXELS = 16_000_000
_SMALLEST = 8  # pixels a side
_SEEN = 24  # grey values from the ground by which an item stands out


class UploadError(AtelierError):
    """A file that is no picture we take: one sentence with what came and what was expected."""


class Preparation(NamedTuple):
    """How a picture is made into an image of the data set.

    `invert`: the item is darker than its ground. `centre`: cut to the item and fitted into the
    frame. `crop`: left, top, right and bottom edge as shares of the picture, cut first.
    """

    invert: bool = False
    centre: bool = True
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


AS_IT_IS = Preparation(invert=False, centre=False)


def open_image(data: bytes, name: str = "the file") -> Image.Image:
    """The first picture in PNG, JPEG or WebP bytes, upright, as L, LA, RGB or RGBA.

    The content decides about the format, and the header about the size, before any pixel is
    decoded.
    """
    wanted = "expected a PNG, JPEG or WebP picture"
    check_size(len(data), name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb is refused below, by a limit of our own
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise UploadError(_too_large(name, "far more than that")) from error
        raise UploadError(f"{name} is no picture that can be read; {wanted}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UploadError(f"{name} is a damaged picture; {wanted}") from error
    width, height = image.size
    if width * height > LIMIT_PIXELS:
        raise UploadError(_too_large(name, f"{width} x {height}"))
    if min(width, height) < _SMALLEST:
        raise UploadError(
            f"{name} is {width} x {height} pixels; expected {_SMALLEST} or more on each side"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            image = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UploadError(f"{name} is cut short or damaged; {wanted} that is whole") from error
    return _eight_bits(image)


def check_size(count: int, name: str) -> None:
    """Refuses a file of more bytes than a picture may have, before or after it was read."""
    if count > LIMIT_BYTES:
        raise UploadError(
            f"{name} has {count / 1e6:.1f} MB; at most {LIMIT_BYTES / 1e6:.0f} MB, save it smaller"
        )


def suggest(image: Image.Image) -> Preparation:
    """What `open_image`'s picture needs: inverted where its ground is light, and centred."""
    grey = np.asarray(_flat(image, light=True).convert("L"))
    clear = image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema()[0] < 128
    if clear:  # the ground is nothing; it is the item that must come out bright
        alpha = np.asarray(image.getchannel("A")) > 127
        inside = np.asarray(image.convert("L"))[alpha]
        return Preparation(invert=bool(len(inside) and np.median(inside) < 110))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return Preparation(invert=bool(np.median(border) > 127))


def needed(image: Image.Image, shape: tuple[int, int, int]) -> Preparation:
    """What is suggested, but a picture of the data set's own size is taken as it is."""
    return AS_IT_IS if image.size == (shape[2], shape[1]) else suggest(image)


def prepare(image: Image.Image, shape: tuple[int, int, int], how: Preparation) -> np.ndarray:
    """uint8 [C, H, W] of a data set's shape: cropped, inverted, centred and resized, the item
    bright on a black ground."""
    channels, height, width = shape
    left, top, right, bottom = how.crop
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise UploadError(f"the crop is {how.crop}; expected shares from 0 to 1, left below right")
    box = (
        round(left * image.width),
        round(top * image.height),
        max(round(right * image.width), round(left * image.width) + 1),
        max(round(bottom * image.height), round(top * image.height) + 1),
    )
    # Clear parts become the ground, which is white where the picture is to be inverted.
    flat = _flat(image.crop(box), light=how.invert).convert("L" if channels == 1 else "RGB")
    if how.invert:
        flat = ImageOps.invert(flat)
    if how.centre:
        flat = _item(flat)
    # Items fill the frame on their longer side, as those of Fashion-MNIST do.
    fitted = ImageOps.contain(flat, (width, height), Image.Resampling.LANCZOS)
    frame = Image.new(flat.mode, (width, height))
    frame.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
    return np.asarray(frame).reshape(height, width, channels).transpose(2, 0, 1).copy()


def _item(flat: Image.Image) -> Image.Image:
    """Cut to what stands out from the ground, which becomes black."""
    grey = np.asarray(flat.convert("L")).astype(int)
    ground = int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    stands_out = grey > min(ground, 127) + _SEEN
    rows, columns = np.flatnonzero(stands_out.any(1)), np.flatnonzero(stands_out.any(0))
    if not len(rows):
        return flat
    values = np.asarray(flat).astype(int)
    if 0 < ground < 128:  # the paper's shade goes, the item keeps its white
        values = np.clip((values - ground) * 255 // (255 - ground), 0, 255)
    lifted = Image.fromarray(values.astype(np.uint8))
    return lifted.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _flat(image: Image.Image, *, light: bool) -> Image.Image:
    """Without transparency: on white, or on black."""
    if image.mode not in ("LA", "RGBA"):
        return image
    ground = Image.new("RGBA", image.size, "white" if light else "black")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """L, LA, RGB or RGBA of any picture; 16 bits are scaled, where Pillow itself would clip."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image).astype(np.float64)
        return Image.fromarray(np.clip(values / 257, 0, 255).round().astype(np.uint8))
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    clear = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def _too_large(name: str, size: str) -> str:
    return f"{name} has {size} pixels; at most {LIMIT_PIXELS / 1e6:.0f} million, save it smaller"
