"""The component to crop a picture: a box to drag on it."""

import io
from typing import NamedTuple

import streamlit as st
from PIL import Image

from vae.config import Preparation
from vae.formats.pictures import PictureError
from vae.preparation.picture import WHOLE, Box, checked, used_part

from ..component.component import component
from ..runtime import routes

_SIDE = 512  # pixels of the longer side, at which the picture is shown
_HOW = "Drag the box, or draw another one on the picture."

_mount = component(__file__, "crop")


class Shown(NamedTuple):
    """A picture as it is shown: reduced, its URL, and what is used of it without a crop."""

    image: Image.Image
    url: routes.PublishedUrl
    automatic: Box


class Crop(NamedTuple):
    """The `box` where it rests, None until it is changed, and where it is `dragged` to now."""

    box: Box | None
    dragged: Box | None


def crop_box(shown: Shown, how: Preparation, *, key: str) -> Crop:
    """Shows the picture with the box. Raises `PictureError`."""
    found = Crop(*map(_box, _message(st.session_state.get(key))))
    width, height = shown.image.size
    data = {"image": shown.url, "width": width, "height": height, "box": found.box}
    part = "the item" if how.centre else "the middle of the picture"
    part = "the whole picture" if shown.automatic == WHOLE else part
    data |= {"ratio": how.width / how.height, "about": f"Automatic: {part}. {_HOW}"}
    result = _mount(key, data | {"automatic": [round(edge, 4) for edge in shown.automatic]})
    return Crop(*map(_box, _message(result)))


@st.cache_data(max_entries=4, scope="session", show_spinner=False)
def shown_picture(_image: Image.Image, picture_id: str, how: Preparation) -> Shown:
    """A picture, identified by `picture_id`, and what a preparation uses of it."""
    small = _image.copy()
    small.thumbnail((_SIDE, _SIDE))
    target = io.BytesIO()
    small.save(target, "WEBP", lossless=max(small.size) <= 128, quality=85)
    url = routes.publish(target.getvalue(), "image/webp", private=True)
    return Shown(small, url, used_part(small, how))


def _message(state: dict | None) -> tuple[object, object]:
    sent = (state or {}).get("crop")
    return (sent.get("box"), sent.get("dragged")) if isinstance(sent, dict) else (None, None)


def _box(sent: object) -> Box | None:
    """A box from a message."""
    if sent is None:
        return None
    try:
        left, top, right, bottom = map(float, sent)
    except (TypeError, ValueError) as error:
        raise PictureError("the crop could not be read; drag the box again") from error
    return checked((left, top, right, bottom))
