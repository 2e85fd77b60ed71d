"""How a picture becomes an image: shape, colours, ground, and the same result every time."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from vae.config import Preparation
from vae.formats.pictures import PictureError
from vae.preparation.picture import prepare, read, used_part


def encoded(image, kind="PNG", **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def stripes(width, height):
    """Red at the left, green in the middle, blue at the right third."""
    image = Image.new("RGB", (width, height), (0, 255, 0))
    third = width // 3
    image.paste((255, 0, 0), (0, 0, third, height))
    image.paste((0, 0, 255), (width - third, 0, width, height))
    return image


def columns(image):
    """The colours of the middle row, as letters."""
    row = image[:, image.shape[1] // 2]
    return "".join(
        "rgb"[k] if v > 200 else "." for k, v in zip(row.argmax(0), row.max(0), strict=True)
    )


COLOUR = {"height": 12, "width": 12, "channels": 3}


@pytest.mark.parametrize(
    ("fit", "size", "expected"),
    [
        ("crop", (36, 12), "gggggggggggg"),
        ("stretch", (36, 12), "rrrrggggbbbb"),
        ("pad", (36, 12), "rrrrggggbbbb"),
        ("pad", (12, 36), "....r..b...."),
        ("crop", (12, 36), "rrrrggggbbbb"),
        ("crop", (12, 12), "rrrrggggbbbb"),
    ],
)
def test_the_fit(fit, size, expected):
    how = Preparation(**COLOUR, fit=fit, ground="#000000")
    found = prepare(stripes(*size), how)
    assert found.shape == (3, 12, 12) and columns(found) == expected
    if fit == "pad" and size == (36, 12):
        assert not found[:, :4].any() and not found[:, -4:].any()


def test_rectangles_are_height_by_width():
    found = prepare(stripes(36, 12), Preparation(6, 18, 3))
    assert found.shape == (3, 6, 18) and columns(found) == "r" * 6 + "g" * 6 + "b" * 6


def test_transparent_parts_show_the_ground_and_colours_under_them_do_not_bleed():
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 0] = 255  # red everywhere, seen nowhere but in a black square
    pixels[16:48, 16:48] = (0, 0, 0, 255)
    image = Image.fromarray(pixels)
    for ground, corner in (("#ffffff", (255, 255, 255)), ("#204060", (32, 64, 96))):
        found = prepare(image, Preparation(16, 16, 3, ground=ground))
        assert tuple(found[:, 0, 0]) == corner and not found[:, 8, 8].any()
        edge = found[:, 8].astype(int)
        assert (abs(edge[0] - edge[1]) <= abs(corner[0] - corner[1])).all()  # no red
    assert prepare(image, Preparation(16, 16, 1))[0, 0, 0] == 255
    for mode in ("LA", "PA"):
        assert prepare(image.convert("LA"), Preparation(16, 16, 1)).max() == 255, mode


def test_profiles_of_other_colours_are_followed():
    """The same numbers mean other colours in another space: LAB's a of a grey is none."""
    lab = ImageCms.createProfile("LAB")
    plain = Image.new("RGB", (8, 8), (200, 30, 30))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    how = Preparation(8, 8, 3)
    assert tuple(read(encoded(plain, icc_profile=srgb), "x", how)[:, 0, 0]) == (200, 30, 30)
    assert tuple(read(encoded(plain, icc_profile=b"none"), "x", how)[:, 0, 0]) == (200, 30, 30)
    wrong = ImageCms.ImageCmsProfile(lab).tobytes()  # of another kind than the picture
    assert tuple(read(encoded(plain, icc_profile=wrong), "x", how)[:, 0, 0]) == (200, 30, 30)
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = read(encoded(ink, "JPEG", quality=95), "x", how)[:, 4, 4]
    assert red[0] > 200 and red[1] < 60 and red[2] < 60


