"""What the Board page computes once: pictures of kept items, and what does not match."""

from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae.boards.item import Item
from vae.pictures import grid, upscale

from ..runtime import cache, routes
from ..runtime.location import Pin, Place, link


class BoardPictures(NamedTuple):
    """Of a board's items: `pictures` uint8 [n, H, W], a `sprite` of them enlarged (URL, columns,
    rows), for each a link to its place, and what does not match here; empty where all is well."""

    pictures: np.ndarray
    sprite: tuple[str, int, int]
    links: list[str]
    warnings: list[str]


_TILE = 112  # pixels of a card's picture


@st.cache_data(max_entries=64, show_spinner="Decoding the pictures")
def _kept(records: tuple[tuple[str, str, Pin], ...], known: tuple) -> BoardPictures:
    """Of (model, digest, pin) records, with the models of that name that are here now."""
    entries = {e.name: e for e in cache.checkpoints() if e.error is None}
    found: list[np.ndarray] = []
    links, warnings = [], []
    for name, digest, pin in records:
        entry, told, shown_at = entries.get(name), "", ""
        picture = np.zeros((28, 28), np.uint8)
        if entry is None:
            told = f"no model named {name} is here"
        elif len(pin.z) != entry.config.model.latent:
            told = f"{name} has {entry.config.model.latent} latents here, not {len(pin.z)}"
        else:
            if not entry.digest.startswith(digest[:12]):
                told = f"made with another {name}, {digest[:12]}"
            try:
                place = cache.space(name, entry.digest)
                pin = Pin(pin.z, place.label(pin.label), place.seed(pin.seed))
                flat = np.frombuffer(cache.decoded(name, entry.digest, pin), np.uint8)
                channels, height, width = entry.config.model.image_shape
                picture = flat.reshape(height, width, channels).mean(2).round().astype(np.uint8)
                where = Place(pin.z, label=pin.label, seed=pin.seed)
                shown_at = link(where.to_query(name, entry.digest))
            except (ValueError, vae.CheckpointError) as error:
                told = str(error)
        found.append(picture)
        links.append(shown_at)
        warnings.append(told)
    sizes = {picture.shape for picture in found}
    if len(sizes) > 1:  # models of several image sizes on one board
        most = max(h for h, _ in sizes)
        found = [_fitted(picture, most) for picture in found]
    stack = np.stack(found) if found else np.zeros((0, 28, 28), np.uint8)
    columns = max(1, min(20, len(stack)))
    rows = max(1, -(-len(stack) // columns))
    tile = max(_TILE, stack.shape[1])
    large = upscale.enlarge(stack[:, None].astype(np.float32) / 255, tile)
    room = np.zeros((columns * rows, large.shape[2], large.shape[3], 1), np.uint8)
    room[: len(stack)] = (large * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    url = routes.publish(grid.png(grid.mosaic(room, columns)), "image/png")
    return BoardPictures(stack, (url, columns, rows), links, warnings)


def board_pictures(items: tuple[Item, ...]) -> BoardPictures:
    """What is shown of a board's items."""
    known = tuple((entry.name, entry.digest) for entry in cache.checkpoints())
    return _kept(tuple((i.model, i.digest, Pin(i.z, i.label, i.seed)) for i in items), known)


def _fitted(picture: np.ndarray, size: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))
