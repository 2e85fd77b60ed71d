"""The component to draw an image or to paste one."""

import base64
import binascii
import hashlib
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from vae.config import Preparation
from vae.errors import AtelierError
from vae.formats.pictures import PictureError
from vae.isolation import reader

from ..component.component import component

_MAX_TEXT = 6 * 2**20  # characters: an image of 4 MB in base64

_mount = component(__file__, "picture")


def read_picture(data: bytes, name: str, how: Preparation) -> Image.Image:
    """A picture that a visitor brings, decoded in a process of its own, in the values of a model's
    pictures. Raises `DataError`."""
    return Image.fromarray(_read(data, name, how.levels, how.white))


@st.cache_data(max_entries=2, scope="session", show_spinner="Reading the picture")
def _read(data: bytes, name: str, levels: tuple[float, ...], white: float) -> np.ndarray:
    return reader.read_picture(data, name, levels, white)


class Picture(NamedTuple):
    """A visitor's picture, decoded to be shown; the bytes of its file, None if it was drawn; the
    name of the file, and an id that changes with each picture."""

    image: Image.Image
    content: bytes | None
    name: str
    id: str


def drawing(how: Preparation, *, key: str) -> Picture | None:
    """A canvas for images of a model. Returns the last image that was drawn or pasted. Raises
    `PictureError`."""
    before = (st.session_state.get(key) or {}).get("picture") or {}
    data = {"width": how.width, "height": how.height, "turn": before.get("turn", 0)}
    sent = _mount(key, data).picture
    if not sent:
        return None
    try:
        drawn, text = sent["kind"] == "drawing", sent["data"]
        if len(text) > _MAX_TEXT:
            raise PictureError("the pasted image is larger than 4 MB; copy a smaller one")
        data = base64.b64decode(text, validate=True)
        content_id = hashlib.sha256(data).hexdigest()[:12]
        if not drawn:
            name = "the pasted image"
            return Picture(read_picture(data, name, how), data, name, f"pasted-{content_id}")
        grey = np.frombuffer(data, np.uint8).reshape(how.height, how.width)
    except AtelierError:
        raise
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise PictureError("the drawing could not be read; draw it again") from error
    return Picture(Image.fromarray(grey), None, "the drawing", f"drawn-{content_id}")
