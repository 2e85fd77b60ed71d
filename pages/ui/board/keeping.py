"""Keeping pictures: the visitor's board, from every page."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from vae import boards
from vae.boards.item import BoardError, Item, new_item

from ..interpolate.way import Way
from ..place import Pin
from ..sheet import Record
from . import board_session


def keep(items: Sequence[Item]) -> bool:
    """Adds pictures at the end of the visitor's board, which is made where there is none."""
    try:
        board = boards.load(board_session.board_key())
        last = max((item.order for item in board.kept), default=0.0)
        placed = [replace(item, order=last + 1 + index) for index, item in enumerate(items)]
        outcome = boards.change(board_session.board_key(), placed, seen=board_session.board_seen())
    except BoardError as error:
        st.toast(f"Not kept: {error}.", icon=":material/error:")
        return False
    board_session.record_change(board, placed)
    if (
        board_session.board_seen() == board.revision
    ):  # else the board has news to tell when it is opened
        board_session.see_board(outcome.board.revision)
    what = "1 picture" if len(items) == 1 else f"{len(items)} pictures"
    st.toast(f"Kept {what} on the board.", icon=":material/bookmark_added:")
    return True


def keep_records(name: str, digest: str, records: Sequence[Record]) -> bool:
    """Keeps generated pictures; their parents are linked where those were kept from here too."""
    kept = board_session.kept_ids()
    items = []
    for record in records:
        known = (kept.get((digest, parent.pin)) for parent in record.parents)
        parents = tuple(dict.fromkeys(id for id in known if id))
        told = {"label": record.label, "seed": record.seed, "step": record.step}
        items.append(new_item(name, digest, record.z, parents=parents, **told))
    if not keep(items):
        return False
    kept |= {(digest, r.pin): item.id for r, item in zip(records, items, strict=True)}
    return True


def keep_pins(name: str, digest: str, pins: Sequence[Pin]) -> bool:
    return keep([new_item(name, digest, pin.z, label=pin.label, seed=pin.seed) for pin in pins])


def keep_frames(name: str, digest: str, way: Way, codes: Sequence[Sequence[float]], asked) -> bool:
    """Keeps frames of a way; `asked` holds their numbers, unchecked, as the map sent them."""
    listed = asked if isinstance(asked, list) else []
    chosen = sorted({i for i in listed if isinstance(i, int) and 0 <= i < len(codes)})
    told = {"label": way.label, "seed": way.seed}
    return bool(chosen) and keep(
        [
            new_item(
                name, digest, codes[i], step=f"{way.kind} way, {i + 1} of {len(codes)}", **told
            )
            for i in chosen
        ]
    )
