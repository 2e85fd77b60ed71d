"""The component to draw an image or to paste one."""

import base64
import binascii

import numpy as np
import streamlit as st
from PIL import Image

from vae.data.uploads import UploadError
from vae.errors import AtelierError
from vae.isolation import reader

from ..component.component import component

_MAX_TEXT = 6 * 2**20  # characters: an image of 4 MB in base64

_mount = component(__file__, "picture")


def read_picture(data: bytes, name: str) -> Image.Image:
    """A picture that a visitor brings, decoded in a process of its own. Raises `DataError`."""
    return Image.fromarray(_read(data, name))


@st.cache_data(max_entries=2, scope="session", show_spinner="Reading the picture")
def _read(data: bytes, name: str) -> np.ndarray:
    return reader.read_picture(data, name)


def drawing(shape: tuple[int, int, int], *, key: str) -> tuple[Image.Image, str, bool] | None:
    """A canvas for images of shape [C, H, W]. Returns the last image that was drawn or pasted, a
    name that changes with each one, and whether it was drawn. Raises `UploadError`."""
    before = (st.session_state.get(key) or {}).get("picture") or {}
    data = {"width": shape[2], "height": shape[1], "turn": before.get("turn", 0)}
    sent = _mount(key, data).picture
    if not sent:
        return None
    try:
        turn, drawn, text = int(sent["turn"]), sent["kind"] == "drawing", sent["data"]
        if len(text) > _MAX_TEXT:
            raise UploadError("the pasted image is larger than 4 MB; copy a smaller one")
        data = base64.b64decode(text, validate=True)
        if not drawn:
            return read_picture(data, "the pasted image"), f"pasted-{turn}", False
        grey = np.frombuffer(data, np.uint8).reshape(shape[1:])
    except AtelierError:
        raise
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise UploadError("the drawing could not be read; draw it again") from error
    return Image.fromarray(grey), f"drawn-{turn}", True
