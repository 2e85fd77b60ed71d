"""A sheet that starts at a given code: the image there, and variations of it."""

from collections.abc import Callable

import numpy as np
import streamlit as st

import vae
from vae.latent.sampling import SamplingRequest
from vae.latent.variations import MAX_DISTANCE

from ..controls.image_input import SOURCES, image_input
from ..runtime import cache
from ..runtime.errors import shown_errors
from . import cache as generate_cache
from .settings import derived_to_query, request_to_query
from .sheet import Derived, GridCommand, View

Code = tuple[float, ...]
Open = Callable[[SamplingRequest, Derived], None]


def start_at(entry: vae.Entry, z: Code, image: np.ndarray) -> tuple[SamplingRequest, Derived]:
    """The request and the steps of the sheet that starts at the code of an image uint8 [C, H, W].
    Models with classes get that of the image, models with detail that of the nearest items."""
    known = cache.images_of(entry.name, entry.digest)
    distance = cache.reference_distances(known)[1]
    distance = min(max(0.01, round(distance, 2)), MAX_DISTANCE)
    step = GridCommand("variations", selected=(0,), distance=distance)
    label, groups = class_of(entry, image), cache.codec(entry.name, entry.digest).info.seed_groups
    group = dict(groups).get("like real items", 0)
    request = SamplingRequest("around", 1, temperature=0, z=z, label=label, group=group)
    return request, Derived((step,))


def class_of(entry: vae.Entry, image: np.ndarray) -> int | None:
    """The class of an image for a conditional model; None for others."""
    if not cache.space(entry.name, entry.digest).labels:
        return None
    read = generate_cache.class_reader(cache.images_of(entry.name, entry.digest))
    return int(read(image.transpose(1, 2, 0)[None])[0].argmax()) if read else 0


def start_query(entry: vae.Entry, z: Code, image: np.ndarray) -> dict[str, str]:
    """The link to the sheet that starts at the code of an image."""
    request, derived = start_at(entry, z, image)
    query = request_to_query(request, entry.name, entry.digest)
    return query | derived_to_query(derived, View())


@st.dialog("Start from a photograph", width="large")
def photograph_dialog(entry: vae.Entry, open_sheet: Open) -> None:
    """Asks for an image, and opens the sheet that starts at its code."""
    st.caption(
        "The item is found on the picture; drag the box where it is not. The sheet then starts at "
        "the code of the image, with variations of it."
    )
    source = st.segmented_control(
        "Image from", SOURCES, default=SOURCES[0], required=True, key="photo-source"
    )
    with st.container():  # the button below keeps its position however much this shows
        how = cache.images_of(entry.name, entry.digest).how
        image = image_input(source, how, key="photo")
    if image is not None and st.button("Start from here", type="primary", key="photo-start"):
        with shown_errors("This image cannot be encoded"):
            z = cache.code_of(entry.name, entry.digest, image, class_of(entry, image))
            open_sheet(*start_at(entry, z, image))
            st.rerun()
