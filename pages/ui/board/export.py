"""Files of the Board page: pictures in the formats of other tools, and boards in and out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from vae import boards
from vae.boards import board_export
from vae.boards.item import Board, BoardError, Item
from vae.pictures import contact_sheet
from vae.pictures.animation import ExportError

from ..controls.enlargement import ABOUT_ENLARGED, ENLARGED
from ..controls.job_panel import Begin, job_panel
from ..runtime.jobs import Job
from . import cache as board_cache
from . import session as board_session


class _Format(NamedTuple):
    words: str
    file: str
    media_type: str


FORMATS = {
    "zip": _Format("Everything, .zip", "board.zip", "application/zip"),
    "sheet-png": _Format("Contact sheet, PNG", "sheet.png", "image/png"),
    "sheet-pdf": _Format("Contact sheet, PDF", "sheet.pdf", "application/pdf"),
    "csv": _Format("Table, CSV", "board.csv", "text/csv"),
    "json": _Format("The board, JSON", "board.json", "application/json"),
}
TABLES = ("csv", "json")
SIZES = (28, 112, 224, 448, 896)


def take_home(key: str, board: Board, picked: Sequence[str]) -> None:
    """The files of the selected pictures, or of all."""
    chosen = [item for item in board.kept if item.id in set(picked)] or board.kept
    with st.popover("Take home", disabled=not chosen):
        of = "the selected" if len(chosen) < len(board.kept) else "all"
        st.caption(f"{of.capitalize()} {len(chosen)} pictures. Select cards to take fewer.")

        def form() -> Begin:
            recipe = _recipe()
            return lambda: _begin(board, chosen, recipe)

        about = "A file holds the pictures as the models decode them now."
        job_panel(f"board-{key}", form, unit="steps", about=about)


def _recipe() -> board_export.Recipe:
    kind = st.selectbox(
        "File", list(FORMATS), format_func=lambda f: FORMATS[f].words, key="board-format"
    )
    if kind in TABLES:
        return board_export.Recipe(kind)
    size = st.segmented_control(
        "Pixels a picture", SIZES, default=224, key="board-size", required=True
    )
    how = st.segmented_control(
        "Enlarged",
        list(ENLARGED),
        default="refined",
        format_func=ENLARGED.get,
        help=ABOUT_ENLARGED,
        key="board-how",
        required=True,
    )
    ground = st.segmented_control(
        "Ground", list(contact_sheet.GROUNDS), default="white", key="board-ground", required=True
    )
    return board_export.Recipe(kind, size, how, ground)


def _begin(board: Board, items: Sequence[Item], recipe: board_export.Recipe) -> Job:
    pictures = board_cache.board_pictures(tuple(items)).pictures
    made = FORMATS[recipe.format]
    return Job(
        lambda progress: board_export.make(board, items, pictures, recipe, progress=progress),
        name=f"{made.words}, {len(items)} pictures",
        file=made.file,
        media_type=made.media_type,
        expected=ExportError,
    )


def bring(key: str, board: Board, write: Callable[..., None]) -> None:
    """Reads a board's file and adds its pictures; an empty board without a name takes its name."""
    with st.popover("Bring in"):
        upload = st.file_uploader("A board's JSON file", type="json", key=f"bring-{key}")
        if upload is None or board_session.brought(upload.file_id):
            return
        try:
            text = upload.getvalue().decode("utf-8", "replace")
            last = max((item.order for item in board.kept), default=0.0)
            name, items = boards.imported(text, after=last)
            fresh = not board.kept and board.name == boards.UNNAMED
            write(items, name=name if fresh else None)
        except BoardError as error:
            st.error(f"{upload.name} was not read: {error}.")
            return
        st.rerun()
