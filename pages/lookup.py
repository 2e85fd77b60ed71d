"""Similarity search: which class is this image, and which images are most similar?"""

import numpy as np
import streamlit as st

from pages.ui.controls.dropped_file import accept_dropped_files, unselected
from pages.ui.controls.image_input import SOURCES, image_input
from pages.ui.controls.page_header import page_header
from pages.ui.generate.start import start_query
from pages.ui.interpolate import session as interpolate_session
from pages.ui.interpolate.settings import PathSettings
from pages.ui.lookup import cache as lookup_cache
from pages.ui.lookup import session as lookup_session
from pages.ui.lookup.lookup_view import lookup_view, selected_item
from pages.ui.lookup.name_search import name_search
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import chosen_items, items_from_link, map_assets
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.location import Items, Location
from vae.data import selection

page_header(
    "Similarity search",
    "What is this image, and which images are most like it? Choose a test image, draw your "
    "own, or drop a picture anywhere on this page.",
)

TEST = "Test image"

entry, assets = model_and_map()
data = cache.display_dataset(entry.name, entry.digest)
images = selection.JoinedImages(data.test.images, data.train.images)
warn_of_link(items_from_link(entry, assets))


def numbers(items: Items) -> np.ndarray:
    """Those of the images that are shown; other ones below the last may be looked up too."""
    return selection.select(data, items.show).numbers


_, broken = lookup_session.selected_image(numbers(session.items(entry.digest))[-1] + 1)
if broken:
    st.warning("The link refers to an image that does not exist; the first one is shown.")


def select(item: int) -> None:
    lookup_session.select_image(item)
    st.session_state["look-item"], st.session_state["look-source"] = item, TEST


def test_image(items: Items) -> np.ndarray:
    """The selected image and the controls that select another."""
    shown = numbers(items)
    last = int(shown[-1])
    held_out = last < len(data.test.labels)
    item, _ = lookup_session.selected_image(last + 1)
    st.session_state["look-item"] = item  # a widget's value is lost on another page
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            f"Index, 0 to {last:,}",
            0,
            last,
            key="look-item",
            width=160,
            help="Index of the image in the test set; it is part of the link."
            if held_out
            else "Number of the image, those held out first; it is part of the link.",
            on_change=lambda: lookup_session.select_image(st.session_state["look-item"]),
        )
        # The index is the seed of the next one: the sequence of random images is reproducible.
        following = int(shown[np.random.default_rng(item).integers(len(shown))])
        another = "another test image" if held_out else "another image of those shown"
        about = f"Selects {another}. The sequence is the same every time."
        st.button("Random image", help=about, on_click=select, args=(following,))
        if data.test_metadata.paths:
            name_search(data, shown, item, select)
    return images[item]


def next_steps(z: tuple[float, ...], image: np.ndarray) -> None:
    """Buttons that open other pages at this code of an image."""
    with st.container(horizontal=True):
        if st.button("Explore from here", help="Opens Explore at this code and pins it."):
            start = Location(tuple(assets.facts["start"]), layers=tuple(assets.facts["layers"]))
            place = session.explore_from(entry.digest, start, z)
            st.switch_page("explore.py", query_params=place.to_query(entry.name, entry.digest))
        if st.button(
            "Interpolate from here",
            help="Opens Interpolate with a path from this code to the farthest class centre.",
        ):
            centres = [tuple(centre) for centre in assets.facts["centres"] if centre]
            far = max(centres, key=lambda centre: np.linalg.norm(np.subtract(centre, z)))
            path = PathSettings((z, far))
            interpolate_session.replace_path(entry.digest, path)
            shown = session.items(entry.digest).to_query()
            query = path.to_query(entry.name, entry.digest) | shown
            st.switch_page("interpolate.py", query_params=query)
        if st.button(
            "Generate from here", help="Opens Generate with variations of the image at this code."
        ):
            st.switch_page("generate.py", query_params=start_query(entry, z, image))


@st.fragment
def search() -> None:
    """Reruns on its own when another image is chosen."""
    items = chosen_items(entry, assets, "look")
    count = int(numbers(items)[-1]) + 1
    selected = selected_item("look", entry.digest, count)
    if selected and not session.already_handled(f"look-{entry.digest}", selected[1]):
        select(selected[0])
    query = {"m": entry.name, "d": entry.digest[:12]} | items.to_query()
    st.session_state.setdefault("look-source", TEST)
    known = TEST if count <= len(data.test.labels) else "Image of the data set"
    source = st.segmented_control(
        "Image source",
        [TEST, *SOURCES],
        required=True,
        format_func=lambda name: known if name == TEST else name,
        key="look-source",
    )
    with st.container():  # keeps the position of what follows, whatever is shown here
        if source == TEST:
            image = test_image(items)
            query["i"] = str(lookup_session.selected_image(count)[0])
        else:
            image = image_input(source, cache.images_of(entry.name, entry.digest).how, key="look")
    session.set_link(query)
    if image is not None:
        with shown_errors(f"{entry.name} cannot search", stop=True):
            found = lookup_cache.look_up(entry.name, entry.digest, image, items.show)
        next_steps(found.z, image)
        shown = map_assets(entry.name, entry.digest, items.show)
        lookup_view(shown, found, items=items, key="look")


search()
accept_dropped_files(unselected("look-source", 2), field="look-file")
