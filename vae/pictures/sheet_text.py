"""Text on the pages of a PDF: fonts, and the markup of texts in any script.

IBM Plex Sans has Latin, Greek and Cyrillic letters. Chinese, Japanese and Korean are in fonts that
PDF readers bring (and draw only where the system has one). A character that is in none of them is
shown as U+FFFD, the replacement character.
"""

import functools
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

SANS, BOLD, SYMBOLS = "IBMPlexSans-Regular", "IBMPlexSans-SemiBold", "ZapfDingbats"
_FOLDER = Path(__file__).parent / "fonts"
_NUMBER, _IN_SANS = re.compile(r"\d+"), rf'<font name="{SANS}">\g<0></font>'  # among symbols
_LINE = 1.32  # the height of a line by the size of its font
# Fonts of the readers, and the characters that are taken from them.
_READERS_FONTS = {
    "HYSMyeongJo-Medium": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "HeiseiKakuGo-W5": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "STSong-Light": "\u2e80-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff65",
}
_OTHER_SCRIPT = re.compile("|".join(f"([{them}]+)" for them in _READERS_FONTS.values()))


class Text:
    """A paragraph of plain `text` in a font, a size and a colour, wrapped to a width; `height` and
    width are in points. With a `link` it can be clicked."""

    def __init__(
        self, text: str, font: str, size: float, colour: str, *, width: float, link: str = ""
    ) -> None:
        _register_fonts()
        style = ParagraphStyle(
            "", fontName=font, fontSize=size, leading=_LINE * size, textColor=colour
        )
        words = _NUMBER.sub(_IN_SANS, text) if font == SYMBOLS else _markup(text)
        if link:
            words = f'<a href="{escape(link)}" color="{colour}">{words}</a>'
        self._paragraph = Paragraph(words, style)
        self.height = self._paragraph.wrap(width, 1e6)[1]

    def draw(self, canvas: Canvas, left: float, top: float) -> None:
        self._paragraph.drawOn(canvas, left, top - self.height)


def draw_below(canvas: Canvas, texts: Sequence[Text], left: float, top: float, gap: float) -> None:
    """Draws texts one below the other."""
    for text in texts:
        text.draw(canvas, left, top)
        top -= text.height + gap


def _markup(text: str) -> str:
    """A text as reportlab's markup, with the fonts of its scripts."""
    known, names = _known_characters(), list(_READERS_FONTS)
    shown = "".join(
        c if ord(c) in known or c == "\n" or _OTHER_SCRIPT.match(c) else "\ufffd"
        for c in text.strip()
    )
    return _OTHER_SCRIPT.sub(
        lambda found: f'<font name="{names[found.lastindex - 1]}">{found[0]}</font>', escape(shown)
    ).replace("\n", "<br/>")


@functools.cache
def _register_fonts() -> None:
    for name in (SANS, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / f"{name}.ttf")))
    for name in _READERS_FONTS:
        pdfmetrics.registerFont(UnicodeCIDFont(name))


@functools.cache
def _known_characters() -> frozenset[int]:
    """What both faces of the font have."""
    faces = [pdfmetrics.getFont(name).face.charToGlyph for name in (SANS, BOLD)]
    return frozenset(faces[0].keys() & faces[1].keys())
