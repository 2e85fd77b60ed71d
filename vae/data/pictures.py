"""Pictures from foreign bytes: of formats on a list, and under limits on pixels and memory that
are checked in the header, before any pixel is decoded."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .dataset import DataError
from .untrusted import untrusted

# Pillow opens many more, and starts programs for some of them (Ghostscript for EPS).
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
UPLOADED = FORMATS[:3]  # of single pictures
EXPECTED = "expected a PNG, JPEG or WebP picture"
MAX_PIXELS = 16_000_000  # of one picture
MAX_TOTAL_PIXELS = 20_000_000_000  # of all pictures that are read at once: minutes of decoding
MAX_MEMORY = 100_000_000  # bytes, of one picture while it is decoded
_TOO_MANY = f"pixels; at most {MAX_PIXELS / 1e6:.0f} million, save it smaller"


class PictureError(DataError):
    """A file that is not accepted as a picture."""


def open_picture(content: bytes, name: str, formats: Sequence[str] = FORMATS) -> Image.Image:
    """A picture whose pixels are not decoded yet; `content` may be the beginning of a file.

    The format is detected from the content. Raises `PictureError`, also for a picture of more
    than 16 megapixels, and for one that takes more than 100 MB while it is decoded.
    """
    with _decoding(name, "is a damaged picture"):
        try:
            image = Image.open(io.BytesIO(content), formats=formats)
        except UnidentifiedImageError as error:
            raise PictureError(f"{name:.99} is no picture that can be read; {EXPECTED}") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name:.99} has far too many {_TOO_MANY}") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PictureError(f"{name:.99} has {width} x {height} {_TOO_MANY}")
    memory = width * height * _bytes_per_pixel(image) + len(content)
    if memory > MAX_MEMORY:
        raise PictureError(
            f"{name:.99} takes {memory / 1e6:.0f} MB to read ({image.format}, {image.mode}, "
            f"{width} x {height} pixels); at most {MAX_MEMORY / 1e6:.0f} MB, save it smaller"
        )
    return image


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits per value; such pictures are grey."""
    return image.mode.startswith("I") or image.mode == "F"


def extrema(image: Image.Image, name: str) -> tuple[float, float]:
    """The least and the largest value of a deep picture from `open_picture`."""
    with _decoding(name, "is cut short or damaged"):
        return image.getextrema()


def decode(image: Image.Image, name: str, *, white: float = 65_535) -> Image.Image:
    """The first picture of a file from `open_picture` as L, LA, RGB or RGBA, not yet upright;
    in one of more than 8 bits `white` becomes 255. Raises `PictureError`."""
    with _decoding(name, "is cut short or damaged"):
        image.load()
        if is_deep(image):
            return _eight_bits(image, white)
        if image.mode in ("L", "LA", "RGB", "RGBA"):
            return image
        transparent = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
        return image.convert("L" if image.mode == "1" else "RGBA" if transparent else "RGB")


def square(image: Image.Image, size: int) -> np.ndarray:
    """A picture from `decode`, upright and without transparency, uint8 [1 or 3, size, size]: the
    shorter side scaled to fit, the longer cropped, without scaling what is cropped."""
    short, box = min(image.size), []
    if max(image.size) > 8 * short:  # too far for `box`, which is of single precision
        left, top = ((side - short) // 2 for side in image.size)
        image = image.crop((left, top, left + short, top + short))
    for side in image.size:  # torchvision's resize and center_crop, in one step
        scaled = size * side // short
        start = round((scaled - size) / 2)
        box.append((start * side / scaled, (start + size) * side / scaled))
    edges, planes = [edge for ends in zip(*box, strict=True) for edge in ends], []
    for band in "L" if image.mode in ("L", "LA") else "RGB":  # one by one, to save memory
        plane = image.getchannel(band).resize((size, size), Image.Resampling.BILINEAR, box=edges)
        planes.append(np.asarray(ImageOps.exif_transpose(plane)))
    return np.stack(planes)


@contextmanager
def _decoding(name: str, failed: str) -> Iterator[None]:
    with (
        warnings.catch_warnings(action="ignore"),  # what is too large is refused
        untrusted(name, failed, "save it again", PictureError),
    ):
        yield


def _eight_bits(image: Image.Image, white: float) -> Image.Image:
    """Grey values scaled so that `white` becomes 255, a strip at a time."""
    values, step = np.empty(image.size[::-1], np.uint8), max(1, 1_000_000 // image.width)
    for top in range(0, image.height, step):
        strip = np.asarray(image.crop((0, top, image.width, min(top + step, image.height))))
        scaled = np.multiply(strip, 255 / white, dtype=np.float64)
        values[top : top + step] = np.nan_to_num(scaled).clip(0, 255).round()
    grey = Image.fromarray(values)
    grey.info = image.info  # tells the orientation
    return grey


def _bytes_per_pixel(image: Image.Image) -> int:
    """Of the decoded picture, of its conversion, and of the decoder's buffers, as measured."""
    stored = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;") else 4
    as_is = is_deep(image) or image.mode in ("1", "L", "LA", "RGB", "RGBA")
    return stored + (1 if as_is else 4) + (12 if image.format == "WEBP" else 0)
