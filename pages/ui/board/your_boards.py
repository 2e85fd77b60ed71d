"""The boards that this browser has saved to."""

from datetime import datetime

import streamlit as st

from vae import boards, limits

from ..runtime.text import plain
from . import session as board_session
from . import storage


def your_boards(shown: str) -> None:
    """A list to open another board from, by name, number of images and date of the last change."""
    keys = [key for key in board_session.device_boards() if key != shown]
    with st.popover("Your boards", disabled=not keys):
        for key in keys:
            try:
                board, changed = storage.load(key), storage.modified_ns(key) / 1e9
            except boards.BoardError:
                continue
            count, date = len(board.sorted_items), datetime.fromtimestamp(changed)
            images = "1 image" if count == 1 else f"{count} images"
            st.button(
                f"{plain(board.name)} · {images} · {date:%Y-%m-%d %H:%M}" if changed else images,
                key=f"open-{key}",
                on_click=board_session.open_board,
                args=(key,),
            )
        if not limits.current().public:
            st.caption("This list is stored in this browser.")
