"""The export and import panels of the Board page."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from vae import boards, limits
from vae.boards import Caption, board_export
from vae.boards.item import Board, Item
from vae.boards.store import MAX_BYTES
from vae.pictures.contact_sheet import BACKGROUNDS

from ..controls.enlargement import enlargement_select
from ..controls.job_panel import Begin, job_button, job_panel
from ..controls.large_uploads import content
from ..controls.sheet_options import paper_choice, sheet_head
from ..runtime.errors import shown_errors
from ..runtime.jobs import Job, start_job
from . import cache as board_cache
from . import session as board_session

FORMATS = {  # title, file name and media type
    "zip": ("Everything, .zip", "board.zip", "application/zip"),
    "sheet-pdf": ("Contact sheet, PDF", "sheet.pdf", "application/pdf"),
    "sheet-png": ("Contact sheet, PNG", "sheet.png", "image/png"),
    "cut-outs": ("Cut-outs, PNG in a .zip", "cut-outs.zip", "application/zip"),
    "vectors": ("Vectors, SVG in a .zip", "vectors.zip", "application/zip"),
    "csv": ("Table, CSV", "board.csv", "text/csv"),
    "json": ("Board, JSON", "board.json", "application/json"),
}
TABLES, GROUNDED = ("csv", "json"), ("zip", "sheet-png", "sheet-pdf")
_CHOKE = "How much of the soft edge of an item that is cut out is cut off."
SIZES = (28, 112, 224, 448, 896)


def export_panel(
    key: str, board: Board, captions: Mapping[str, Caption], selected: Sequence[str]
) -> None:
    """Exports the selected images, or all of them."""
    items = board.sorted_items
    chosen = [item for item in items if item.id in selected] or items
    with st.popover("Export", disabled=not chosen):
        if len(chosen) < len(items):
            st.caption(f"Exports the {len(chosen)} selected of {len(items)} images.")
        else:
            st.caption(f"Exports all {len(chosen)} images. Select cards to export fewer.")

        def form() -> Begin:
            options = _options()
            return lambda: _begin(key, board, chosen, captions, options)

        about = "The file contains the images as the models decode them now."
        job_panel(f"board-{key}", form, unit="steps", about=about)


def download_button(key: str, board: Board, captions: Mapping[str, Caption]) -> None:
    """Everything of a board, with one press."""
    options = board_export.ExportOptions("zip", 224, "refined", background="white")

    def begin() -> Job:
        return _begin(key, board, board.sorted_items, captions, options)

    about = "Contact sheet, cut-outs, vectors, table and board in a .zip; “Export” has the choice."
    job_button(f"board-{key}", begin, title="Download all", about=about, key="all")


def _options() -> board_export.ExportOptions:
    format = st.selectbox(
        "Format", list(FORMATS), format_func=lambda f: FORMATS[f][0], key="board-format"
    )
    if format in TABLES:
        return board_export.ExportOptions(format)
    size = st.segmented_control(
        "Image height, pixels", SIZES, default=224, key="board-size", required=True
    )
    how = enlargement_select("board-how")
    background, choke, paper = "transparent", 0.0, "A4"
    if format in GROUNDED:
        paper = paper_choice("board-paper")
        background = st.segmented_control(
            "Background", list(BACKGROUNDS), default="white", key="board-ground", required=True
        )
    if format == "vectors":
        st.caption("Silhouettes, tones, and of models of garments drawings in millimetres.")
    elif background != "dark":
        choke = st.slider("Choke", 0.0, 0.9, 0.0, 0.05, key="board-choke", help=_CHOKE)
    return board_export.ExportOptions(
        format, size, how, background=background, choke=choke, paper=paper
    )


def _begin(
    key: str,
    board: Board,
    items: Sequence[Item],
    captions: Mapping[str, Caption],
    options: board_export.ExportOptions,
) -> Job:
    images, garments = board_cache.board_images(tuple(items)).images, board_cache.of_garments()
    title, file, media_type = FORMATS[options.format]
    count = "1 image" if len(items) == 1 else f"{len(items)} images"
    # On a public server a board is in the session of its visitor alone.
    head = sheet_head(board.name, count, "" if limits.current().public else f"?b={key}")
    options_of_file = {"names": captions, "head": head, "garments": garments}

    def work(progress) -> bytes:
        return board_export.export_board(
            board, items, images, options, **options_of_file, progress=progress
        )

    name = f"{title}, {count}"
    return start_job(work, name=name, file=file, media_type=media_type)


def import_panel(key: str, board: Board, write: Callable[..., None]) -> None:
    """Adds the images of a board's file; an empty board without a name also takes its name."""
    with st.popover("Import"):
        upload = st.file_uploader(
            "JSON file of a board", "json", key=f"bring-{key}", max_upload_size=MAX_BYTES // 2**20
        )
        if upload is None or board_session.already_imported(upload.file_id):
            return
        with shown_errors(f"{upload.name} could not be imported"):
            text = content(upload).decode("utf-8", "replace")
            last = max((item.order for item in board.sorted_items), default=0.0)
            name, items = boards.import_json(text, after=last)
            unused = not board.sorted_items and board.name == boards.UNNAMED
            write(items, name=name if unused else None)
            st.rerun()
