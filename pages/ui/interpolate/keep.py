"""Saves frames of a path to the board."""

from collections.abc import Sequence

from vae.boards.item import new_item

from ..board.keep import keep
from .settings import Way


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