def test_inversion_and_the_border():
    light = Image.new("L", (20, 20), 250)
    light.paste(10, (5, 5, 15, 15))
    for invert, corner in (("no", 250), ("yes", 5), ("auto", 5)):
        assert prepare(light, Preparation(20, 20, invert=invert))[0, 0, 0] == corner
    dark = Image.new("L", (20, 20), 5)
    assert prepare(dark, Preparation(20, 20, invert="auto"))[0, 0, 0] == 5


def test_an_upright_picture_is_cropped_as_it_is_seen():
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    how, image = Preparation(12, 12, 3, fit="stretch"), stripes(36, 12)
    content = encoded(image.transpose(Image.Transpose.ROTATE_90), "TIFF", exif=exif)
    assert columns(read(content, "x", how)) == "rrrrggggbbbb"
    assert set(columns(read(content, "x", how, (0, 0, 1 / 3, 1)))) == {"r"}
    assert set(columns(read(content, "x", how, (0.7, 0, 1, 1)))) == {"b"}
    for crop in ((0.5, 0, 0.5, 1), (-1, 0, 1, 1), (0, 0, 1, float("nan"))):
        with pytest.raises(PictureError, match="expected fractions from 0 to 1"):
            read(content, "x", how, crop)


def test_long_lines_of_pixels_take_little_memory():
    for size in ((2_000_000, 8), (8, 900_000), (9_000_000, 1)):
        for fit in ("crop", "pad", "stretch"):
            assert prepare(Image.new("L", size, 9), Preparation(fit=fit)).shape == (1, 28, 28)


def test_an_image_of_the_size_of_an_item_is_the_data_set_s_own():
    image = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))
    how = Preparation(invert="auto", centre=True, fit="pad")
    assert not np.array_equal(prepare(image, how)[0], image)
    own = Preparation(invert="auto", centre=True, fit="pad", exact=True)
    assert np.array_equal(prepare(image, own)[0], image)


def two_items():
    """A square and a tall box, dark on a ground that gets darker to the right."""
    pixels = np.tile(np.linspace(230, 160, 200)[None, :, None], (120, 1, 3))
    pixels[20:60, 20:60] = pixels[40:100, 130:150] = 50
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("invert", ["auto", "yes"])
@pytest.mark.parametrize("around", [-0.01, 0, 0.02, 0.05])
def test_a_crop_close_around_an_item_shows_the_item_bright_on_black(invert, around):
    how = Preparation(centre=True, invert=invert, fit="pad", exact=True)
    left, top, right, bottom = 130 / 200, 40 / 120, 150 / 200, 100 / 120
    image = prepare(
        two_items(), how, (left - around, top - around, right + around, bottom + around)
    )
    assert image[0, :, 11:17].min() > 100  # 28 high and 9 wide
    assert image[0, :, :8].max() < 30 and image[0, :, 20:].max() < 30


def test_a_crop_of_the_size_of_an_item_is_prepared():
    how = Preparation(invert="auto", centre=True, fit="pad", exact=True)
    image = Image.new("L", (56, 56), 255)
    image.paste(0, (8, 8, 20, 20))
    assert prepare(image, how, (0, 0, 0.5, 0.5)).min() > 200  # the item fills it


def test_the_part_that_is_used_is_the_item_the_middle_or_all():
    item = Preparation(centre=True, invert="auto", fit="pad", exact=True)
    image = two_items().crop((0, 0, 100, 120))
    assert np.allclose(used_part(image, item), (0.2, 1 / 6, 0.6, 0.5), atol=0.03)
    large = image.resize((1000, 1200))
    assert np.allclose(used_part(large, item), (0.2, 1 / 6, 0.6, 0.5), atol=0.03)
    assert used_part(image.resize((28, 28)), item) == (0, 0, 1, 1)
    for fit, expected in (("crop", (0, 1 / 12, 1, 11 / 12)), ("pad", (0, 0, 1, 1))):
        how = Preparation(12, 12, fit=fit)
        assert np.allclose(used_part(image, how), expected)
        shown = prepare(image, how, used_part(image, how))
        assert np.array_equal(shown, prepare(image, how))
