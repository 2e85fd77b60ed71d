"""Contact sheets: many images with captions on one page, for the screen or for print."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .export_options import ExportError, check_choice
from .grid import encode_png

BACKGROUNDS = {"white": "#ffffff", "dark": "#1b1a19", "transparent": None}
MAX_IMAGES = 2000
MAX_PIXELS = 100_000_000
_DPI = 300


def make_contact_sheet(
    images: Sequence[np.ndarray],
    captions: Sequence[str] | None = None,
    *,
    columns: int = 0,
    background: str = "white",
    title: str = "",
) -> Image.Image:
    """uint8 images [H, W, C] of one size, C of 1, 3 or 4, row by row, each above its caption. With
    `columns` 0 the sheet is about square."""
    check_choice("background", background, BACKGROUNDS)
    count = len(images)
    if not 1 <= count <= MAX_IMAGES:
        raise ExportError(f"the sheet has {count} images; expected 1 to {MAX_IMAGES}")
    height, width = images[0].shape[:2]
    columns = min(count, columns or max(1, round(count**0.5)))
    rows = -(-count // columns)
    gap = max(4, width // 12)
    font_size = min(max(9, width // 9), 40)
    font = ImageFont.load_default(font_size)
    caption_height = round(1.6 * font_size) if captions else 0
    title_height = round(2.6 * font_size) if title else 0
    across, down = width + gap, height + caption_height + gap  # from one image to the next
    page_width, page_height = gap + columns * across, title_height + gap + rows * down
    if page_width * page_height > MAX_PIXELS:
        raise ExportError(
            f"the sheet is {page_width} x {page_height} pixels; at most "
            f"{MAX_PIXELS / 1e6:.0f} million, choose a smaller size or fewer images"
        )
    page = Image.new("RGBA", (page_width, page_height), BACKGROUNDS[background] or (0, 0, 0, 0))
    ink = "#e9e5df" if background == "dark" else "#3a3631"
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((gap, gap), title, ink, ImageFont.load_default(round(1.4 * font_size)))
    for index, pixels in enumerate(images):
        row, column = divmod(index, columns)
        left, top = gap + column * across, title_height + gap + row * down
        image = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
        page.alpha_composite(image.convert("RGBA"), (left, top))
        if captions:
            caption = _truncate(captions[index], font, width)
            draw.text((left, top + height + font_size // 4), caption, ink, font)
    return page if background == "transparent" else page.convert("RGB")


def encode_sheet(sheet: Image.Image, format: str) -> bytes:
    """The bytes of one sheet in the format "sheet-png" or "sheet-pdf"."""
    return encode_pdf([sheet]) if format == "sheet-pdf" else encode_png(sheet)


def encode_pdf(pages: Sequence[Image.Image]) -> bytes:
    """The bytes of a PDF at 300 dots per inch, one sheet per page, white where transparent."""
    if not pages:
        raise ExportError("the PDF has no pages; choose 1 image or more")
    opaque = []
    for page in pages:
        opaque.append(Image.new("RGB", page.size, "white"))
        opaque[-1].paste(page, mask=page.getchannel("A") if page.mode == "RGBA" else None)
    target = io.BytesIO()
    opaque[0].save(target, "PDF", save_all=True, append_images=opaque[1:], resolution=_DPI)
    return target.getvalue()


def _truncate(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Text no wider than `width` pixels, cut with an ellipsis."""
    fitting = text
    while text and font.getlength(fitting) > width:
        text = text[:-1]
        fitting = text.rstrip() + "…"
    return fitting
