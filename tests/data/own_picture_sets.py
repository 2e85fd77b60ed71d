"""Small data sets of picture files of every format, mode and shape, as `own_sets`."""

import io
import struct

import numpy as np
from own_sets import BIRDS, Expected, coloured, item, own_set, packed, put
from PIL import Image, ImageDraw

LEFT, RIGHT, MIDDLE = (0.5, 0.25), (0.5, 0.75), (0.5, 0.5)


def folder(make, kind="PNG", classes=BIRDS, each=4, ending="png", **options):
    """Pictures `make(k, i)` in class folders."""
    return {
        f"{name}/{i}.{ending}": packed(make(k, i), kind, **options)
        for k, name in enumerate(classes)
        for i in range(each)
    }


def transparent(k: int, ink: int, *, mode: str = "RGBA") -> Image.Image:
    """A square of one grey value on nothing; below the transparent parts are other colours."""
    image = Image.fromarray(np.full((32, 32, 3), (0, 255, 0), np.uint8))
    mask = Image.fromarray(item(k))
    image.paste((ink, ink, ink), mask=mask)
    image = image.convert(mode[:-1])
    image.putalpha(mask)
    return image


@own_set
def colours(at):
    return put(at, folder(lambda k, i: coloured(k, turn=i))), Expected(
        12, BIRDS, channels=3, ground=None
    )


@own_set
def black_logos(at):
    files = folder(lambda k, i: transparent(k, 0))
    report = ("transparent parts on white",)
    return put(at, files), Expected(12, BIRDS, ground=255, report=report)


@own_set
def white_logos(at):
    files = folder(lambda k, i: transparent(k, 255), "WEBP", ending="webp", lossless=True)
    report = ("transparent parts on black",)
    return put(at, files), Expected(12, BIRDS, report=report)


@own_set
def black_and_white_logos(at):
    files = folder(lambda k, i: transparent(k, 255 * (i % 2)))
    report = ("transparent parts on #808080",)
    return put(at, files), Expected(12, BIRDS, ground=128, report=report)


@own_set
def grey_with_transparency(at):
    files = folder(lambda k, i: transparent(k, 40, mode="LA"))
    files["wren/9.png"] = packed(transparent(2, 0, mode="LA"))
    return put(at, files), Expected(13, BIRDS, ground=255)


@own_set
def palette_with_transparency(at):
    def make(k, i):
        image = Image.fromarray(item(k, ink=1))
        image.putpalette([0, 255, 0, 200, 0, 0])
        return image

    files = folder(make, transparency=0)
    return put(at, files), Expected(12, BIRDS, channels=3, ground=255)


@own_set
def palettes(at):
    files = folder(lambda k, i: Image.fromarray(coloured(k, turn=i)).quantize(8))
    return put(at, files), Expected(12, BIRDS, channels=3, ground=None)


@own_set
def palettes_of_greys(at):
    files = folder(lambda k, i: Image.fromarray(item(k, turn=i)).convert("P"), "GIF", ending="gif")
    return put(at, files), Expected(12, BIRDS)


@own_set
def grey_stored_as_colour(at):
    files = folder(lambda k, i: Image.fromarray(item(k, turn=i)).convert("RGB"), "JPEG")
    files["crow/0.png"] = packed(item(0))
    return put(at, files), Expected(12, BIRDS)


@own_set
def cmyk(at):
    files = folder(
        lambda k, i: Image.fromarray(coloured(k)).convert("CMYK"), "JPEG", ending="jpg", quality=95
    )
    return put(at, files), Expected(12, BIRDS, channels=3, ground=None)


@own_set
def twelve_bits(at):
    files = folder(lambda k, i: item(k, turn=i).astype(np.uint16) * 16)
    report = ("values from 0 to 4080 scaled to 0 to 255",)
    return put(at, files), Expected(12, BIRDS, report=report)


@own_set
def sixteen_bits_beside_eight(at):
    files = folder(lambda k, i: item(k, turn=i).astype(np.uint16) * 257)
    files["owl/9.png"] = packed(item(1))
    return put(at, files), Expected(13, BIRDS)


@own_set
def floats_with_gaps(at):
    def make(k, i):
        values = item(k, turn=i).astype(np.float32) / 100 - 1
        values[31, 15] = np.nan
        return values

    files = folder(make, "TIFF", ending="tif")
    return put(at, files), Expected(12, BIRDS, report=("values from -1 to 1.55 scaled",))


@own_set
def whole_numbers_of_32_bits(at):
    files = folder(lambda k, i: item(k, turn=i).astype(np.int32), "TIFF", ending="tiff")
    return put(at, files), Expected(12, BIRDS)


@own_set
def masks_of_0_and_1(at):
    files = folder(lambda k, i: item(k, ink=1))
    return put(at, files), Expected(12, BIRDS, report=("values from 0 to 1 scaled to 0 to 255",))


@own_set
def bilevel(at):
    files = folder(
        lambda k, i: Image.fromarray(item(k, turn=i)).convert("1"), "TIFF", ending="tif"
    )
    return put(at, files), Expected(12, BIRDS)


@own_set
def every_format(at):
    kinds = {"avif": "AVIF", "jp2": "JPEG2000", "pgm": "PPM", "tga": "TGA", "bmp": "BMP"}
    kinds |= {"ico": "ICO", "jfif": "JPEG", "tif": "TIFF", "webp": "WEBP", "gif": "GIF"}
    kinds |= {"JPG": "JPEG", "pcx": "PCX", "qoi": "QOI", "dds": "DDS"}
    files = {}
    for k, name in enumerate(BIRDS):
        image = Image.fromarray(item(k))
        for ending, kind in kinds.items():
            colour = image.convert("RGB") if kind in ("QOI", "DDS", "AVIF", "WEBP") else image
            files[f"{name}/{ending}.{ending}"] = packed(colour, kind)
    return put(at, files), Expected(42, BIRDS)


