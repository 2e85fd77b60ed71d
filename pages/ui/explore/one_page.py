"""The map as one HTML file, from the Explore page: it opens where the visitor is."""

import streamlit as st

import vae
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


def one_page_panel(entry: vae.Entry, first: Location) -> None:
    """Shows the panel; `first` is the location of a new visitor."""

    def form() -> Begin:
        bare = st.checkbox(
            "Fixed view without controls",
            key="one-page-bare",
            help="For a slide or an article: `<iframe src=FILE>`. It decodes under the pointer.",
        )
        return lambda: _begin(entry, first, Look(controls=not bare))

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
