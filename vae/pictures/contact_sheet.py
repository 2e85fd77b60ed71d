"""Contact sheets: many pictures on one page with captions, as PNG or for the printer as PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .animation import ExportError

GROUNDS = {"white": "#ffffff", "dark": "#1b1a19", "transparent": None}
LIMIT_PICTURES = 2000
LIMIT_PIXELS = 100_000_000
_DPI = 300


def contact_sheet(
    pictures: np.ndarray,
    captions: Sequence[str] | None = None,
    *,
    columns: int = 0,
    ground: str = "white",
    title: str = "",
) -> Image.Image:
    """uint8 pictures [N, H, W, C], C of 1, 3 or 4, row by row with a gap, each above its caption.

    `columns`: about square where 0.
    """
    if ground not in GROUNDS:
        raise ExportError(f"the ground is {ground!r}; expected one of {', '.join(GROUNDS)}")
    count, height, width = pictures.shape[:3]
    if not 1 <= count <= LIMIT_PICTURES:
        raise ExportError(f"the sheet has {count} pictures; expected 1 to {LIMIT_PICTURES}")
    columns = min(count, columns or max(1, round(count**0.5)))
    rows = -(-count // columns)
    gap = max(4, width // 12)
    size = min(max(9, width // 9), 40)
    font = ImageFont.load_default(size)
    below = round(1.6 * size) if captions else 0
    above = round(2.6 * size) if title else 0
    full = (gap + columns * (width + gap), above + gap + rows * (height + below + gap))
    if full[0] * full[1] > LIMIT_PIXELS:
        raise ExportError(
            f"the sheet is {full[0]} x {full[1]} pixels; at most {LIMIT_PIXELS / 1e6:.0f} "
            "million, choose a smaller size or fewer pictures"
        )
    colour = GROUNDS[ground]
    page = Image.new("RGBA", full, colour or (0, 0, 0, 0))
    ink = "#e9e5df" if ground == "dark" else "#3a3631"
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((gap, gap), title, ink, ImageFont.load_default(round(1.4 * size)))
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        left = gap + column * (width + gap)
        top = above + gap + row * (height + below + gap)
        image = Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
        if image.mode == "RGBA":
            page.alpha_composite(image, (left, top))
        else:
            page.paste(image, (left, top))
        if captions:
            words = _fitted(captions[index], font, width)
            draw.text((left, top + height + size // 4), words, ink, font)
    return page if colour is None else page.convert("RGB")


def transparent(picture: np.ndarray) -> np.ndarray:
    """A grey picture uint8 [H, W] on black as the item alone, [H, W, 4]: how bright becomes how
    opaque, so that on black it looks as it did."""
    opaque = picture.astype(np.uint16)
    # Dark folds inside an item must not become holes: half a brightness is solid already.
    alpha = np.minimum(255, 2 * opaque)
    light = np.where(alpha > 0, np.minimum(255, opaque * 255 // np.maximum(alpha, 1)), 0)
    return np.dstack([light] * 3 + [alpha]).astype(np.uint8)


def png_bytes(image: Image.Image) -> bytes:
    """The bytes of a PNG file."""
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def pdf_bytes(pages: Sequence[Image.Image]) -> bytes:
    """The bytes of a PDF with a sheet a page at 300 dots an inch, white where it is clear."""
    if not pages:
        raise ExportError("the PDF has no pages; choose 1 picture or more")
    flat = []
    for page in pages:
        paper = Image.new("RGB", page.size, "white")
        paper.paste(page, mask=page.getchannel("A") if page.mode == "RGBA" else None)
        flat.append(paper)
    target = io.BytesIO()
    flat[0].save(target, "PDF", save_all=True, append_images=flat[1:], resolution=_DPI)
    return target.getvalue()


def _fitted(words: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Words that are no wider than a picture, cut with an ellipsis."""
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words.rstrip() + "…"
