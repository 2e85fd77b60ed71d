"""Pictures from foreign bytes: of formats on a list, and under limits on pixels and memory that
are checked in the header, before any pixel is decoded."""

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from .untrusted import DataError, untrusted

# Pillow opens many more, and starts programs for some of them (Ghostscript for EPS).
FORMATS = (
    *("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "DIB", "TIFF", "PPM", "JPEG2000"),
    *("ICO", "PCX", "SGI", "DDS", "QOI"),
)
_BY_NAME = {".tga": "TGA"}  # without a mark at the beginning: any bytes could be one
_HEIF = ("heic", "heix", "hevc", "heim", "heis", "hevm", "hevs", "mif1", "msf1")
# Of names of pictures; whether a file is one is decided by its content.
ENDINGS = frozenset(
    re.findall(
        r"\w+",
        "png apng jpg jpeg jpe jfif mpo webp avif gif bmp dib tif tiff ppm pgm pbm pnm pfm jp2 "
        "j2k jpx jpf tga ico pcx sgi rgb dds qoi heic heif hif",
    )
)
EXPECTED = "expected a picture such as PNG, JPEG, WebP, AVIF, HEIC, TIFF, BMP, GIF or PGM"
MAX_PIXELS = 170_000_000  # of one picture, about where Pillow itself refuses
MAX_TOTAL_PIXELS = 20_000_000_000  # of all pictures that are decoded at once: minutes
MAX_MEMORY = 400_000_000  # bytes, of one picture while it is decoded
_MISSING = 0.25  # of the rows of a picture that is cut short, up to which it is accepted
_lock = threading.Lock()  # of Pillow's switch below, which is global


class PictureError(DataError):
    """A file that is not accepted as a picture."""


def open_picture(content: bytes, name: str) -> Image.Image:
    """A picture whose pixels are not decoded yet; `content` may be the beginning of a file.

    The format is detected from the content. Raises `PictureError`, also for a picture of more
    than 170 megapixels, and for one that takes more than 400 MB while it is decoded.
    """
    Image.init()  # the formats that are not loaded yet
    suffix = _BY_NAME.get(name[-4:].lower())
    formats = [kind for kind in (*FORMATS, suffix) if kind in Image.OPEN]
    if content[4:8] == b"ftyp" and content[8:12].decode("latin-1") in _HEIF:
        formats += _heif()
    with _decoding(name, "is a damaged picture"):
        try:
            image = Image.open(io.BytesIO(content), formats=formats)
        except UnidentifiedImageError as error:
            raise PictureError(f"{name:.99} {_unknown(content)}; {EXPECTED}") from error
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name:.99} has far too many pixels; save it smaller") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name:.99} has {width} x {height} pixels; at most {MAX_PIXELS / 1e6:.0f} million, "
            "save it smaller"
        )
    return image


def _unknown(content: bytes) -> str:
    return "is no picture that can be read" if content else "is empty"


@cache
def _heif() -> tuple[str, ...]:
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        return ("HEIF",)
    return ()


def is_deep(image: Image.Image) -> bool:
    """Whether a picture has more than 8 bits per value; such pictures are grey."""
    return image.mode.startswith("I") or image.mode == "F"


def value_range(image: Image.Image, name: str) -> tuple[float, float]:
    """The least and the largest finite value of a deep picture; (inf, -inf) without any."""
    low, high = np.inf, -np.inf
    with _decoding(name, "is cut short or damaged"):
        for strip in _strips(image):
            finite = strip[np.isfinite(strip)] if strip.dtype.kind == "f" else strip
            if finite.size:
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return low, high


