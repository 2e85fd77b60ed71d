"""Saves frames of a path to the board."""

from collections.abc import Sequence

from vae.boards.item import Item, new_item

from ..board.save import save_items
from .settings import PathSettings


def save_frames(
    name: str, digest: str, path: PathSettings, codes: Sequence[Sequence[float]], indices: object
) -> bool:
    """Saves frames of a path; `indices` comes from the map and is checked here."""
    listed = indices if isinstance(indices, list) else []
    chosen = sorted({i for i in listed if isinstance(i, int) and 0 <= i < len(codes)})

    def item(i: int) -> Item:
        step = f"{path.kind} path, {i + 1} of {len(codes)}"
        return new_item(name, digest, codes[i], label=path.label, seed=path.seed, step=step)

    return bool(chosen) and save_items(list(map(item, chosen)))
