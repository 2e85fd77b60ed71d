"""Contact sheets, opened again: their pages, texts, links and pictures."""

import io

import numpy as np
import pypdf
import pypdfium2
import pytest
from PIL import Image

from vae.pictures.contact_sheet import MAX_CARDS, PAPERS, Card, Look, contact_sheet
from vae.pictures.export_options import ExportError

NOTES = (
    "For Anna: a higher shaft, please, and a thinner sole; see the sketch of Monday. " * 6,
    "Стёганая куртка, Μπότα με τακούνι, vải dệt",
    "靴子、更高一点、颜色更深。请在周一之前给我。",
    "ブーツのヒールを高く",
    "부츠 더 높게",
    "<b>as typed</b> & “so”\nin two lines",
    "a" * 150,
)
LINK = "https://atelier.example/board?b=AbCdEfGhIjKlMnOpQrStUv&x=1"


def cards(count, *, size=56, channels=3):
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, channels))
    return [
        Card(picture, f"{k + 1} · T-shirt/top", f"z {k}.25, -1.00 · from 2", NOTES[k % 7], k % 6)
        for k, picture in enumerate(pixels.astype(np.uint8))
    ]


def words(text):
    """A text without what wrapping adds."""
    return "".join(text.split())


@pytest.mark.parametrize("paper", PAPERS)
def test_a_pdf_has_pages_of_paper_with_all_texts_and_a_link(paper):
    look = Look("Müller & Söhne", "40 images · 2026-11-27", LINK, paper=paper)
    shown = cards(40)
    data = contact_sheet(shown, look)
    pdf = pypdf.PdfReader(io.BytesIO(data))
    sizes = {tuple(map(float, page.mediabox[2:])) for page in pdf.pages}
    assert len(pdf.pages) > 1 and len(sizes) == 1
    assert np.abs(np.subtract(*sizes, PAPERS[paper])).max() < 0.5
    assert pdf.metadata.title == "Müller & Söhne"
    text = words("".join(page.extract_text() for page in pdf.pages))
    for piece in (look.title, look.facts, LINK, f"{len(pdf.pages)} / {len(pdf.pages)}"):
        assert words(piece) in text
    for card in shown:
        after = words(f"{card.title}{'★' * card.stars}{card.note}{card.details}")
        assert after in text, card
    (link,) = pdf.pages[0]["/Annots"]
    assert link.get_object()["/A"]["/URI"] == LINK
    drawn = pypdfium2.PdfDocument(data)
    for k in range(len(drawn)):  # everything is within the margins
        ink = (drawn[k].render().to_numpy() < 200).any(2)
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        width, height = PAPERS[paper]
        assert rows[0] >= 45 and rows[-1] < height - 20
        assert columns[0] >= 45 and columns[-1] < width - 45
    drawn.close()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_pdf_holds_every_picture_with_all_its_pixels(channels):
    shown = cards(3, size=300, channels=channels)
    (page,) = pypdf.PdfReader(io.BytesIO(contact_sheet(shown, Look("Three")))).pages
    found = [np.asarray(image.image.convert("RGBA"))[..., :channels] for image in page.images]
    for card in shown:
        assert any(np.array_equal(card.picture, pixels) for pixels in found)


def test_a_png_is_the_same_sheet_in_one_piece():
    for background, ground in (("dark", (27, 26, 25, 255)), ("transparent", (255, 255, 255, 0))):
        png = contact_sheet(cards(1), Look("A board", background=background), "sheet-png")
        corner = Image.open(io.BytesIO(png)).convert("RGBA").getpixel((0, 0))
        assert corner[3] == ground[3] and (corner == ground or not ground[3])
    sheet = Image.open(io.BytesIO(contact_sheet(cards(32), Look("A board"), "sheet-png")))
    assert sheet.height > 1.5 * sheet.width > 1700
    pixels = np.asarray(sheet.convert("RGB").reduce(2)).astype(int)
    assert (pixels[0] == 255).all()
    apart = np.abs(pixels - pixels.mean(2, keepdims=True)).max(2)
    coloured = (apart > 10).mean(1) > 0.4  # rows of pixels that cross pictures
    assert np.diff(coloured.astype(int)).clip(0).sum() == 8  # in rows of four


def test_long_notes_get_wider_columns_and_unknown_characters_a_sign():
    picture = cards(1)[0].picture
    long = [Card(picture, "1", note="a long note " * 160, stars=5) for _ in range(12)]
    pdf = pypdf.PdfReader(io.BytesIO(contact_sheet(long, Look("Long"))))
    text = words("".join(page.extract_text() for page in pdf.pages))
    assert text.count(words("a long note " * 160)) == 12
    strange = Card(picture, "\x00\ud800 \U0001f600", note="\u0639 \ufffe", details="e\u0301")
    (page,) = pypdf.PdfReader(io.BytesIO(contact_sheet([strange], Look("\x07?")))).pages
    assert "\ufffd" in page.extract_text()


def test_a_sheet_beyond_the_limits_is_refused():
    one = cards(1)
    with pytest.raises(ExportError, match="expected one of white, dark, transparent"):
        contact_sheet(one, Look("", background="green"))
    with pytest.raises(ExportError, match="the paper is 'A5'; expected one of A4, Letter"):
        contact_sheet(one, Look("", paper="A5"))
    with pytest.raises(ExportError, match="expected 1 to 2000"):
        contact_sheet([], Look(""))
    with pytest.raises(ExportError, match="too many for one PNG"):
        contact_sheet(one * MAX_CARDS, Look("", columns=1), "sheet-png")