def decode(
    image: Image.Image,
    name: str,
    *,
    near: tuple[int, int] | None = None,
    levels: tuple[float, float] = (0, 65_535),
    white: float = 255,
) -> Image.Image:
    """The first picture of a file from `open_picture`, upright, as L, LA, RGB, RGBA or CMYK.

    A JPEG is decoded at the least of its sizes that is at least `near`, width and height.
    `levels` are the values that become 0 and 255 in a deep picture, and `white` the one that
    becomes 255 in others. A picture that lacks its last rows is completed. Raises `PictureError`.
    """
    if near and image.format in ("JPEG", "MPO"):
        turned = image.getexif().get(0x0112, 1) > 4 if image.format else False
        image.draft(None, near[::-1] if turned else near)
    memory = image.width * image.height * _bytes_per_pixel(image)
    if memory > MAX_MEMORY:
        width, height = image.size
        raise PictureError(
            f"{name:.99} takes {memory / 1e6:.0f} MB to read ({image.format}, {image.mode}, "
            f"{width} x {height} pixels); at most {MAX_MEMORY / 1e6:.0f} MB, save it smaller"
        )
    with _decoding(name, "is cut short or damaged"):
        _load(image)
        icc, exif = image.info.get("icc_profile"), image.info.get("exif")
        if is_deep(image):
            image = _eight_bits(image, levels)
        elif image.mode not in ("L", "LA", "RGB", "RGBA", "CMYK"):
            transparent = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
            grey = image.mode == "1"
            image = image.convert("L" if grey else "RGBA" if transparent else "RGB")
        elif "transparency" in image.info and image.mode in ("L", "RGB"):
            image = image.convert("LA" if image.mode == "L" else "RGBA")
        if white != 255 and image.mode in ("L", "RGB"):
            table = [min(255, round(v * 255 / white)) for v in range(256)]
            image = image.point(table * len(image.getbands()))
        image.info = {k: v for k, v in (("icc_profile", icc), ("exif", exif)) if v}
        return ImageOps.exif_transpose(image)


def _load(image: Image.Image) -> None:
    """Decodes the pixels, also of a file that lacks its end, unless too much is missing."""
    try:
        image.load()
        return
    except OSError as error:
        if "truncated" not in str(error).lower() and "broken" not in str(error).lower():
            raise
        failed = error
    content = image.fp.getvalue() if isinstance(image.fp, io.BytesIO) else b""
    with _lock:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    # What is missing, at the end or in a BMP at the top, is of one value: that of the last block
    # of a JPEG, 0 elsewhere.
    rows = np.asarray(image.convert("L"))
    for part in (rows, rows[::-1]):
        differs = np.flatnonzero((part != part[-1, -1]).any(1))
        if not len(differs) or differs[-1] + 1 < (1 - _MISSING) * len(rows):
            break
    else:
        return
    if image.format not in ("JPEG", "MPO") or _missing_rows(content) > _MISSING:
        raise failed


def _missing_rows(content: bytes) -> float:
    """The share of the rows of a JPEG that is cut short which its bytes do not tell: those that
    change with what follows. Plain rows at its end may be there or not."""
    found = []
    for more in (b"", bytes(range(1, 255)) * 2):
        image = Image.open(io.BytesIO(content + more + b"\xff\xd9"), formats=["JPEG"])
        image.draft(None, (256, 256))
        found.append(np.asarray(image.convert("L")))
    differs = np.flatnonzero((found[0] != found[1]).any(1))
    return 1 - differs[0] / len(found[0]) if len(differs) else 0.0


@contextmanager
def _decoding(name: str, failed: str) -> Iterator[None]:
    with (
        warnings.catch_warnings(action="ignore"),  # what is too large is refused
        untrusted(name, failed, "save it again", PictureError),
    ):
        yield


def _strips(image: Image.Image) -> Iterator[np.ndarray]:
    step = max(1, 1_000_000 // image.width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        yield np.asarray(image.crop((0, top, image.width, bottom)))


def _eight_bits(image: Image.Image, levels: tuple[float, float]) -> Image.Image:
    """Grey values scaled from `levels`, a strip at a time; what is no number becomes black."""
    low, high = levels
    values, top = np.empty(image.size[::-1], np.uint8), 0
    for strip in _strips(image):
        scaled = (strip.astype(np.float64) - low) * (255 / (high - low or 1))
        scaled = np.nan_to_num(scaled, nan=0, posinf=255, neginf=0)
        values[top : top + len(strip)] = scaled.clip(0, 255).round()
        top += len(strip)
    return Image.fromarray(values)


def _bytes_per_pixel(image: Image.Image) -> int:
    """Of the decoded picture, of its conversion, and of the decoder's buffers, as measured."""
    stored = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;") else 4
    as_is = is_deep(image) or image.mode in ("1", "L", "LA", "RGB", "RGBA")
    buffers = {"WEBP": 12, "AVIF": 8, "HEIF": 8, "JPEG2000": 12}.get(image.format or "", 0)
    return stored + (1 if as_is else 4) + buffers
