"""The map as one HTML file, from the Explore page: it opens where the visitor is."""

from collections.abc import Mapping

import streamlit as st

import vae
from vae.explorer import lessons
from vae.explorer.contents import MAX_ITEMS
from vae.explorer.page import Look, page

from ..controls.job_panel import Begin, job_panel
from ..runtime import cache, session
from ..runtime.jobs import Job, start_job
from ..runtime.location import Location

_KEPT = ("z", "label", "seed", "view", "layers", "pins", "region")  # of the location
_ABOUT = (
    "One HTML file of some megabytes with the map, the decoder and small pictures of up to "
    f"{MAX_ITEMS:,} items. It opens in a browser from a disk, without a network and without this "
    "app, with your position, view, layers, pins and lasso."
)


def one_page_panel(entry: vae.Entry, facts: Mapping, first: Location) -> None:
    """Shows the panel for a model with its map's facts; `first` is where a new visitor is."""

    def form() -> Begin:
        bare = st.checkbox(
            "Fixed view without controls",
            key="one-page-bare",
            help="For a slide or an article: `<iframe src=FILE>`. It decodes under the pointer.",
        )
        titles, below = lessons.offered(facts), ()
        if titles:
            below = st.multiselect(
                "Steps of Learn below the map",
                titles,
                format_func=titles.get,
                key="one-page-steps",
            )
        look = Look(controls=not bare, lessons=tuple(below))
        return lambda: _begin(entry, first, look)

    with st.expander("Download as one page"):
        job_panel(f"page-{entry.digest}", form, unit="steps", about=_ABOUT, key="one-page")


def _begin(entry: vae.Entry, first: Location, look: Look) -> Job:
    """Starts the work; reads everything from the session here, before the thread starts."""
    name, digest = entry.name, entry.digest
    state = session.location(digest, first, cache.space(name, digest))[0].to_json()
    look = look._replace(opening={key: state[key] for key in _KEPT})
    model, data = cache.checkpoint(name, digest), cache.display_dataset(name, digest)
    return start_job(
        lambda progress: page(model, data, look=look, progress=progress),
        name=f"map of {name} as one page",
        file=f"{name}.html",
        media_type="text/html",
    )
