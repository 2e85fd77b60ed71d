"""Explore: a map of the latent space of a model."""

from dataclasses import replace

import streamlit as st

from pages.ui.board.save import save_pins
from pages.ui.board.session import remember_on_device
from pages.ui.controls.page_header import page_header
from pages.ui.explore.latent_map import INLINE_PINS, latent_map
from pages.ui.explore.region_panel import region_panel
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.location import Location, link, location_from_map

page_header(
    "Explore",
    "Every dot is an image that a neural network has placed by its looks. Move over the map "
    "to see what the network draws at each position; click to pin an image.",
)

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
first = Location(tuple(assets.facts["start"]), layers=tuple(assets.facts["layers"]))

_, broken = session.location(entry.digest, first, space)
warn_of_link(broken)


@st.fragment
def explorer() -> None:
    """Reruns alone when the map commits a location."""
    location, _ = session.location(entry.digest, first, space)
    committed = (st.session_state.get("map") or {}).get("location")
    if committed and committed.get("digest") == entry.digest:
        with shown_errors("The map sent an invalid location", show=st.warning):
            location = replace(location_from_map(committed, space), draw=location.draw)
            session.set_location(entry.digest, location)
    query = location.to_query(entry.name, entry.digest)
    # The address of a first visit stays short.
    changed = location != first or entry.name != cache.DEFAULT_MODEL
    if changed or committed or st.query_params:
        session.set_link(query)
    inlined = location.pins[-INLINE_PINS:]
    latent_map(
        assets,
        location,
        pictures=[(pin, cache.decoded_bytes(entry.name, entry.digest, pin)) for pin in inlined],
        link=link(query),
        key="map",
    )
    st.button(
        "Save pins to board",
        disabled=not location.pins,
        help="Saves the pinned images to the board, where they can be sorted and exported.",
        on_click=save_pins,
        args=(entry.name, entry.digest, location.pins),
    )
    if location.region:
        region_panel(entry, location)
    remember_on_device()


explorer()
