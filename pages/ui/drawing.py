"""The component on which a picture is drawn or into which one is pasted."""

import base64
import binascii
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from vae.uploads import UploadError, open_image

from . import routes

_MOST_TEXT = 6 * 2**20  # of a picture of 4 MB in base64

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "drawing",
    html=(_HERE / "drawing.html").read_text("utf-8"),
    css="\n".join((_HERE / f"{n}.css").read_text("utf-8") for n in ("latent_map", "drawing")),
    js=(_HERE / "mount.js").read_text("utf-8"),
    isolate_styles=False,
)


def drawing(shape: tuple[int, int, int], *, key: str) -> tuple[Image.Image, str, bool] | None:
    """A canvas of a data set's shape [C, H, W]. Returns what was last drawn or pasted: the
    picture, a name that changes with every one, and whether it was drawn. Raises `UploadError`."""
    before = (st.session_state.get(key) or {}).get("picture") or {}
    sent = _mount(
        key=key,
        data={
            "module": routes.module_url("drawing.js"),
            "exported": "Drawing",
            "width": shape[2],
            "height": shape[1],
            "turn": before.get("turn", 0),
        },
        on_picture_change=lambda: None,
    ).picture
    if not sent:
        return None
    try:
        turn, drawn, text = int(sent["turn"]), sent["kind"] == "drawing", sent["data"]
        if len(text) > _MOST_TEXT:
            raise UploadError("the pasted picture has more than 4 MB; copy a smaller one")
        data = base64.b64decode(text, validate=True)
        if not drawn:
            return open_image(data, "the pasted picture"), f"pasted-{turn}", False
        grey = np.frombuffer(data, np.uint8).reshape(shape[1:])
    except UploadError:
        raise
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise UploadError("the drawing could not be read; draw it again") from error
    return Image.fromarray(grey), f"drawn-{turn}", True
