"""Uploaded pictures: valid ones are prepared like the data set, others are rejected."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

import vae
from vae.config import Preparation
from vae.data.load import ITEMS
from vae.data.uploads import open_image, plain, read_upload
from vae.formats.pictures import PictureError
from vae.preparation.picture import has_dark_item

ITEM = Preparation(**ITEMS)


def read(data, how=ITEM, crop=(0, 0, 1, 1)):
    return read_upload(data, "shirt.png", vars(how), crop)


def encoded(image, kind="PNG", **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def shirt(ground, ink, size=(200, 120), mode="L"):
    """A block with two arms, off centre."""
    image = Image.new(mode, size, ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 20, 90, 100), fill=ink)
    draw.rectangle((15, 20, 105, 45), fill=ink)
    return image


def header_of(width, height):
    """A PNG whose header claims a large size, with almost no content."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + start + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_dark_on_light_and_light_on_dark_come_out_the_same(kind):
    made = []
    for ground, ink in ((250, 20), (5, 235)):
        content = encoded(shirt(ground, ink), kind)
        assert has_dark_item(open_image(content)) == (ground > 127)
        made.append(read(content).astype(int))
    assert made[0].shape == (1, 28, 28)
    assert abs(made[0] - made[1]).mean() < 6
    item = made[0][0] > 60
    rows, columns = np.flatnonzero(item.any(1)), np.flatnonzero(item.any(0))
    # The longer side fills the frame, the shorter is in the middle.
    assert columns[0] <= 1 and columns[-1] >= 26
    assert abs(rows[0] - (27 - rows[-1])) <= 1
    assert made[0][0, 0, 0] < 10


def test_images_of_the_data_set_are_unchanged():
    images = vae.load_dataset("fashion-mnist-starter").test.images[:40]
    apart = []
    for picture in images:
        apart.append(abs(read(encoded(Image.fromarray(picture[0]))) - picture.astype(int)))
    assert np.max(apart) == 0


def test_a_transparent_background_is_not_part_of_the_item():
    for ink in ((20, 20, 20, 255), (240, 240, 240, 255)):
        made = read(encoded(shirt((0, 0, 0, 0), ink, mode="RGBA")))[0]
        assert made[0, 0] < 10 and made[14, 14] > 200


def test_16_bit_palette_cmyk_and_rotated_pictures():
    deep = Image.fromarray((np.asarray(shirt(0, 255)).astype(np.uint16)) * 257)
    assert np.asarray(open_image(encoded(deep))).max() == 255
    assert open_image(encoded(shirt(0, 255).convert("P"))).mode in ("L", "RGB")
    assert open_image(encoded(shirt(0, 255).convert("CMYK"), "JPEG")).mode == "RGB"
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    turned = open_image(encoded(shirt(0, 255), "JPEG", exif=exif))
    assert turned.size == (120, 200)


def test_an_animation_gives_its_first_picture():
    frames = [shirt(0, 255), shirt(255, 0)]
    moving = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert np.asarray(open_image(moving).convert("L"))[0, 0] == 0


def test_the_crop_is_applied_first():
    content = encoded(shirt(0, 255))
    assert read(content, plain(ITEM), (0, 0, 0.05, 1)).max() == 0
    with pytest.raises(PictureError, match="expected fractions"):
        read(content, crop=(0.5, 0, 0.5, 1))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty; expected a picture"),
        (b"hello, I am a text", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
        (encoded(shirt(0, 255))[:120], "cut short or damaged"),
        (encoded(shirt(0, 255), "JPEG")[:700], "cut short or damaged"),
        (header_of(5000, 5000), "cut short or damaged"),
        (header_of(13_200, 13_200), "13200 x 13200 pixels; at most 170 million"),
        (header_of(200_000, 200_000), "far too many pixels"),
        (header_of(100, 100), "cut short or damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 53_000_000, "53.0 MB; at most 50 MB"),
    ],
)
def test_a_file_that_is_no_picture_is_rejected_with_one_sentence(data, words):
    with pytest.raises(PictureError, match=words) as caught:
        open_image(data, "shirt.png")
    assert str(caught.value).startswith("shirt.png ") and "\n" not in str(caught.value)


def test_any_damaged_file_gives_a_picture_or_an_PictureError():
    """A thousand damaged files: bytes changed, lost, added, cut off."""
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (24, 30, 3), np.uint8))
    whole = [encoded(picture, kind) for kind in ("PNG", "JPEG", "WEBP")]
    whole.append(encoded(picture.convert("P"), "PNG"))
    whole.append(encoded(picture.convert("CMYK"), "JPEG"))
    opened = 0
    for round in range(1000):
        data = bytearray(whole[round % len(whole)])
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(data) if rng.random() < 0.7 else 64))
            match rng.integers(4):
                case 0:
                    data[at : at + 1] = rng.bytes(1)
                case 1:
                    del data[at : at + int(rng.integers(1, 8))]
                case 2:
                    data[at:at] = rng.bytes(int(rng.integers(1, 8)))
                case _:
                    del data[max(64, at) :]
        try:
            image = read(bytes(data))
        except PictureError as error:
            assert "\n" not in str(error)
        else:
            opened += 1
            assert image.shape == (1, 28, 28)
    assert 50 < opened < 1500
