"""The files that a way is taken home as: choices, progress, a button to stop, the download."""

import streamlit as st

import vae
from vae.film import ExportError
from vae.path_files import SUFFIXES, Origin, Recipe, make
from vae.paths import Frame

from . import cache, session
from .jobs import Job
from .way import Way

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
_AT_ONCE = 0.4  # seconds after which work is shown as a bar


def path_exports(entry: vae.Entry, first: Way) -> None:
    """Shows the panel; the way is the one that the session remembers when a file is asked for."""
    job = session.export_job(entry.digest)
    running = job is not None and job.running
    st.subheader("Take it home")
    st.fragment(_panel, run_every=0.4 if running else None)(entry, first, running)


def _panel(entry: vae.Entry, first: Way, polled: bool) -> None:
    job = session.export_job(entry.digest)
    running = job is not None and job.running
    recipe = _recipe()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make the file", disabled=running, key="export-make"):
            job = _begin(entry, first, recipe)
            session.keep_export_job(entry.digest, job)
            if job is not None:
                job.wait(_AT_ONCE)
                if job.running:
                    st.rerun()  # now with a clock that looks after it
        if running and st.button("Stop", key="export-stop"):
            job.stop()
            job.wait(2)
            st.rerun()
    if job is None:
        st.caption("A file holds the frames of the way as it is now, decoded anew by the model.")
    elif job.running:
        st.progress(min(1.0, job.done / job.of), f"{job.name}: {job.done} of {job.of} frames")
    elif polled:
        st.rerun()  # leaves the clock
    else:
        _outcome(job)


def _recipe() -> Recipe:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "File",
            list(FORMATS),
            format_func=lambda f: FORMATS[f][0],
            width=270,
            key="export-format",
        )
        size, smooth, fps, order = 224, True, 12.0, "loop"
        if kind not in TABLES:
            size = st.selectbox(
                "Picture height in pixels", SIZES, index=3, width=190, key="export-size"
            )
            smooth = (
                st.selectbox(
                    "Enlarged", ["smoothly", "to sharp squares"], width=170, key="export-smooth"
                )
                == "smoothly"
            )
        if kind in FILMS:
            fps = st.number_input(
                "Frames a second", 0.5, 60.0, 12.0, 1.0, width=150, key="export-fps"
            )
            order = st.selectbox(
                "Plays", list(ORDERS), format_func=ORDERS.get, width=190, key="export-order"
            )
    return Recipe(kind, size, smooth, fps, order)


def _begin(entry: vae.Entry, first: Way, recipe: Recipe) -> Job | None:
    """Starts the work; everything that needs the session is read here, before the thread."""
    space = cache.space(entry.name, entry.digest)
    way, _ = session.way(entry.digest, first, space)
    if way.kind != "drawn" and len(way.stops) < 2:
        st.warning("A way needs two stops: click the map.")
        return None
    codes = cache.travel(entry.name, entry.digest, way).frames.tolist()
    frames = [Frame(tuple(z), way.label, way.seed) for z in codes]
    model = cache.checkpoint(entry.name, entry.digest).model
    origin = Origin(entry.name, entry.digest, way.kind, way.spacing)
    kind = "way" if recipe.format in TABLES else f"{recipe.size} pixels"
    name = f"{FORMATS[recipe.format][0]}, {way.kind}, {len(frames)} frames, {kind}"
    return Job(
        lambda progress: make(model, frames, recipe, origin, progress=progress),
        name=name,
        file=f"{entry.name}-{way.kind}.{SUFFIXES[recipe.format]}",
        media_type=FORMATS[recipe.format][1],
        expected=ExportError,
    )


def _outcome(job: Job) -> None:
    if job.error is not None:
        st.error(f"No file was made: {job.error}.")
    elif job.result is None:
        st.info("Stopped; no file was made.")
    else:
        st.download_button(
            f"Download {job.file} ({_bytes(len(job.result))})",
            job.result,
            job.file,
            job.media_type,
            on_click="ignore",
            key="export-download",
        )
        st.caption(f"Ready: {job.name}.")


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
