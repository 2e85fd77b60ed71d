"""Look up: what is this, and what is it like?"""

import numpy as np
import streamlit as st

from pages.ui.controls.image_input import SOURCES, own_picture
from pages.ui.interpolate import session as interpolate_session
from pages.ui.interpolate.settings import Way
from pages.ui.lookup import cache as lookup_cache
from pages.ui.lookup import session as lookup_session
from pages.ui.lookup.lookup_view import asked_item, lookup_view
from pages.ui.models.model_picker import model_and_map
from pages.ui.runtime import cache, session
from pages.ui.runtime.location import Place

TEST = "A test image"

entry, assets = model_and_map()
images = cache.shown(entry.name, entry.digest).test.images
item, broken = lookup_session.looked_up(len(images))
if broken:
    st.warning("The link names no test image that there is here; the first is shown.")


def show_item(item: int) -> None:
    lookup_session.look_up(item)
    st.session_state["look-item"], st.session_state["look-source"] = item, TEST


def test_image() -> np.ndarray:
    """The numbered test image."""
    item, _ = lookup_session.looked_up(len(images))
    st.session_state["look-item"] = item  # the widget forgets between pages, the session does not
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            f"Number, 0 to {len(images) - 1:,}",
            0,
            len(images) - 1,
            key="look-item",
            width=160,
            help="Test images are numbered in their own order; the link holds the number.",
            on_change=lambda: lookup_session.look_up(st.session_state["look-item"]),
        )
        # The number is the seed of the next one, so that the same numbers follow each other.
        following = int(np.random.default_rng(item).integers(len(images)))
        st.button(
            "Another one",
            help="Any of the test images; the same one follows every time.",
            on_click=show_item,
            args=(following,),
        )
    return images[item]


def to_other_pages(look: lookup_cache.Look) -> None:
    """The buttons that go on from the picture's code."""
    with st.container(horizontal=True):
        if st.button(
            "Start exploring from here",
            help="Opens Explore at this code, with a pin there.",
        ):
            start = Place(tuple(assets.facts["start"]), layers=tuple(assets.facts["layers"]))
            place = session.explore_from(entry.digest, start, look.z)
            st.switch_page("explore.py", query_params=place.to_query(entry.name, entry.digest))
        if st.button(
            "Walk from here",
            help="Opens Interpolate with this code as the first stop and the farthest class as "
            "the last.",
        ):
            centres = [tuple(centre) for centre in assets.facts["centres"] if centre]
            far = max(centres, key=lambda centre: np.linalg.norm(np.subtract(centre, look.z)))
            way = Way((look.z, far))
            interpolate_session.walk_from(entry.digest, way)
            st.switch_page("interpolate.py", query_params=way.to_query(entry.name, entry.digest))


@st.fragment
def look_up() -> None:
    """Reruns alone when another picture is chosen."""
    asked = asked_item("look", entry.digest, len(images))
    if asked and not session.answered(f"look-{entry.digest}", asked[1]):
        show_item(asked[0])
    query = {"m": entry.name, "d": entry.digest[:12]}
    st.session_state.setdefault("look-source", TEST)
    source = st.segmented_control(
        "Picture from", [TEST, *SOURCES], required=True, key="look-source"
    )
    with st.container():  # however much it shows, what is below keeps its place
        if source == TEST:
            image = test_image()
            query["i"] = str(lookup_session.looked_up(len(images))[0])
        else:
            image = own_picture(source, images.shape[1:], key="look")
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    if image is not None:
        look = lookup_cache.look(entry.name, entry.digest, image)
        to_other_pages(look)
        lookup_view(assets, look, key="look")


look_up()
