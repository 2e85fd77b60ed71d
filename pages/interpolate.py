"""Interpolate: what lies on the way from one picture to another?"""

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.interpolate import (
    cache as interpolate_cache,
)
from pages.ui.interpolate import (
    session as interpolate_session,
)
from pages.ui.interpolate.export import path_exports
from pages.ui.interpolate.import_path import path_open
from pages.ui.interpolate.keep import keep_frames
from pages.ui.interpolate.path_map import path_map
from pages.ui.interpolate.settings import Way, kinds_for, way_from_map
from pages.ui.interpolate.stop_from_image import path_pictures
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.runtime import cache, session
from pages.ui.runtime.location import link

page_header(
    "Interpolate",
    "How does one image turn into another? Click waypoints on the map and watch the images "
    "along the path between them.",
)

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
known = [tuple(centre) for centre in assets.facts["centres"] if centre]
first = Way((known[0], known[-1]) if len(known) > 1 else ())

way, broken = interpolate_session.way(entry.digest, first, space)
warn_of_link(broken)


@st.fragment
def studio() -> None:
    """Reruns alone when the visitor commits a way; the page around it stays as it is."""
    way, _ = interpolate_session.way(entry.digest, first, space)
    committed = (st.session_state.get("path") or {}).get("way") or {}
    revision = interpolate_session.way_revision()
    current = committed.get("digest") == entry.digest and committed.get("revision") == revision
    if current:
        try:
            way = way_from_map(committed, space)
            interpolate_session.walk(entry.digest, way)
        except ValueError as error:
            st.warning(f"The map sent something unreadable, the last way is kept: {error}")
    query = way.to_query(entry.name, entry.digest)
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)
    speed = None
    if "speed" in way.layers and space.latent == 2:
        speed = interpolate_cache.metric(entry.name, entry.digest, way.label, way.seed, way.guard)[
            1
        ]
    ready = way.kind == "drawn" or len(way.stops) > 1
    travel = interpolate_cache.travel(entry.name, entry.digest, way) if ready else None
    kept = (st.session_state.get("path") or {}).get("keep") or {}
    same = kept.get("digest") == entry.digest and kept.get("turn") == committed.get("turn")
    if travel and same and not session.answered(f"keep-{entry.digest}", int(kept["asked"])):
        keep_frames(entry.name, entry.digest, way, travel.frames.tolist(), kept.get("frames"))
    path_map(
        assets,
        way,
        kinds=kinds_for(space),
        travel=travel,
        trouble="" if ready else "A way needs two stops: click the map.",
        turn=committed.get("turn") if current else None,
        revision=revision,
        speed=speed,
        pins=session.pins(entry.digest),
        link=link(query),
        key="path",
    )


studio()
path_pictures(entry, first)
path_open(entry, space)
path_exports(entry, first)
