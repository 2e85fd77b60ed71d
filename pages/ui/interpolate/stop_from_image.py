"""Stops from people's own pictures."""

import streamlit as st

import vae

from ..controls.image_input import SOURCES, own_picture
from ..runtime import cache
from . import session as interpolate_session
from .settings import MOST_STOPS, Way


def path_pictures(entry: vae.Entry, way: Way) -> None:
    """Shows the panel. A picture that is added becomes the last stop of the way."""
    with st.expander("Begin or end at a picture of your own", on_change="rerun") as box:
        if box.open:
            _choose(entry, way)


@st.fragment
def _choose(entry: vae.Entry, way: Way) -> None:
    model = cache.checkpoint(entry.name, entry.digest).model
    source = st.segmented_control(
        "Picture from", SOURCES, default=SOURCES[0], required=True, key="own-source"
    )
    with st.container():  # however much it shows, the button below keeps its place
        prepared = own_picture(source, model.image_shape, key="own")
    if prepared is not None and st.button("Add as the last stop", key="own-add"):
        here = interpolate_session.current_way(entry.digest, way)
        if len(here.stops) >= MOST_STOPS:
            st.warning(f"A way has at most {MOST_STOPS} stops: delete one first.")
            return
        interpolate_session.add_stop(
            entry.digest, cache.code_of(entry.name, entry.digest, prepared, here.label)
        )
        st.rerun()
