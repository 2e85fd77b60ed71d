"""Boards as files that other tools open: contact sheets, pictures, outlines, tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .. import boards
from ..files import csv_table
from ..pictures import contact_sheet, svg, upscale
from ..pictures.animation import ExportError
from .item import Board, Item

# format -> the suffix of its files
SUFFIXES = {"zip": "zip", "sheet-png": "png", "sheet-pdf": "pdf", "csv": "csv", "json": "json"}
MOST = 400  # pictures of one file; a table has as many rows as there are items
SMALLEST, LARGEST = 28, 1024  # pixels of a picture's height
LIMIT_PIXELS = 100_000_000  # of all pictures of a file together
_WHITE = 255


@dataclass(frozen=True)
class Recipe:
    """What file is wanted: its format, a picture's height, how it is enlarged, what lies behind
    it (one of `sheets.GROUNDS`)."""

    format: str
    size: int = 224
    how: str = "refined"
    ground: str = "white"


def make(
    board: Board,
    items: Sequence[Item],
    pictures: np.ndarray,
    recipe: Recipe,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """The bytes of one file of some of a board's items and their decoded `pictures`, uint8
    [n, H, W]. `progress(done, of)` hears of every picture; what it raises ends the work. Raises
    `ExportError` for what is beyond the limits, before anything is enlarged."""
    if recipe.format not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise ExportError(f"the format is {recipe.format!r}; expected one of {known}")
    if recipe.format == "json":
        return boards.export(board, items).encode()
    if recipe.format == "csv":
        return _table(items).encode()
    _check(len(items), pictures.shape, recipe)
    # A picture is enlarged first and, in the .zip, traced and packed after: two steps each.
    whole = recipe.format == "zip"
    steps = len(items) * (2 if whole else 1)
    heard = progress or (lambda done, of: None)
    large = []
    for done, small in enumerate(pictures):
        heard(done, steps)
        large.append(upscale.as_bytes(small[..., None], recipe.size, recipe.how)[..., 0])
    if not whole:
        sheet = _sheet(board, items, large, recipe)
        png = recipe.format == "sheet-png"
        return contact_sheet.png_bytes(sheet) if png else contact_sheet.pdf_bytes([sheet])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("board.json", boards.export(board, items))
        archive.writestr("board.csv", _table(items))
        try:
            sheet = _sheet(board, items, large, recipe)
            archive.writestr("sheet.png", contact_sheet.png_bytes(sheet))
            archive.writestr("sheet.pdf", contact_sheet.pdf_bytes([sheet]))
        except ExportError as error:
            archive.writestr("sheet-was-left-out.txt", f"{error}.\n")
        for index, (item, picture) in enumerate(zip(items, large, strict=True)):
            heard(len(items) + index, steps)
            name = f"{index + 1:03}-{item.id}"
            image = Image.fromarray(_on_ground(picture, recipe.ground))
            archive.writestr(f"png/{name}.png", contact_sheet.png_bytes(image))
            drawn = svg.svg(picture / np.float32(255), title=item.note or item.step)
            archive.writestr(f"svg/{name}.svg", drawn)
    return target.getvalue()


def _check(count: int, shape: tuple[int, ...], recipe: Recipe) -> None:
    if not 1 <= count <= MOST:
        raise ExportError(f"{count} pictures are chosen; expected 1 to {MOST}, select fewer")
    if recipe.ground not in contact_sheet.GROUNDS:
        known = ", ".join(contact_sheet.GROUNDS)
        raise ExportError(f"the ground is {recipe.ground!r}; expected one of {known}")
    if not SMALLEST <= recipe.size <= LARGEST:
        raise ExportError(f"the size is {recipe.size} pixels; expected {SMALLEST} to {LARGEST}")
    _, height, width = shape
    pixels = count * recipe.size**2 * width / height
    if pixels > LIMIT_PIXELS:
        raise ExportError(
            f"{count} pictures of this size have {pixels / 1e6:.0f} million pixels; at most "
            f"{LIMIT_PIXELS / 1e6:.0f} million, choose a smaller size or fewer pictures"
        )


def _sheet(board: Board, items: Sequence[Item], large: list, recipe: Recipe) -> Image.Image:
    captions = [item.note or item.step or item.model for item in items]
    # On paper and on clear ground the items lie cut out of their black.
    cut = (lambda p: p[..., None]) if recipe.ground == "dark" else contact_sheet.transparent
    stack = np.stack([cut(picture) for picture in large])
    return contact_sheet.contact_sheet(stack, captions, ground=recipe.ground, title=board.name)


def _on_ground(picture: np.ndarray, ground: str) -> np.ndarray:
    """uint8 [H, W] as it was decoded, on white, or [H, W, 4] on nothing."""
    if ground == "dark":
        return picture
    cut = contact_sheet.transparent(picture)
    if ground == "transparent":
        return cut
    opaque = cut[..., 3].astype(np.uint32)
    mixed = cut[..., 0] * opaque + _WHITE * (255 - opaque)
    return ((mixed + 127) // 255).astype(np.uint8)


def _table(items: Sequence[Item]) -> str:
    latent = max((len(item.z) for item in items), default=0)
    axes = [f"z{k + 1}" for k in range(latent)]

    def row(item: Item) -> list:
        code = [*item.z, *[None] * (latent - len(item.z))]
        rest = [item.stars, item.note, item.step, " ".join(item.parents)]
        return [item.id, item.model, item.digest, *code, item.label, item.seed, *rest]

    return csv_table.to_csv(
        ["id", "model", "digest", *axes, "label", "seed", "stars", "note", "step", "parents"],
        map(row, items),
    )
