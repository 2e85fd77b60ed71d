"""Files of the Board page: pictures in the formats of other tools, and boards in and out."""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from vae import boards, outline, sheets, upscale
from vae.board_items import Board, BoardError, Item
from vae.film import ExportError

from . import cache, session

MOST = 400  # pictures of one export
_SIZES = (28, 112, 224, 448)


def take_home(board: Board, picked: Sequence[str]) -> None:
    """The downloads: of the selected pictures, or of all."""
    chosen = [item for item in board.kept if item.id in set(picked)] or board.kept
    with st.popover("Take home", disabled=not chosen):
        of = "the selected" if len(chosen) < len(board.kept) else "all"
        st.caption(f"{of.capitalize()} {len(chosen)} pictures. Select cards to take fewer.")
        size = st.segmented_control(
            "Pixels a picture", _SIZES, default=224, key="board-size", required=True
        )
        how = st.segmented_control(
            "Enlarged", upscale.HOW, default="smooth", key="board-how", required=True
        )
        ground = st.segmented_control(
            "Ground", list(sheets.GROUNDS), default="white", key="board-ground", required=True
        )
        if len(chosen) > MOST:
            st.warning(f"{len(chosen)} pictures; at most {MOST} at a time, select fewer cards.")
            return
        made = _Files(board, chosen, size, how, ground)
        for label, name, kind, make in (
            ("Contact sheet, PNG", "sheet.png", "image/png", made.sheet_png),
            ("Contact sheet, PDF", "sheet.pdf", "application/pdf", made.sheet_pdf),
            ("Everything, .zip", "board.zip", "application/zip", made.everything),
            ("The board, JSON", "board.json", "application/json", made.board_json),
        ):
            st.download_button(
                label, make, file_name=name, mime=kind, on_click="ignore", width="stretch"
            )


def bring(key: str, board: Board, write: Callable[[list[Item]], None]) -> None:
    """Reads a board's file and adds its pictures."""
    with st.popover("Bring in"):
        upload = st.file_uploader("A board's JSON file", type="json", key=f"bring-{key}")
        if upload is None or session.brought(upload.file_id):
            return
        try:
            text = upload.getvalue().decode("utf-8", "replace")
            last = max((item.order for item in board.kept), default=0.0)
            _, items = boards.imported(text, after=last)
            write(items)
        except BoardError as error:
            st.error(f"{upload.name} was not read: {error}.")
            return
        st.rerun()


class _Files:
    """Makes each file when it is asked for."""

    def __init__(
        self, board: Board, items: Sequence[Item], size: int, how: str, ground: str
    ) -> None:
        self.board, self.items, self.ground = board, items, ground
        self.size, self.how = size, how

    def pictures(self) -> np.ndarray:
        """float32 [n, H, W] in [0, 1] at the size that was chosen."""
        small = cache.board_pictures(tuple(self.items)).pictures
        return upscale.enlarge(small[:, None].astype(np.float32) / 255, self.size, self.how)[:, 0]

    def sheet_png(self) -> bytes:
        return sheets.png_bytes(self.sheet())

    def sheet_pdf(self) -> bytes:
        return sheets.pdf_bytes([self.sheet()])

    def sheet(self):
        captions = [item.note or item.step or item.model for item in self.items]
        return sheets.contact_sheet(
            self._cut(), captions, ground=self.ground, title=self.board.name
        )

    def board_json(self) -> str:
        return boards.export(self.board, self.items)

    def everything(self) -> bytes:
        target = io.BytesIO()
        pictures = self.pictures()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("board.json", self.board_json())
            archive.writestr("board.csv", self._csv())
            try:
                archive.writestr("sheet.png", self.sheet_png())
                archive.writestr("sheet.pdf", self.sheet_pdf())
            except ExportError as error:
                archive.writestr("sheet-was-left-out.txt", f"{error}.\n")
            for index, (item, cut) in enumerate(zip(self.items, self._cut(), strict=True), 1):
                name = f"{index:03}-{item.id}"
                picture = sheets.Image.fromarray(cut.squeeze(2) if cut.shape[2] == 1 else cut)
                archive.writestr(f"png/{name}.png", sheets.png_bytes(picture))
                drawn = outline.svg(pictures[index - 1], title=item.note or item.step)
                archive.writestr(f"svg/{name}.svg", drawn)
        return target.getvalue()

    def _cut(self) -> np.ndarray:
        """uint8 [n, H, W, C]: on black as decoded, on other grounds cut out of it."""
        grey = (self.pictures() * 255).round().astype(np.uint8)
        if self.ground == "dark":
            return grey[..., None]
        return np.stack([sheets.transparent(picture) for picture in grey])

    def _csv(self) -> str:
        target = io.StringIO()
        writer = csv.writer(target)
        latent = max(len(item.z) for item in self.items)
        axes = [f"z{k + 1}" for k in range(latent)]
        writer.writerow(
            ["id", "model", "digest", *axes, "label", "seed", "stars", "note", "step", "parents"]
        )
        for item in self.items:
            told = "" if item.label is None else item.label
            code = [*map(repr, item.z), *[""] * (latent - len(item.z))]
            rest = [item.stars, item.note, item.step, " ".join(item.parents)]
            writer.writerow([item.id, item.model, item.digest, *code, told, item.seed, *rest])
        return target.getvalue()
