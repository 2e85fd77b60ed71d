"""An image from the visitor: a file, a drawing, the clipboard or the camera, with its preparation
on show."""

import streamlit as st
from PIL import Image

from vae.data.uploads import MAX_BYTES, UNCHANGED, Preparation, default_preparation, prepare
from vae.pictures import upscale

from ..runtime.errors import shown_errors
from .drawing import drawing, read_picture

SOURCES = ("File", "Drawing or clipboard", "Camera")


def image_input(source: str, shape: tuple[int, int, int], *, key: str):
    """Shows one of `SOURCES` and the preparation of its image. Returns the image uint8 [C, H, W]
    as the model receives it, or None where there is none yet."""
    with shown_errors("This image cannot be used"):
        if source in ("File", "Camera"):
            found = _file_or_photo(source, key)
        else:
            found = drawing(shape, key=f"{key}-drawing")
        return None if found is None else _prepared(shape, key, *found)
    return None


def _file_or_photo(source: str, key: str) -> tuple[Image.Image, str, bool] | None:
    if source == "File":
        most, types = MAX_BYTES // 2**20, ["png", "jpg", "jpeg", "webp"]
        label = f"PNG, JPEG or WebP, at most {most} MB and 16 million pixels"
        file = st.file_uploader(label, type=types, max_upload_size=most, key=f"{key}-file")
    else:
        label = "One item in front of a plain background"
        about = "The photo is sent to this server to be encoded; it is never written to disk."
        file = st.camera_input(label, help=about, width=420, key=f"{key}-camera")
    if file is None:
        return None
    kind, name = ("file", file.name) if source == "File" else ("photo", "the photo")
    return read_picture(file.getvalue(), name), f"{kind}-{file.file_id}", False


def _prepared(shape: tuple[int, int, int], key: str, image: Image.Image, name: str, drawn: bool):
    suggested = UNCHANGED if drawn else default_preparation(image, shape)
    before, switches, after = st.columns([1, 1.4, 1], gap="medium")
    with switches:
        invert = st.toggle("Invert (dark item)", suggested.invert, key=f"{key}-invert-{name}")
        centre = st.toggle("Centre the item", suggested.centre, key=f"{key}-centre-{name}")
        left, right = st.slider(
            "Crop horizontally, %", 0, 100, (0, 100), key=f"{key}-across-{name}"
        )
        top, bottom = st.slider("Crop vertically, %", 0, 100, (0, 100), key=f"{key}-down-{name}")
    crop = (left / 100, top / 100, right / 100, bottom / 100)
    with before:
        preview = image.resize((224, 224), Image.Resampling.NEAREST) if drawn else image.copy()
        preview.thumbnail((320, 320))
        st.image(preview, "Your image", width=200, output_format="PNG", alt="Your image")
    prepared = prepare(image, shape, Preparation(invert, centre, crop))
    with after:
        enlarged = upscale.enlarge_uint8(prepared.transpose(1, 2, 0), 196, "nearest").squeeze()
        caption = f"Model input: {' × '.join(map(str, shape[:0:-1]))} pixels"
        st.image(enlarged, caption, 200, output_format="PNG", alt="The prepared image")
    return prepared
