"""Explore: a map of the latent space of a model."""

from dataclasses import replace

import streamlit as st

from pages.ui.board.save import save_pins
from pages.ui.board.session import remember_on_device, saved_ids
from pages.ui.controls.page_header import page_header
from pages.ui.explore.latent_map import latent_map
from pages.ui.explore.one_page import one_page_panel
from pages.ui.explore.region_panel import region_panel
from pages.ui.models.data_panel import data_note
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import map_assets
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.location import Location, link, location_from_map
from vae.explorer.map_data import first_location

page_header(
    "Explore",
    "Every dot is an image that a neural network has placed by its looks. Move over the map "
    "to see what the network draws at each position; click to pin an image.",
)

entry, assets = model_and_map()
data_note(entry)
space = cache.space(entry.name, entry.digest)
facts = assets.facts
opens = first_location(facts)
first = Location(tuple(opens["z"]), layers=tuple(opens["layers"]), label=opens["label"])


def known(location: Location) -> Location:
    """The location with a column and items that this data set has."""
    return location.with_items(location.items.known(facts))


location, broken = session.location(entry.digest, first, space)
if known(location).colour != location.colour:
    broken.append("by")
session.set_location(entry.digest, known(location))
warn_of_link(broken)


@st.fragment
def explorer() -> None:
    """Reruns alone when the map commits a location."""
    location, _ = session.location(entry.digest, first, space)
    state = st.session_state.get("map") or {}
    committed, saved = state.get("location"), state.get("save")
    current = committed and committed.get("revision", 0) == session.arrivals()
    if current and committed.get("digest") == entry.digest:
        with shown_errors("The map sent an invalid location", show=st.warning):
            location = replace(known(location_from_map(committed, space)), draw=location.draw)
            session.set_location(entry.digest, location)
    if saved and not session.already_handled("save-pins", saved["turn"]):
        save_pins(entry.name, entry.digest, location.pins)
    query = location.to_query(entry.name, entry.digest)
    session.set_link(query)
    shown = map_assets(entry.name, entry.digest, location.show)
    on_board = saved_ids()
    latent_map(
        shown,
        location,
        saved=[pin for pin in location.pins if (entry.digest, pin) in on_board],
        link=link(query),
        revision=session.arrivals(),
        key="map",
    )
    if location.region:
        region_panel(entry, location)
    remember_on_device()


explorer()
one_page_panel(entry, facts, first)
