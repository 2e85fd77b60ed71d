"""Contact sheets, opened again."""

import io

import numpy as np
import pytest
from PIL import Image

from vae.pictures import contact_sheet
from vae.pictures.animation import ExportError


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (7, 56, 56, 1)).astype(np.uint8)


@pytest.mark.parametrize("ground", contact_sheet.GROUNDS)
def test_every_picture_is_on_the_sheet_unchanged(pictures, ground):
    page = contact_sheet.contact_sheet(
        pictures, [f"n {k}" for k in range(7)], columns=3, ground=ground
    )
    opened = Image.open(io.BytesIO(contact_sheet.png_bytes(page)))
    assert opened.mode == ("RGBA" if ground == "transparent" else "RGB")
    found = np.array(opened)[..., 0]
    for picture in pictures[..., 0]:
        places = np.argwhere(found[:-55, :-55] == picture[0, 0])
        assert any(np.array_equal(found[r : r + 56, c : c + 56], picture) for r, c in places), (
            "a picture is missing"
        )
    corner = opened.getpixel((0, 0))
    expected = {"white": (255, 255, 255), "dark": (27, 26, 25), "transparent": (0, 0, 0, 0)}
    assert corner == expected[ground]


def test_captions_and_titles_are_written_and_cut_where_too_long(pictures):
    plain = contact_sheet.contact_sheet(pictures, columns=7)
    named = contact_sheet.contact_sheet(pictures, ["a word " * 20] * 7, columns=7, title="A board")
    assert named.height > plain.height and named.width == plain.width
    below = np.array(named.convert("L"))[-10:, :]
    gaps = [below[:, 4 + 60 * k - 3 : 4 + 60 * k] for k in range(1, 7)]
    assert all((gap == 255).all() for gap in gaps), "a caption runs into its neighbour"


def test_a_pdf_has_its_pages_and_is_white_where_clear(pictures):
    page = contact_sheet.contact_sheet(pictures, ground="transparent")
    raw = contact_sheet.pdf_bytes([page, page])
    assert raw.startswith(b"%PDF-") and raw.count(b"/Type /Page\n") == 2
    assert b"/Count 2" in raw


def test_a_transparent_item_looks_the_same_on_black():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgba = contact_sheet.transparent(grey)
    black = Image.new("RGBA", (16, 16), "black")
    black.alpha_composite(Image.fromarray(rgba))
    assert abs(np.array(black)[..., 0].astype(int) - grey).max() <= 1
    assert rgba[0, 0, 3] == 0 and (rgba[8:, :, 3] == 255).all()


def test_what_cannot_be_laid_out_is_said(pictures):
    with pytest.raises(ExportError, match="expected one of white, dark, transparent"):
        contact_sheet.contact_sheet(pictures, ground="green")
    with pytest.raises(ExportError, match="expected 1 to 2000"):
        contact_sheet.contact_sheet(pictures[:0])
    with pytest.raises(ExportError, match="at most 100 million"):
        contact_sheet.contact_sheet(np.zeros((2, 9000, 9000, 1), np.uint8))
    with pytest.raises(ExportError, match="no pages"):
        contact_sheet.pdf_bytes([])
