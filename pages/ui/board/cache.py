"""Caches of the Board page: the images of saved items, their classes, and what does not match."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

import vae
from vae.boards import Known
from vae.boards.item import Item
from vae.errors import AtelierError
from vae.latent.classes import class_near
from vae.pictures import upscale

from ..runtime import cache
from ..runtime.location import Location, Pin, link


class BoardImages(NamedTuple):
    """The `images` of a board's items, uint8 [H, W, C] each as its model decodes it, a `sprite` of
    them in one size (URL, columns, rows), and for each item a link to Explore and a warning, empty
    where everything matches."""

    images: list[np.ndarray]
    sprite: tuple[str, int, int]
    links: list[str]
    warnings: list[str]


_SIZE = 28  # pixels of the blank image of an item that cannot be decoded
_TILE = 112  # pixels of a card's image


def board_images(items: tuple[Item, ...]) -> BoardImages:
    """What is shown of a board's items."""
    models = tuple((entry.name, entry.digest) for entry in cache.checkpoints())
    return _images(tuple((i.model, i.digest, Pin(i.z, i.label, i.seed)) for i in items), models)


@st.cache_data(max_entries=64, show_spinner="Decoding the images")
def _images(records: tuple[tuple[str, str, Pin], ...], models: tuple) -> BoardImages:
    """Of (model, digest, pin) records; `models` makes the cache follow the checkpoints folder."""
    entries = {e.name: e for e in cache.checkpoints() if e.error is None}
    decoded = [_decoded(entries.get(name), name, digest, pin) for name, digest, pin in records]
    own = images = [one.image for one in decoded]
    if len({image.shape[:2] for image in images}) > 1:  # models of several image sizes
        height = max(image.shape[0] for image in images)
        images = [_resized(image, height) for image in images]
    if len({image.shape[2] for image in images}) > 1:
        images = [np.broadcast_to(image, (*image.shape[:2], 3)) for image in images]
    stack = np.stack(images) if images else np.zeros((0, _SIZE, _SIZE, 1), np.uint8)
    columns = max(1, min(20, len(stack)))
    rows = max(1, -(-len(stack) // columns))
    tile = max(_TILE, stack.shape[1])
    large = upscale.enlarge(stack.transpose(0, 3, 1, 2).astype(np.float32) / 255, tile)
    tiles = (large * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    texts = ([getattr(one, name) for one in decoded] for name in ("link", "warning"))
    return BoardImages(own, (cache.publish_mosaic(tiles, columns), columns, rows), *texts)


class _Decoded(NamedTuple):
    """A record's `image` uint8 [H, W, C], and what `BoardImages` says of it."""

    image: np.ndarray
    link: str = ""
    warning: str = ""


def _decoded(entry: vae.Entry | None, name: str, digest: str, pin: Pin) -> _Decoded:
    blank, warning = _Decoded(np.zeros((_SIZE, _SIZE, 1), np.uint8)), ""
    if entry is None:
        return blank._replace(warning=f"there is no model {name} here")
    config = entry.config.model
    if len(pin.z) != config.latent:
        problem = f"{name} has {config.latent} latents here, not {len(pin.z)}"
        return blank._replace(warning=problem)
    if not entry.digest.startswith(digest[:12]):
        warning = f"made with another {name} ({digest[:12]})"
    try:
        space = cache.space(name, entry.digest)
        pin = Pin(pin.z, space.label(pin.label), space.seed(pin.seed))
        flat = np.frombuffer(cache.decoded_bytes(name, entry.digest, pin), np.uint8)
    except (ValueError, vae.CheckpointError) as error:
        return blank._replace(warning=str(error))
    channels, height, width = config.image_shape
    image = flat.reshape(height, width, channels)
    location = Location(pin.z, label=pin.label, seed=pin.seed)
    return _Decoded(image, f"./{link(location.to_query(name, entry.digest))}", warning)


def known(items: Sequence[Item]) -> dict[str, Known]:
    """What the models that are here say of items, by the ids of these."""
    entries = {e.name: e.digest for e in cache.checkpoints() if e.error is None}
    found = {}
    for item in items:
        digest = entries.get(item.model, "")
        if not digest.startswith(item.digest[:12]):
            continue
        # Images that are not here any more have no classes.
        with suppress(AtelierError, ValueError, OSError):
            seed = cache.codec(item.model, digest).info.seed_name(item.seed)
            kind = class_at(item.model, digest, item.z, item.label)
            found[item.id] = Known(kind, seed)
    return found


@st.cache_data(max_entries=20_000, show_spinner=False)
def class_at(name: str, digest: str, z: tuple[float, ...], label: int | None) -> str:
    """The class that an image was decoded with, else the one that its code lies among."""
    data = cache.display_dataset(name, digest)
    if label is not None:
        return data.class_names[cache.space(name, digest).label(label)]
    codes = cache.codes(name, digest).mean
    return class_near(codes, data.shown.labels, data.class_names, np.array(z))


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    large = np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))
    return large.reshape(size, size, -1)


def of_garments() -> frozenset[str]:
    """The names of the models of the data set `garments`."""
    known = (entry for entry in cache.checkpoints() if entry.error is None)
    return frozenset(entry.name for entry in known if entry.config.train.data == "garments")
