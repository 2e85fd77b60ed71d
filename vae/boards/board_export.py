"""Boards as files for other programs: contact sheets, images, outlines, drawings, tables."""

import io
import zipfile
from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image

from .. import boards
from ..files import csv_table
from ..garments import to_svg as drawn_svg
from ..garments.estimate import estimate
from ..pictures.contact_sheet import BACKGROUNDS, encode_sheet, make_contact_sheet
from ..pictures.cut_out import cut_out, has_ground, over
from ..pictures.export_options import ExportError, ExportOptions, check_choice, check_height
from ..pictures.grid import encode_png
from ..pictures.svg import silhouette_svg, tones_svg
from ..pictures.upscale import enlarge_uint8
from ..progress import Progress, no_progress
from .item import Board, Item, caption

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
    images: np.ndarray,
    options: ExportOptions,
    *,
    garments: Collection[str] = (),
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a file with items of a board and their decoded images, uint8 [n, H, W, C].

    What has a ground of one colour is cut out, on a background other than the dark one. Vectors
    are silhouettes and tones, and of the items whose models are named in `garments`, which show
    drawn garments, the drawings whose factors are estimated from them. `progress` is called
    before every image, and may raise to cancel. Raises `ExportError` for options beyond the
    limits, before anything is enlarged.
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
    pixels = len(items) * options.size**2 * images.shape[2] / images.shape[1]
    if pixels > MAX_PIXELS:
        raise ExportError(
            f"{len(items)} images of this size have {pixels / 1e6:.0f} million pixels; at most "
            f"{MAX_PIXELS / 1e6:.0f} million, choose a smaller size or fewer images"
        )
    progress = progress or no_progress
    sheet_alone = options.format.startswith("sheet")
    # In a .zip every image counts twice: enlarged first, cut out, traced and compressed later.
    steps = len(items) * (1 if sheet_alone else 2)
    large, scale = [], options.size / images.shape[1]
    for done, image in enumerate(images):
        progress(done, steps)
        large.append(enlarge_uint8(image, options.size, options.method))
    if sheet_alone:
        return encode_sheet(_sheet(board, items, large, options, scale), options.format)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if options.format == "zip":
            _write_board(archive, board, items, large, options, scale)
        for index, (item, image) in enumerate(zip(items, large, strict=True)):
            progress(len(items) + index, steps)
            name, title = f"{index + 1:03}-{item.id}", item.note or caption(item)
            if options.format == "zip":
                archive.writestr(f"png/{name}.png", encode_png(_on(image, options, scale)))
            if options.format == "cut-outs":
                cut = cut_out(image, scale=scale, choke=options.choke)
                archive.writestr(f"{name}.png", encode_png(cut))
                continue
            archive.writestr(f"silhouette/{name}.svg", silhouette_svg(image, title=title))
            archive.writestr(f"tones/{name}.svg", tones_svg(image, title=title))
            if item.model in garments:
                drawing = estimate(images[index].transpose(2, 0, 1))
                archive.writestr(f"drawn/{name}.svg", drawn_svg(drawing.garment))
    return target.getvalue()


def _write_board(
    archive: zipfile.ZipFile,
    board: Board,
    items: Sequence[Item],
    images: list[np.ndarray],
    options: ExportOptions,
    scale: float,
) -> None:
    """The board as JSON and as a table, and its contact sheet."""
    archive.writestr("board.json", boards.export_json(board, items))
    archive.writestr("board.csv", _table(items))
    try:
        sheet = _sheet(board, items, images, options, scale)
        archive.writestr("sheet.png", encode_sheet(sheet, "sheet-png"))
        archive.writestr("sheet.pdf", encode_sheet(sheet, "sheet-pdf"))
    except ExportError as error:
        archive.writestr("sheet-was-left-out.txt", f"{error}.\n")


def _sheet(
    board: Board,
    items: Sequence[Item],
    images: list[np.ndarray],
    options: ExportOptions,
    scale: float,
) -> Image.Image:
    captions = [item.note or caption(item) for item in items]
    look = {"background": options.background, "title": board.name}
    return make_contact_sheet([_on(image, options, scale) for image in images], captions, **look)


def _on(image: np.ndarray, options: ExportOptions, scale: float) -> np.ndarray:
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
        + [*(getattr(item, name) for name in after), " ".join(item.parents)]
        for item in items
    )
    return csv_table.to_csv([*before, *axes, *after, "parents"], rows)
