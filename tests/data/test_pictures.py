"""Pictures: formats on a list, limits read from the header, and the square of the data set."""

import io
import os

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from vae.data import pictures
from vae.data.pictures import PictureError, decode, open_picture, square


def encoded(image, kind="PNG", **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(image, kind="PNG", **options):
    return decode(open_picture(encoded(image, kind, **options), "x"), "x")


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("shape", [(40, 30), (28, 28), (9, 70), (8, 8), (481, 640)])
def test_a_square_is_that_of_torchvision(mode, shape):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, shape if mode == "L" else (*shape, 3), np.uint8)
    image = Image.fromarray(pixels)
    scaled = v2.functional.resize(v2.functional.pil_to_tensor(image), [28], antialias=True)
    expected = v2.functional.center_crop(scaled, [28, 28]).numpy().astype(int)
    assert abs(square(image, 28) - expected).max() <= (0 if shape == (28, 28) else 1)


def test_a_line_of_pixels_is_cropped_before_it_is_scaled():
    for size in ((2_000_000, 8), (8, 900_000), (16_000_000, 1)):
        assert square(opened(Image.new("L", size, 9)), 28).shape == (1, 28, 28)


def test_transparency_is_dropped_and_the_picture_upright():
    assert square(Image.new("RGBA", (9, 9), (1, 2, 3, 0)), 8)[:, 0, 0].tolist() == [1, 2, 3]
    assert square(Image.new("LA", (9, 9), (7, 0)), 8).shape == (1, 8, 8)
    exif, half = Image.Exif(), Image.fromarray(np.repeat([0, 255], 8).astype(np.uint8)[None])
    exif[0x0112] = 3  # upside down
    found = square(opened(half.resize((16, 16), 0), "TIFF", exif=exif), 8)
    assert found[0, 0, 0] == 255 and found[0, 0, -1] == 0


def test_only_formats_on_the_list_are_opened_and_no_program_is_started(tmp_path, monkeypatch):
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    contents = [encoded(Image.new("L", (9, 9)), kind) for kind in ("EPS", "PPM", "TGA", "DDS")]
    for content in contents:
        with pytest.raises(PictureError, match="no picture that can be read; expected a PNG"):
            open_picture(content, "x.png").load()
    assert not (tmp_path / "started").exists()
    for kind in pictures.FORMATS:
        assert opened(Image.new("L", (9, 9)), kind).size == (9, 9)


def test_memory_is_estimated_from_the_header(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_MEMORY", 1_000_000)
    for mode, kind, side, allowed in [
        ("RGB", "PNG", 400, True), ("RGBA", "PNG", 400, True), ("P", "PNG", 400, True),
        ("CMYK", "TIFF", 400, False), ("RGB", "WEBP", 400, False), ("RGB", "WEBP", 200, True),
        ("L", "BMP", 400, True), ("L", "BMP", 600, False),
    ]:  # fmt: skip
        content = encoded(Image.new(mode, (side, side)), kind, compression="tiff_deflate")
        if allowed:
            open_picture(content, "x")
        else:
            with pytest.raises(PictureError, match="at most 1 MB, save it smaller"):
                open_picture(content, "x")


def test_what_pillow_raises_becomes_one_sentence(monkeypatch):
    palette = encoded(Image.new("P", (9, 9), 3), transparency=b"\0" * 200)

    def broken(*_):
        raise IndexError("a\nb")

    assert decode(open_picture(palette, "x"), "x").mode in ("RGB", "RGBA")
    monkeypatch.setattr(Image.Image, "convert", broken)
    with pytest.raises(PictureError, match=r"x\.png is cut short or damaged \(a b\)"):
        decode(open_picture(palette, "x.png"), "x.png")


def test_white_of_deep_pictures_becomes_255():
    deep = Image.fromarray(np.full((9, 9), 4095, np.uint16))
    assert np.asarray(decode(open_picture(encoded(deep), "x"), "x", white=4095)).max() == 255
    assert np.asarray(opened(deep)).max() == 16
    floats = Image.fromarray(np.full((9, 9), 0.5, np.float32))
    found = decode(open_picture(encoded(floats, "TIFF"), "x"), "x", white=1)
    assert found.mode == "L" and np.asarray(found).max() == 128
