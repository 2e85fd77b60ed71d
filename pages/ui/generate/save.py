"""Saves generated images to the board."""

from collections.abc import Sequence

from vae.boards.item import new_item

from ..board import session as board_session
from ..board.save import save_items
from .sheet import Record


def save_records(name: str, digest: str, records: Sequence[Record]) -> bool:
    """Saves records, linked to those of their parents that are on the board."""
    ids = board_session.saved_ids()
    items = []
    for record in records:
        known = (ids.get((digest, parent.pin)) for parent in record.parents)
        items.append(
            new_item(
                name,
                digest,
                record.z,
                label=record.label,
                seed=record.seed,
                step=record.step,
                parents=tuple(dict.fromkeys(id for id in known if id)),
            )
        )
    return save_items(items)