@own_set
def endings_that_lie(at):
    files = {}
    for k, name in enumerate(BIRDS):
        files[f"{name}/a.jpg"] = packed(item(k, turn=1))
        files[f"{name}/b.png"] = packed(item(k, turn=2), "JPEG")
        files[f"{name}/c"] = packed(item(k, turn=3))
    return put(at, files), Expected(9, BIRDS)


@own_set
def heic(at):
    try:
        import pillow_heif
    except ImportError:
        return at, Expected(0, (), optional="pillow_heif")
    files = {}
    for k, name in enumerate(BIRDS):
        for i in range(3):
            stream = io.BytesIO()
            image = Image.fromarray(coloured(k, side=64, turn=i))
            pillow_heif.from_pillow(image).save(stream, quality=95)
            files[f"{name}/IMG_{i}.HEIC"] = stream.getvalue()
    return put(at, files), Expected(9, BIRDS, channels=3, ground=None, optional="pillow_heif")


@own_set
def animations(at):
    """Only the first picture counts."""
    files = {}
    for k, name in enumerate(BIRDS):
        first, *more = (Image.fromarray(coloured(n)) for n in (k, 9, 12))
        options = {"save_all": True, "append_images": more, "duration": 100}
        files[f"{name}/a.gif"] = packed(first, "GIF", **options)
        files[f"{name}/b.webp"] = packed(first, "WEBP", lossless=True, **options)
        files[f"{name}/c.png"] = packed(first, "PNG", **options)
    return put(at, files), Expected(9, BIRDS, channels=3, ground=None)


def _photograph(orientation: int) -> bytes:
    """24 megapixels, a dark disc at the left of a light ground, as a turned camera keeps it."""
    image = Image.new("L", (6000, 4000), 230)
    ImageDraw.Draw(image).ellipse((1000, 1500, 2000, 2500), fill=10)
    turns = {1: None, 3: Image.Transpose.ROTATE_180, 8: Image.Transpose.ROTATE_270}
    if turns[orientation] is not None:
        image = image.transpose(turns[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    return packed(image, "JPEG", quality=40, exif=exif.tobytes())


@own_set
def phone_photographs(at):
    files = {f"IMG_{n}.jpg": _photograph(n) for n in (1, 3, 8)}
    centres = dict.fromkeys(("IMG",), LEFT)
    return put(at / "trip", files), Expected(
        3, ("trip",), 1, ground=230, marked=False, size=(40, 60), centres=centres
    )


def _wide(left: bool, *, height: int = 24, width: int = 240) -> np.ndarray:
    image = np.zeros((height, width), np.uint8)
    image[10:14, width // 2] = 90  # so that cropping leaves something
    start = 10 if left else width - 30
    image[2:-2, start : start + 20] = 255
    return image


@own_set
def panoramas(at):
    files = {f"{'left' if i % 2 else 'right'} {i}.png": packed(_wide(i % 2 > 0)) for i in range(9)}
    centres = {"left": (0.5, 20 / 240), "right": (0.5, 220 / 240)}
    return put(at / "wide", files), Expected(
        9, ("left", "right"), marked=False, size=48, centres=centres, report=("padded to 48 x 48",)
    )


@own_set
def tall_pictures(at):
    files = {f"pages/{i}.png": packed(_wide(True).T.copy()) for i in range(9)}
    return put(at, files), Expected(
        9, ("pages",), marked=False, size=48, centres={"": (20 / 240, 0.5)}, report=("padded",)
    )


@own_set
def wide_and_tall(at):
    files = {f"a_{i}.jpg": packed(_wide(True), "JPEG", quality=95) for i in range(5)}
    files |= {f"b_{i}.jpg": packed(_wide(True).T.copy(), "JPEG", quality=95) for i in range(5)}
    centres = {"a": (0.5, 20 / 240), "b": (20 / 240, 0.5)}
    return put(at, files), Expected(10, ("a", "b"), marked=False, size=48, centres=centres)


@own_set
def rectangles(at):
    files = {f"{i}.png": packed(_wide(i % 2 > 0)) for i in range(9)}
    return put(at / "strips", files), Expected(
        9, ("strips",), marked=False, size=(16, 160), report=()
    )


@own_set
def mixed_sizes(at):
    files = folder(lambda k, i: item(k, side=(12, 32, 100, 333)[i]))
    return put(at, files), Expected(12, BIRDS)


@own_set
def damaged_files_among_good_ones(at):
    files = folder(lambda k, i: item(k, turn=i), "JPEG", ending="jpg")
    whole = packed(item(0), "JPEG")
    files["crow/last bytes.jpg"] = whole[:-2]
    files["crow/cut.jpg"] = whole[: len(whole) // 3]
    files |= {"owl/empty.jpg": b"", "owl/text.jpg": "<html>404</html>", "wren/notes.docx": "PK"}
    report = ("cut.jpg", "empty.jpg", "text.jpg", "notes.docx")
    return put(at, files), Expected(13, BIRDS, report=report)


@own_set
def profile_of_another_colour_space(at):
    """A grey profile of gamma 1: 128 of 255 is bright."""
    files = folder(lambda k, i: item(k, turn=i), icc_profile=_linear_grey())
    return put(at, files), Expected(12, BIRDS)


def _linear_grey() -> bytes:
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 256) + b"\0\0",
    }
    table, body, begin = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", begin + len(body), len(value))
        body += value
    head = struct.pack(
        ">I4sI4s4s4s12x4s", 0, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp"
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    whole = head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]
