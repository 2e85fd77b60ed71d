"""Contact sheets: pictures with captions on pages of paper, as a PDF or as one tall PNG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .export_options import ExportError, check_choice
from .sheet_text import BOLD, SANS, SYMBOLS, Text, draw_below

PAPERS = {"A4": (595.28, 841.89), "Letter": (612.0, 792.0)}  # width and height in points
BACKGROUNDS = {"white": "#ffffff", "dark": "#1b1a19", "transparent": None}
FORMATS = ("sheet-pdf", "sheet-png")
MAX_CARDS = 2000
MAX_PIXELS = 60_000_000  # of a PNG
_MARGIN, _COLUMN_GAP, _ROW_GAP, _CAPTION_GAP, _LINE_GAP = 48.0, 15.0, 20.0, 4.0, 2.0  # points
_TALLEST = 1.3  # of a picture: its height by the width of its column
_COLUMNS = ((2, 4), (3, 9), (4, 32), (6, MAX_CARDS))  # and up to how many cards they are for
_ON_LIGHT = ("#26231f", "#6f6961", "#a8431f")  # text, fainter text, stars and links
_ON_DARK = ("#f1ece5", "#aaa39a", "#f0906a")
rl_config.useA85 = 0  # pictures as bytes: as text they were a quarter larger


@dataclass(frozen=True)
class Card:
    """A picture, uint8 [H, W, C] with C of 1, 3 or 4, and what stands below it: its `title`,
    `stars` and `votes`, a `note`, and fainter `details`."""

    picture: np.ndarray
    title: str
    details: str = ""
    note: str = ""
    stars: int = 0
    votes: int = 0

    @property
    def rating(self) -> str:
        """The stars and the number of votes."""
        return "  ".join(filter(None, ("★" * self.stars, f"♥ {self.votes}" if self.votes else "")))


@dataclass(frozen=True)
class Look:
    """The head of a sheet, a `title`, `facts` and a `link`; its `columns` (0: by the number of
    cards), its `background` and its `paper`."""

    title: str
    facts: str = ""
    link: str = ""
    columns: int = 0
    background: str = "white"
    paper: str = "A4"


def contact_sheet(cards: Sequence[Card], look: Look, format: str = "sheet-pdf") -> bytes:
    """The bytes of a sheet: a PDF of as many pages as it takes, or a PNG as wide as the paper and
    as high as it takes. The PDF holds every picture with all its pixels, without loss."""
    check_choice("format", format, FORMATS)
    check_choice("paper", look.paper, PAPERS)
    check_choice("background", look.background, BACKGROUNDS)
    if not 1 <= len(cards) <= MAX_CARDS:
        raise ExportError(f"the sheet has {len(cards)} images; expected 1 to {MAX_CARDS}")
    layout = _Layout(look, len(cards))
    rows = layout.rows(cards)
    if format == "sheet-pdf":
        return layout.pdf(rows, PAPERS[look.paper][1])
    height = 2 * _MARGIN + layout.head_height + sum(row.height + _ROW_GAP for row in rows)
    of_a_point = cards[0].picture.shape[1] / layout.column  # pixels that the pictures have
    scale = min(max(2.0, min(of_a_point, 4.0)), (MAX_PIXELS / (layout.width * height)) ** 0.5)
    if scale < 1:
        raise ExportError(
            f"{len(cards)} images are too many for one PNG; choose the PDF, or fewer of them"
        )
    return _png(layout.pdf(rows, height), scale)


class _Row(NamedTuple):
    """Cards side by side, each as a picture, its height on the page, and texts."""

    cards: list[tuple[np.ndarray, float, list[Text]]]
    height: float


class _Layout:
    """The measures of a sheet, in points."""

    def __init__(self, look: Look, count: int) -> None:
        self.look = look
        self.width, page_height = PAPERS[look.paper]
        self.inner, self.room = self.width - 2 * _MARGIN, page_height - 2 * _MARGIN
        self.columns = look.columns or next(n for n, most in _COLUMNS if count <= most)
        self.ink, self.faint, self.accent = _ON_DARK if look.background == "dark" else _ON_LIGHT
        self.head = [
            Text(text, font, size, colour, width=self.inner, link=link)
            for text, font, size, colour, link in (
                (look.title, BOLD, 18, self.ink, ""),
                (look.facts, SANS, 9, self.faint, ""),
                (look.link, SANS, 9, self.accent, look.link),
            )
            if text
        ]
        self.head_height = _height(self.head) + _ROW_GAP

    @property
    def column(self) -> float:
        """The width of a column."""
        return (self.inner - (self.columns - 1) * _COLUMN_GAP) / self.columns

    def rows(self, cards: Sequence[Card]) -> list[_Row]:
        """The cards in rows. Where a note is so long that its row would not fit on a page, there
        are fewer columns."""
        while True:
            starts = range(0, len(cards), self.columns)
            rows = [self._row(cards[start : start + self.columns]) for start in starts]
            tallest = max(row.height for row in rows)
            if self.columns == 1 or tallest <= self.room - self.head_height:
                return rows
            self.columns -= 1

    def _row(self, cards: Sequence[Card]) -> _Row:
        small, found = 7.0 if self.columns > 4 else 8.0, []
        for card in cards:
            height, width = card.picture.shape[:2]
            texts = [
                Text(text, font, size, colour, width=self.column)
                for text, font, size, colour in (
                    (card.title, BOLD, small + 0.5, self.ink),
                    (card.rating, SYMBOLS, small + 1, self.accent),
                    (card.note.strip(), SANS, small, self.ink),
                    (card.details, SANS, small, self.faint),
                )
                if text
            ]
            found.append((card.picture, min(height / width, _TALLEST) * self.column, texts))
        tallest = max(height for _, height, _ in found)
        return _Row(found, tallest + _CAPTION_GAP + max(_height(texts) for *_, texts in found))

    def pdf(self, rows: Sequence[_Row], page_height: float) -> bytes:
        """The rows on pages of a height, none of them divided."""
        pages, room = [[]], page_height - 2 * _MARGIN - self.head_height
        for row in rows:
            if pages[-1] and row.height > room:
                pages.append([])
                room = page_height - 2 * _MARGIN
            pages[-1].append(row)
            room -= row.height + _ROW_GAP
        target = io.BytesIO()
        canvas = Canvas(target, (self.width, page_height), lang="en")
        canvas.setTitle(_one_line(self.look.title))
        canvas.setSubject(_one_line(self.look.facts))
        for set_name in (canvas.setAuthor, canvas.setCreator):
            set_name("Latent Atelier")
        for number, page in enumerate(pages, 1):
            self._page(canvas, page, page_height - _MARGIN, head=number == 1)
            if len(pages) > 1:
                canvas.setFillColor(self.faint)
                canvas.setFont(SANS, 8)
                of_all = f"{number} / {len(pages)}"
                canvas.drawRightString(self.width - _MARGIN, _MARGIN / 2, of_all)
            canvas.showPage()
        canvas.save()
        return target.getvalue()

    def _page(self, canvas: Canvas, rows: Sequence[_Row], top: float, *, head: bool) -> None:
        if ground := BACKGROUNDS[self.look.background]:
            canvas.setFillColor(ground)
            canvas.rect(0, 0, self.width, top + _MARGIN, stroke=0, fill=1)
        if head:
            draw_below(canvas, self.head, _MARGIN, top, _LINE_GAP)
            top -= self.head_height
        for row in rows:
            base = top - max(height for _, height, _ in row.cards)
            for index, (picture, height, texts) in enumerate(row.cards):
                left = _MARGIN + index * (self.column + _COLUMN_GAP)
                width = height * picture.shape[1] / picture.shape[0]
                flat = picture[..., 0] if picture.shape[2] == 1 else picture
                image = ImageReader(Image.fromarray(flat))
                canvas.drawImage(image, left, base, width, height, mask="auto")
                draw_below(canvas, texts, left, base - _CAPTION_GAP, _LINE_GAP)
            top -= row.height + _ROW_GAP


def _height(texts: Sequence[Text]) -> float:
    return sum(text.height + _LINE_GAP for text in texts)


def _one_line(text: str) -> str:
    """A text for the metadata."""
    return "".join(c if c.isprintable() else " " for c in text)


def _png(pdf: bytes, scale: float) -> bytes:
    """The only page of a PDF in `scale` pixels a point, transparent where nothing is painted."""
    import pypdfium2

    document, target = pypdfium2.PdfDocument(pdf), io.BytesIO()
    try:
        page = document[0].render(scale=scale, fill_color=(255, 255, 255, 0)).to_pil()
    finally:
        document.close()
    page.save(target, "PNG", dpi=(72 * scale, 72 * scale))
    return target.getvalue()
