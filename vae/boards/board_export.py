"""Boards as files for other programs: contact sheets, images, outlines, drawings, tables."""

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from .. import boards
from ..files import csv_table
from ..garments import to_svg as drawn_svg
from ..garments.estimate import estimate
from ..pictures.contact_sheet import BACKGROUNDS, Card, Look, contact_sheet
from ..pictures.cut_out import cut_out, has_ground, over
from ..pictures.export_options import ExportError, ExportOptions, check_choice, check_height
from ..pictures.grid import encode_png
from ..pictures.svg import silhouette_svg, tones_svg
from ..pictures.upscale import enlarge_each
from ..progress import Progress, no_progress
from .captions import Caption, captions
from .item import Board, Item

# format -> file extension
EXTENSIONS = {
    **{"zip": "zip", "sheet-png": "png", "sheet-pdf": "pdf", "cut-outs": "zip", "vectors": "zip"},
    **{"csv": "csv", "json": "json"},
}
MAX_IMAGES = 400  # in one file; tables have no limit
MAX_SIZE = 1024  # pixels of an image's height
MAX_PIXELS = 100_000_000  # of all images of a file together


def export_board(
    board: Board,
    items: Sequence[Item],
    images: Sequence[np.ndarray],
    options: ExportOptions,
    *,
    names: Mapping[str, Caption] | None = None,
    head: Look | None = None,
    garments: Collection[str] = (),
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a file with items of a board and their decoded images, uint8 [H, W, C] each.

    `names` are the captions of the board's items, by default without their classes; `head` is
    that of its contact sheet. What has a ground of one colour is cut out, on a background other
    than the dark one. Vectors are silhouettes and tones, and of the items whose models are named
    in `garments`, which show drawn garments, the drawings whose factors are estimated from them.
    `progress` is called before every image, and may raise to cancel. Raises `ExportError` for
    options beyond the limits, before anything is enlarged.
    """
    check_choice("format", options.format, EXTENSIONS)
    if options.format == "json":
        return boards.export_json(board, items).encode()
    if options.format == "csv":
        return _table(items).encode()
    check_choice("background", options.background, BACKGROUNDS)
    check_height(options.size, MAX_SIZE)
    if not 1 <= len(items) <= MAX_IMAGES:
        raise ExportError(f"{len(items)} images are selected; expected 1 to {MAX_IMAGES}")
    pixels = sum(options.size**2 * image.shape[1] / image.shape[0] for image in images)
    if pixels > MAX_PIXELS:
        raise ExportError(
            f"{len(items)} images of this size have {pixels / 1e6:.0f} million pixels; at most "
            f"{MAX_PIXELS / 1e6:.0f} million, choose a smaller size or fewer images"
        )
    progress, names = progress or no_progress, names or captions(board)
    head = head or Look(board.name, f"{len(items)} images")
    sheet_alone = options.format.startswith("sheet")
    # In a .zip every image counts twice: enlarged first, cut out, traced and compressed later.
    steps = len(items) * (1 if sheet_alone else 2)
    large, cards = [], []
    progress(0, steps)
    for item, image, enlarged in zip(
        items, images, enlarge_each(images, options.size, options.method), strict=True
    ):
        large.append(enlarged)
        if sheet_alone or options.format == "zip":
            shown = _on(large[-1], options, scale=options.size / len(image))
            cards.append(_card(item, names[item.id], shown))
        progress(len(large), steps)
    look = replace(head, background=options.background, paper=options.paper)
    if sheet_alone:
        return contact_sheet(cards, look, options.format)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if options.format == "zip":
            archive.writestr("board.json", boards.export_json(board, items))
            archive.writestr("board.csv", _table(items))
            archive.writestr("sheet.pdf", contact_sheet(cards, look, "sheet-pdf"))
            with suppress(ExportError):  # hundreds of long notes are for the PDF alone
                archive.writestr("sheet.png", contact_sheet(cards, look, "sheet-png"))
        for index, (item, image) in enumerate(zip(items, large, strict=True)):
            progress(len(items) + index, steps)
            name = names[item.id].file_name
            title = item.note or f"{names[item.id].title}, {names[item.id].details}"
            if options.format == "zip":
                archive.writestr(f"png/{name}.png", encode_png(cards[index].picture))
            if options.format == "cut-outs":
                scale = options.size / len(images[index])
                cut = cut_out(image, scale=scale, choke=options.choke)
                archive.writestr(f"{name}.png", encode_png(cut))
                continue
            archive.writestr(f"silhouette/{name}.svg", silhouette_svg(image, title=title))
            archive.writestr(f"tones/{name}.svg", tones_svg(image, title=title))
            if item.model in garments:
                drawing = estimate(images[index].transpose(2, 0, 1))
                archive.writestr(f"drawn/{name}.svg", drawn_svg(drawing.garment))
    return target.getvalue()


def _card(item: Item, caption: Caption, image: np.ndarray) -> Card:
    title = f"{caption.number} · {caption.title}"
    return Card(image, title, caption.details, item.note, item.stars, len(item.votes))


def _on(image: np.ndarray, options: ExportOptions, *, scale: float) -> np.ndarray:
    """An image [H, W, C] on the chosen background: on its own if that is dark or the image has no
    ground of one colour; else cut out, on white or as [H, W, 4]."""
    if options.background == "dark" or not has_ground(image):
        return image
    cut = cut_out(image, scale=scale, choke=options.choke)
    return cut if options.background == "transparent" else over(cut, (255, 255, 255))


def _table(items: Sequence[Item]) -> str:
    latent = max((len(item.z) for item in items), default=0)
    axes = [f"z{k + 1}" for k in range(latent)]
    before, after = ["id", "model", "digest"], ["label", "seed", "stars", "note", "step"]
    rows = (
        [getattr(item, name) for name in before]
        + [*item.z, *[None] * (latent - len(item.z))]
        + [*(getattr(item, name) for name in after), " ".join(item.parents), len(item.votes)]
        for item in items
    )
    return csv_table.to_csv([*before, *axes, *after, "parents", "votes"], rows)
