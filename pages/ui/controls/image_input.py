"""A picture of the visitor's own: from a file, drawn, pasted or photographed, and prepared where
they can see it."""

import streamlit as st
from PIL import Image

from vae.data.uploads import (
    UNCHANGED,
    Preparation,
    UploadError,
    default_preparation,
    open_image,
    prepare,
)
from vae.pictures import upscale

from .drawing import drawing

SOURCES = ("A file", "Drawing or clipboard", "Camera")


def own_picture(source: str, shape: tuple[int, int, int], *, key: str):
    """Shows one of `SOURCES` and how its picture is prepared. Returns the picture uint8 [C, H, W]
    as a model with images of this shape sees it, or None where there is none yet."""
    try:
        if source == "A file":
            found = _uploaded(key)
        elif source == "Camera":
            found = _photographed(key)
        else:
            found = drawing(shape, key=f"{key}-drawing")
        return None if found is None else _prepared(shape, key, *found)
    except UploadError as error:
        st.error(f"This picture cannot be used: {error}.")
        return None


def _uploaded(key: str) -> tuple[Image.Image, str, bool] | None:
    file = st.file_uploader(
        "PNG, JPEG or WebP, at most 10 MB and 16 million pixels",
        type=["png", "jpg", "jpeg", "webp"],
        key=f"{key}-file",
    )
    if file is None:
        return None
    return open_image(file.getvalue(), file.name), f"file-{file.file_id}", False


def _photographed(key: str) -> tuple[Image.Image, str, bool] | None:
    photo = st.camera_input(
        "One item, before a plain ground",
        help="The photo goes to this server to be encoded; it is never written to disk.",
        width=420,
        key=f"{key}-camera",
    )
    if photo is None:
        return None
    return open_image(photo.getvalue(), "the photo"), f"photo-{photo.file_id}", False


def _prepared(shape: tuple[int, int, int], key: str, image: Image.Image, name: str, drawn: bool):
    how = UNCHANGED if drawn else default_preparation(image, shape)
    before, switches, after = st.columns([1, 1.4, 1], gap="medium")
    with switches:
        invert = st.toggle("Invert: the item is dark", how.invert, key=f"{key}-invert-{name}")
        centre = st.toggle("Centre on the item", how.centre, key=f"{key}-centre-{name}")
        left, right = st.slider(
            "Keep from left to right, %", 0, 100, (0, 100), key=f"{key}-across-{name}"
        )
        top, bottom = st.slider(
            "Keep from top to bottom, %", 0, 100, (0, 100), key=f"{key}-down-{name}"
        )
    crop = (left / 100, top / 100, right / 100, bottom / 100)
    with before:
        shown = image.copy()
        shown.thumbnail((320, 320))
        if drawn:
            shown = image.resize((224, 224), Image.Resampling.NEAREST)
        st.image(shown, "Your picture", width=200, output_format="PNG", alt="Your picture")
    prepared = prepare(image, shape, Preparation(invert, centre, crop))
    with after:
        seen = upscale.as_bytes(prepared.transpose(1, 2, 0), 196, "nearest").squeeze()
        size = " × ".join(map(str, shape[:0:-1]))
        st.image(
            seen,
            f"What the model sees: {size} pixels",
            width=200,
            output_format="PNG",
            alt="The prepared picture",
        )
    return prepared
