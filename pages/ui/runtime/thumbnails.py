"""Small pictures of many images in one file: what the thumbnails of a map are loaded from."""

import io
from collections.abc import Sequence

import numpy as np

from vae.errors import AtelierError

COLUMNS, MOST = 16, 256  # as in map/thumbnails/atlas.js
SIDE = 64  # of a picture at most, in pixels


def numbers(text: str, count: int) -> list[int]:
    """The numbers of images, 0 to `count - 1`, in `3,14,15`; raises `AtelierError`."""
    parts = text.split(",", MOST)
    if len(parts) <= MOST and all(p.isascii() and p.isdecimal() and len(p) < 10 for p in parts):
        found = [int(part) for part in parts]
        if max(found) < count:
            return found
    raise AtelierError(
        f"The images are named by {text[:40]!r}; expected up to {MOST} numbers from 0 to "
        f"{count - 1}, separated by commas."
    )


def sheet(images: Sequence[np.ndarray]) -> bytes:
    """Images uint8 [C, H, W] of one size as a PNG with `COLUMNS` in a row, of at most `SIDE`
    pixels."""
    from PIL import Image

    tiles = [Image.fromarray(i[0] if len(i) == 1 else i.transpose(1, 2, 0)) for i in images]
    for tile in tiles:
        tile.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    width, height = tiles[0].size
    whole = Image.new(tiles[0].mode, (COLUMNS * width, -(-len(tiles) // COLUMNS) * height))
    for at, tile in enumerate(tiles):
        whole.paste(tile, (at % COLUMNS * width, at // COLUMNS * height))
    target = io.BytesIO()
    whole.save(target, "PNG", compress_level=1)  # four times as fast as level 6
    return target.getvalue()
