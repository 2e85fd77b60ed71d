"""Interpolate: the images on a path between two or more latent codes."""

import streamlit as st

from pages.ui.board.session import remember_on_device, saved_ids
from pages.ui.controls.dropped_file import accept_dropped_files, unselected
from pages.ui.controls.page_header import page_header
from pages.ui.interpolate import cache as interpolate_cache
from pages.ui.interpolate import session as interpolate_session
from pages.ui.interpolate.export import export_panel, film_button
from pages.ui.interpolate.import_path import import_panel
from pages.ui.interpolate.path_map import path_map
from pages.ui.interpolate.save import save_frames
from pages.ui.interpolate.settings import PathSettings, path_from_map
from pages.ui.interpolate.waypoint_from_image import image_waypoint_panel
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import chosen_items, items_from_link, map_assets
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.location import link

header = page_header(
    "Interpolate",
    "How does one image turn into another? Click waypoints on the map and watch the images "
    "along the path between them.",
)

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
centres = [tuple(centre) for centre in assets.facts["centres"] if centre]
default = PathSettings((centres[0], centres[-1]) if len(centres) > 1 else ())

broken = items_from_link(entry, assets)
broken += interpolate_session.path(entry.digest, default, space)[1]
warn_of_link(broken)


@st.fragment
def studio() -> None:
    """Reruns alone when the map commits a path."""
    path, _ = interpolate_session.path(entry.digest, default, space)
    state = st.session_state.get("path") or {}
    committed, saved = state.get("path") or {}, state.get("save") or {}
    revision = interpolate_session.path_revision()
    current = committed.get("digest") == entry.digest and committed.get("revision") == revision
    if current:
        with shown_errors("The map sent an invalid path", show=st.warning):
            path = path_from_map(committed, space)
            interpolate_session.set_path(entry.digest, path)
    items = chosen_items(entry, assets, "path")
    query = path.to_query(entry.name, entry.digest) | items.to_query()
    session.set_link(query)
    magnification = None
    if "speed" in path.layers and space.latent == 2:
        magnification = interpolate_cache.metric(
            entry.name, entry.digest, path.label, path.seed, path.avoid_low_density
        )[1]
    sample = interpolate_cache.sample_path
    sampled = sample(entry.name, entry.digest, path) if path.complete else None
    same = saved.get("digest") == entry.digest and saved.get("turn") == committed.get("turn")
    key = f"keep-{entry.digest}"
    if sampled and same and not session.already_handled(key, int(saved["request"])):
        save_frames(entry.name, entry.digest, path, sampled.frames.tolist(), saved.get("frames"))
    explored = session.explored(entry.digest)
    path_map(
        map_assets(entry.name, entry.digest, items.show),
        path,
        items=items,
        sampled=sampled,
        turn=committed.get("turn") if current else None,
        revision=revision,
        speed=magnification,
        pins=explored.pins if explored else (),
        saved=saved_ids().keys(),
        link=link(query),
        key="path",
    )
    remember_on_device()


studio()
image_waypoint_panel(entry, default)
closed = ".st-key-own-image details:not([open]) summary"
accept_dropped_files(closed, unselected("own-source", 1), field="own-file")
import_panel(entry, space)
export_panel(entry, default)
with header:
    film_button(entry, default)
