"""Waypoints from the visitor's images."""

import streamlit as st

import vae

from ..controls.image_input import SOURCES, image_input
from ..runtime import cache
from ..runtime.errors import shown_errors
from . import session as interpolate_session
from .settings import MAX_WAYPOINTS, PathSettings


def image_waypoint_panel(entry: vae.Entry, default: PathSettings) -> None:
    """Shows the panel. An added image becomes the first or the last waypoint."""
    with st.expander("Start or end at your own image", on_change="rerun", key="own-image") as box:
        if box.open:
            _choose(entry, default)


@st.fragment
def _choose(entry: vae.Entry, default: PathSettings) -> None:
    st.caption("A picture may also be dropped anywhere on this page.")
    source = st.segmented_control(
        "Image from", SOURCES, default=SOURCES[0], required=True, key="own-source"
    )
    with st.container():  # the button below keeps its position however much this shows
        image = image_input(source, cache.images_of(entry.name, entry.digest).how, key="own")
    if image is None:
        return
    with st.container(horizontal=True):
        first = st.button("Add as first waypoint", key="own-first")
        last = st.button("Add as last waypoint", key="own-add")
    if first or last:
        path = interpolate_session.current_path(entry.digest, default)
        if len(path.waypoints) >= MAX_WAYPOINTS:
            st.warning(f"A path has at most {MAX_WAYPOINTS} waypoints: delete one first.")
            return
        with shown_errors("This image was not added; choose a class"):
            code = cache.code_of(entry.name, entry.digest, image, path.label)
            interpolate_session.add_waypoint(entry.digest, code, first=first)
            st.rerun()
