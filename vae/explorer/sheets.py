"""Small pictures of many images in a few files, which a page cuts them out of."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

COLUMNS, PER_SHEET = 32, 1024
SIDE = 64  # of a picture at most, in pixels
QUALITY = 75  # of WebP


def sheets(images: Sequence[np.ndarray]) -> tuple[list[bytes], tuple[int, int]]:
    """Images uint8 [C, H, W] of one size as WebP pictures with `PER_SHEET` of them each, in rows
    of `COLUMNS`; and the width and height of one, at most `SIDE`."""
    made, size = [], (0, 0)
    for start in range(0, len(images), PER_SHEET):
        few = [images[i] for i in range(start, min(start + PER_SHEET, len(images)))]
        tiles = [Image.fromarray(i[0] if len(i) == 1 else i.transpose(1, 2, 0)) for i in few]
        for tile in tiles:
            tile.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        width, height = size = tiles[0].size
        rows = -(-len(tiles) // COLUMNS)
        whole = Image.new("RGB", (COLUMNS * width, rows * height))
        for at, tile in enumerate(tiles):
            whole.paste(tile, (at % COLUMNS * width, at // COLUMNS * height))
        target = io.BytesIO()
        whole.save(target, "WEBP", quality=QUALITY, method=4)
        made.append(target.getvalue())
    return made, size
