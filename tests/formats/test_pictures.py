"""Pictures: formats on a list, limits read from the header."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from vae.formats import pictures
from vae.formats.pictures import PictureError, decode, open_picture


def encoded(image, kind="PNG", **options):
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(image, kind="PNG", **options):
    return decode(open_picture(encoded(image, kind, **options), "x"), "x")


def test_only_formats_on_the_list_are_opened_and_no_program_is_started(tmp_path, monkeypatch):
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for kind in ("EPS", "PDF", "TGA"):
        with pytest.raises(PictureError, match="no picture that can be read; expected a picture"):
            open_picture(encoded(Image.new("L", (9, 9)), kind), "x.png").load()
    assert not (tmp_path / "started").exists()
    for kind in {*pictures.FORMATS, "TGA", "MPO"} - {"QOI"}:
        name = "x.tga" if kind == "TGA" else "x"
        found = decode(open_picture(encoded(Image.new("RGB", (16, 16)), kind), name), name)
        assert found.size == (16, 16), kind


def test_files_that_lack_their_last_bytes_are_read_and_half_files_refused():
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (60, 80, 3)).astype(np.uint8))
    for kind in ("JPEG", "PNG", "BMP", "TIFF", "PPM"):
        content = encoded(image, kind)
        whole = np.asarray(opened(image, kind)).astype(int)
        for missing in (1, 2, len(content) // 50):
            found = np.asarray(decode(open_picture(content[:-missing], "x"), "x"))
            same = (abs(found - whole) < 40).mean((1, 2)) > 0.9  # rows
            assert same.mean() > 0.9, (kind, missing)
        with pytest.raises(PictureError, match="cut short"):
            decode(open_picture(content[: len(content) // 2], "x"), "x")


def test_a_large_jpeg_is_decoded_near_the_wanted_size_also_lying_on_its_side():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (8000, 6000), (9, 99, 200)), "JPEG", exif=exif, quality=20)
    found = decode(open_picture(content, "x"), "x", near=(128, 128))
    assert found.size == (750, 1000) and found.getpixel((9, 9)) == pytest.approx((9, 99, 200), 9)
    assert decode(open_picture(content, "x"), "x", near=(4000, 4000)).size == (6000, 8000)


def test_memory_is_estimated_from_the_header(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_MEMORY", 1_000_000)
    for mode, kind, side, allowed in [
        ("RGB", "PNG", 400, True), ("RGBA", "PNG", 400, True), ("P", "PNG", 400, True),
        ("CMYK", "TIFF", 400, False), ("RGB", "WEBP", 400, False), ("RGB", "WEBP", 200, True),
        ("L", "BMP", 400, True), ("L", "BMP", 1100, False),
    ]:  # fmt: skip
        image = open_picture(encoded(Image.new(mode, (side, side)), kind), "x")
        if allowed:
            decode(image, "x")
        else:
            with pytest.raises(PictureError, match="at most 1 MB, save it smaller"):
                decode(image, "x")


def test_what_pillow_raises_becomes_one_sentence(monkeypatch):
    palette = encoded(Image.new("P", (9, 9), 3), transparency=b"\0" * 200)

    def broken(*_):
        raise IndexError("a\nb")

    assert decode(open_picture(palette, "x"), "x").mode in ("RGB", "RGBA")
    monkeypatch.setattr(Image.Image, "convert", broken)
    with pytest.raises(PictureError, match=r"x\.png is cut short or damaged \(a b\)"):
        decode(open_picture(palette, "x.png"), "x.png")


def test_the_levels_of_deep_pictures_become_0_and_255():
    deep = Image.fromarray(np.array([[100, 4095], [2098, 100]], np.uint16))
    assert pictures.value_range(open_picture(encoded(deep), "x"), "x") == (100, 4095)
    found = decode(open_picture(encoded(deep), "x"), "x", levels=(100, 4095))
    assert np.asarray(found).tolist() == [[0, 255], [128, 0]]
    floats = Image.fromarray(np.array([[0.5, np.nan], [1, 0]], np.float32))
    content = encoded(floats, "TIFF")
    assert pictures.value_range(open_picture(content, "x"), "x") == (0, 1)
    assert np.asarray(decode(open_picture(content, "x"), "x", levels=(0, 1))).tolist() == [
        [128, 0], [255, 0],
    ]  # fmt: skip
