"""Saves generated pictures to the board."""

from collections.abc import Sequence

from vae.boards.item import new_item

from ..board import session as board_session
from ..board.keep import keep
from .sheet import Record


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
