"""The files that a way is taken home as."""

import streamlit as st

import vae
from vae.latent.paths import Frame
from vae.pictures.animation import ExportError
from vae.pictures.path_export import SUFFIXES, Origin, Recipe, make

from ..controls.enlargement import ABOUT_ENLARGED, ENLARGED
from ..controls.job_panel import Begin, job_panel
from ..runtime import cache
from ..runtime.jobs import Job
from . import cache as interpolate_cache
from . import session as interpolate_session
from .settings import Way

FORMATS = {
    "gif": ("GIF film", "image/gif"),
    "mp4": ("MP4 film", "video/mp4"),
    "webp": ("WebP film", "image/webp"),
    "zip": ("PNG pictures in a .zip", "application/zip"),
    "sheet-png": ("Contact sheet, PNG", "image/png"),
    "sheet-pdf": ("Contact sheet, PDF", "application/pdf"),
    "csv": ("Path as a table, CSV", "text/csv"),
    "json": ("Path with the model's digest, JSON", "application/json"),
}
FILMS = ("gif", "mp4", "webp")
TABLES = ("csv", "json")
ORDERS = {"loop": "again from the start", "ping-pong": "there and back", "once": "once"}
SIZES = (28, 56, 112, 224, 336, 448)


def path_exports(entry: vae.Entry, first: Way) -> None:
    """Shows the panel; the way is the one that the session remembers when a file is asked for."""
    st.subheader("Take it home")

    def form() -> Begin:
        recipe = _recipe()
        return lambda: _begin(entry, first, recipe)

    about = "A file holds the frames of the way as it is now, decoded anew by the model."
    job_panel(entry.digest, form, unit="frames", about=about)


def _recipe() -> Recipe:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "File",
            list(FORMATS),
            format_func=lambda f: FORMATS[f][0],
            width=270,
            key="export-format",
        )
        size, how, fps, order = 224, "refined", 12.0, "loop"
        if kind not in TABLES:
            size = st.selectbox(
                "Picture height in pixels", SIZES, index=3, width=190, key="export-size"
            )
            how = st.selectbox(
                "Enlarged",
                list(ENLARGED),
                format_func=ENLARGED.get,
                width=170,
                help=ABOUT_ENLARGED,
                key="export-how",
            )
        if kind in FILMS:
            fps = st.number_input(
                "Frames a second", 0.5, 60.0, 12.0, 1.0, width=150, key="export-fps"
            )
            order = st.selectbox(
                "Plays", list(ORDERS), format_func=ORDERS.get, width=190, key="export-order"
            )
    return Recipe(kind, size, how, fps, order)


def _begin(entry: vae.Entry, first: Way, recipe: Recipe) -> Job | None:
    """Starts the work; everything that needs the session is read here, before the thread."""
    space = cache.space(entry.name, entry.digest)
    way, _ = interpolate_session.way(entry.digest, first, space)
    if way.kind != "drawn" and len(way.stops) < 2:
        st.warning("A way needs two stops: click the map.")
        return None
    codes = interpolate_cache.travel(entry.name, entry.digest, way).frames.tolist()
    frames = [Frame(tuple(z), way.label, way.seed) for z in codes]
    model = cache.checkpoint(entry.name, entry.digest).model
    stops = way.stroke if way.kind == "drawn" else way.stops
    origin = Origin(entry.name, entry.digest, way.kind, way.spacing, stops, way.guard)
    kind = "way" if recipe.format in TABLES else f"{recipe.size} pixels"
    name = f"{FORMATS[recipe.format][0]}, {way.kind}, {len(frames)} frames, {kind}"
    return Job(
        lambda progress: make(model, frames, recipe, origin, progress=progress),
        name=name,
        file=f"{entry.name}-{way.kind}.{SUFFIXES[recipe.format]}",
        media_type=FORMATS[recipe.format][1],
        expected=ExportError,
    )
