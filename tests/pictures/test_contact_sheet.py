"""Contact sheets, opened again."""

import io

import numpy as np
import pytest
from PIL import Image

from vae.pictures.animation import ExportError
from vae.pictures.contact_sheet import BACKGROUNDS, encode_pdf, make_contact_sheet
from vae.pictures.grid import encode_png


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 56, 56, 1)).astype(np.uint8)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_image_is_on_the_sheet_unchanged(images, background):
    page = make_contact_sheet(
        images, [f"n {k}" for k in range(7)], columns=3, background=background
    )
    opened = Image.open(io.BytesIO(encode_png(page)))
    assert opened.mode == ("RGBA" if background == "transparent" else "RGB")
    found = np.array(opened)[..., 0]
    for picture in images[..., 0]:
        places = np.argwhere(found[:-55, :-55] == picture[0, 0])
        assert any(np.array_equal(found[r : r + 56, c : c + 56], picture) for r, c in places), (
            "an image is missing"
        )
    corner = opened.getpixel((0, 0))
    expected = {"white": (255, 255, 255), "dark": (27, 26, 25), "transparent": (0, 0, 0, 0)}
    assert corner == expected[background]


def test_long_captions_are_truncated(images):
    plain = make_contact_sheet(images, columns=7)
    named = make_contact_sheet(images, ["a word " * 20] * 7, columns=7, title="A board")
    assert named.height > plain.height and named.width == plain.width
    below = np.array(named.convert("L"))[-10:, :]
    gaps = [below[:, 4 + 60 * k - 3 : 4 + 60 * k] for k in range(1, 7)]
    assert all((gap == 255).all() for gap in gaps), "a caption runs into its neighbour"


def test_a_pdf_has_all_pages(images):
    page = make_contact_sheet(images, background="transparent")
    raw = encode_pdf([page, page])
    assert raw.startswith(b"%PDF-") and raw.count(b"/Type /Page\n") == 2
    assert b"/Count 2" in raw


def test_a_sheet_beyond_the_limits_is_refused(images):
    with pytest.raises(ExportError, match="expected one of white, dark, transparent"):
        make_contact_sheet(images, background="green")
    with pytest.raises(ExportError, match="expected 1 to 2000"):
        make_contact_sheet(images[:0])
    with pytest.raises(ExportError, match="at most 100 million"):
        make_contact_sheet(np.zeros((2, 9000, 9000, 1), np.uint8))
    with pytest.raises(ExportError, match="no pages"):
        encode_pdf([])
