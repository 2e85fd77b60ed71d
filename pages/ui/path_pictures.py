"""Stops from people's own pictures: uploaded, pasted or drawn, prepared where they can see it."""

import streamlit as st
from PIL import Image

import vae
from vae import upscale
from vae.uploads import Preparation, UploadError, open_image, prepare, suggest

from . import cache, session
from .drawing import drawing
from .way import MOST_STOPS, Way

WHOLE = (0.0, 0.0, 1.0, 1.0)


def path_pictures(entry: vae.Entry, way: Way) -> None:
    """Shows the panel. A picture that is added becomes the last stop of the way."""
    with st.expander("Begin or end at a picture of your own", on_change="rerun") as box:
        if box.open:
            _choose(entry, way)


@st.fragment
def _choose(entry: vae.Entry, way: Way) -> None:
    model = cache.checkpoint(entry.name, entry.digest).model
    source = st.segmented_control(
        "Picture from",
        ["A file", "Drawing or clipboard"],
        default="A file",
        required=True,
        key="own-source",
    )
    try:
        found = (
            _uploaded() if source == "A file" else drawing(model.image_shape, key="own-drawing")
        )
        if found is not None:
            _prepare(entry, way, model, *found)
    except UploadError as error:
        st.error(f"This picture cannot be used: {error}.")


def _uploaded() -> tuple[Image.Image, str, bool] | None:
    file = st.file_uploader(
        "PNG, JPEG or WebP, at most 10 MB and 16 million pixels",
        type=["png", "jpg", "jpeg", "webp"],
        key="own-file",
    )
    if file is None:
        return None
    return open_image(file.getvalue(), file.name), f"file-{file.file_id}", False


def _prepare(
    entry: vae.Entry, way: Way, model: vae.Autoencoder, image: Image.Image, name: str, drawn: bool
) -> None:
    how = Preparation(False, False, WHOLE) if drawn else suggest(image)
    before, switches, after = st.columns([1, 1.4, 1], gap="medium")
    with switches:
        invert = st.toggle("Invert: the item is dark", how.invert, key=f"own-invert-{name}")
        centre = st.toggle("Centre on the item", how.centre, key=f"own-centre-{name}")
        left, right = st.slider(
            "Keep from left to right, %", 0, 100, (0, 100), key=f"own-across-{name}"
        )
        top, bottom = st.slider(
            "Keep from top to bottom, %", 0, 100, (0, 100), key=f"own-down-{name}"
        )
    crop = (left / 100, top / 100, right / 100, bottom / 100)
    with before:
        shown = image.copy()
        shown.thumbnail((320, 320))
        if drawn:
            shown = image.resize((224, 224), Image.Resampling.NEAREST)
        st.image(shown, "Your picture", width=200, output_format="PNG", alt="Your picture")
    prepared = prepare(image, model.image_shape, Preparation(invert, centre, crop))
    with after:
        seen = upscale.as_bytes(prepared.transpose(1, 2, 0), 196, "nearest").squeeze()
        size = " × ".join(map(str, model.image_shape[:0:-1]))
        st.image(
            seen,
            f"What the model sees: {size} pixels",
            width=200,
            output_format="PNG",
            alt="The prepared picture",
        )
    if st.button("Add as the last stop", key="own-add"):
        here = session.current_way(entry.digest, way)
        if len(here.stops) >= MOST_STOPS:
            st.warning(f"A way has at most {MOST_STOPS} stops: delete one first.")
            return
        session.add_stop(
            entry.digest, cache.code_of(entry.name, entry.digest, prepared, here.label)
        )
        st.rerun()
