"""An image from the visitor: a file, a drawing, the clipboard or the camera, with its preparation
on show."""

from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np
import streamlit as st

from vae.config import Preparation
from vae.data.uploads import MAX_BYTES, plain
from vae.isolation import reader
from vae.pictures import upscale
from vae.preparation.picture import WHOLE, has_dark_item, prepare

from ..runtime.errors import shown_errors
from .crop_box import crop_box, shown_picture
from .drawing import Picture, drawing, read_picture
from .large_uploads import content

SOURCES = ("File", "Drawing or clipboard", "Camera")


def image_input(source: str, how: Preparation, *, key: str) -> np.ndarray | None:
    """Shows one of `SOURCES` and the preparation of its image, that of a model by default. Returns
    the image uint8 [C, H, W] as the model receives it, or None where there is none yet."""
    with shown_errors("This image cannot be used"):
        if source in ("File", "Camera"):
            found = _file_or_photo(source, how, key)
        else:
            found = drawing(how, key=f"{key}-drawing")
        return None if found is None else _prepared(how, key, found)
    return None


def _file_or_photo(source: str, how: Preparation, key: str) -> Picture | None:
    if source == "File":
        label = f"Any picture (PNG, JPEG, WebP, HEIC, TIFF and more), at most {MAX_BYTES >> 20} MB"
        file = st.file_uploader(label, max_upload_size=MAX_BYTES >> 20, key=f"{key}-file")
    elif not camera_is_allowed(st.context.url):
        st.info(
            "Browsers give the camera only to pages that come over https or from this machine. "
            "On a phone, choose a file here: it offers to take a photo."
        )
        label, types = "One item in front of a plain background", ["jpg", "jpeg", "png", "heic"]
        key = f"{key}-photo"
        file = st.file_uploader(label, types, max_upload_size=MAX_BYTES >> 20, key=key)
    else:
        label = "One item in front of a plain background"
        about = "The photo is sent to this server to be encoded; it is not kept."
        file = st.camera_input(label, help=about, width=420, key=f"{key}-camera")
    if file is None:
        return None
    kind, name = ("file", file.name) if source == "File" else ("photo", "the photo")
    data = content(file)
    return Picture(read_picture(data, name, how), data, name, f"{kind}-{file.file_id}")


def camera_is_allowed(url: str | None) -> bool:
    """Whether browsers let a page at this address use the camera: a secure context (W3C)."""
    address = urlsplit(url or "https:")
    host = address.hostname or ""
    here = host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")
    return address.scheme != "http" or here


def _prepared(how: Preparation, key: str, picture: Picture) -> np.ndarray:
    """The image, by the model's preparation unless it is changed here: without a change it is,
    pixel for pixel, what the file would be in training. While the crop box is dragged, what will
    be is shown, and the image stays as it was."""
    image, drawn = picture.image, picture.content is None
    items = how.centre and not drawn and image.size != (how.width, how.height)
    on_picture, beside = st.columns([1, 1.6], gap="medium")
    with beside:
        place = st.container()
        if how.centre or how.invert != "no":
            dark = items and has_dark_item(image)
            name = f"{key}-invert-{picture.id}"
            invert = st.toggle("Invert (dark item)", dark, key=name)
            centre = st.toggle("Centre the item", items, key=f"{key}-centre-{picture.id}")
            if (invert, centre) != (dark, items):
                chosen = {"invert": "yes" if invert else "no", "centre": centre}
                how = replace(how, exact=False, **chosen)
    if drawn and how.exact:
        how = plain(how)
    with on_picture:
        shown = shown_picture(image, picture.id, how)
        crop = crop_box(shown, how, key=f"{key}-crop-{picture.id}")
    if drawn:
        prepared = prepare(image, how, crop.box or WHOLE)
    else:
        prepared = _read(picture.content, picture.name, how, crop.box or WHOLE)
    seen = prepared if crop.dragged is None else prepare(shown.image, how, crop.dragged)
    with place:
        enlarged = upscale.enlarge_uint8(seen.transpose(1, 2, 0), 196, "nearest").squeeze()
        caption = f"Model input: {how.width} × {how.height} pixels"
        st.image(enlarged, caption, 200, output_format="PNG", alt="The prepared image")
    return prepared


@st.cache_data(max_entries=4, scope="session", show_spinner="Preparing the picture")
def _read(content: bytes, name: str, how: Preparation, crop: tuple[float, ...]) -> np.ndarray:
    return reader.prepared_picture(content, name, how, crop)
