"""The export panel of the Interpolate page."""

from dataclasses import replace
from functools import partial

import streamlit as st

import vae
from vae.latent.paths import Frame, PathOrigin
from vae.pictures.path_export import EXTENSIONS, MAX_SIZE, ExportOptions, export_path

from ..board.cache import class_at
from ..controls.enlargement import enlargement_select
from ..controls.job_panel import Begin, job_button, job_panel
from ..controls.sheet_options import paper_choice, sheet_head
from ..runtime import cache
from ..runtime.jobs import Job, start_job
from ..runtime.location import link
from . import cache as interpolate_cache
from . import session as interpolate_session
from .settings import TOO_FEW_WAYPOINTS, PathSettings

FORMATS = {
    "gif": ("Animation, GIF", "image/gif"),
    "mp4": ("Animation, MP4", "video/mp4"),
    "webp": ("Animation, WebP", "image/webp"),
    "zip": ("PNG images in a .zip", "application/zip"),
    "sheet-pdf": ("Contact sheet, PDF", "application/pdf"),
    "sheet-png": ("Contact sheet, PNG", "image/png"),
    "csv": ("Path as a table, CSV", "text/csv"),
    "json": ("Path, JSON", "application/json"),
}
TABLES, SHEETS = ("csv", "json"), ("sheet-pdf", "sheet-png")
GROUNDS = {"": "as decoded", "#000000": "black", "#ffffff": "white", "other": "a colour"}
_GROUND = "Items on a ground of one colour are cut out and laid on another one."
SIZES = (28, 56, 112, 224, 336, 448)


def export_panel(entry: vae.Entry, default: PathSettings) -> None:
    """Shows the panel; it exports the path that the session holds when the button is pressed."""
    st.subheader("Export")

    def form() -> Begin:
        options = _options()
        return lambda: _begin(entry, default, options)

    about = (
        "The file contains the frames of the current path, decoded by the model. An animation has "
        "the duration, the frames per second and the playback of the player."
    )
    job_panel(entry.digest, form, unit="frames", about=about)


def film_button(entry: vae.Entry, default: PathSettings) -> None:
    """The film of the current path, with one press."""
    options = ExportOptions("mp4", MAX_SIZE, "refined")
    about = f"The film as MP4, {MAX_SIZE} pixels high. More formats are at the end of the page."
    begin = partial(_begin, entry, default, options)
    job_button(entry.digest, begin, title="Download film", about=about, key="film")


def _options() -> ExportOptions:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {name: title for name, (title, _) in FORMATS.items()}
        format = st.selectbox(
            "Format", list(titles), format_func=titles.get, width=270, key="export-format"
        )
        size, how, ground, paper = 224, "refined", "", "A4"
        if format not in TABLES:
            size = st.selectbox("Image height, pixels", SIZES, 3, width=190, key="export-size")
            how = enlargement_select("export-how")
            ground = st.selectbox(
                "Ground", GROUNDS, format_func=GROUNDS.get, width=150, help=_GROUND, key="ground"
            )
        if ground == "other":
            ground = st.color_picker("Colour", "#f4e9e1", key="ground-colour")
        if format in SHEETS:
            paper = paper_choice("export-paper")
    return ExportOptions(format, size, how, ground=ground, paper=paper)


def _begin(entry: vae.Entry, default: PathSettings, options: ExportOptions) -> Job | None:
    """Starts the export; reads everything from the session here, before the thread starts."""
    space = cache.space(entry.name, entry.digest)
    path, _ = interpolate_session.path(entry.digest, default, space)
    if not path.complete:
        st.warning(TOO_FEW_WAYPOINTS)
        return None
    options = replace(options, fps=path.fps, playback=path.playback)
    codes = interpolate_cache.sample_path(entry.name, entry.digest, path).frames.tolist()
    frames = [Frame(tuple(z), path.label, path.seed) for z in codes]
    model = cache.checkpoint(entry.name, entry.digest).model
    points = path.stroke if path.kind == "drawn" else path.waypoints
    origin = PathOrigin(
        entry.name, entry.digest, path.kind, path.spacing, points, path.avoid_low_density
    )
    head, kinds = None, []
    if options.format in SHEETS:
        count, query = f"{len(frames)} frames", path.to_query(entry.name, entry.digest)
        head = sheet_head(f"{entry.name}, {path.kind} path", count, link(query))
        kinds = [class_at(entry.name, entry.digest, f.z, f.label) for f in frames]
    title, media_type = FORMATS[options.format]
    size = "" if options.format in TABLES else f", {options.size} pixels"
    return start_job(
        lambda progress: export_path(
            model, frames, options, origin, head=head, kinds=kinds, progress=progress
        ),
        name=f"{title}, {path.kind} path, {len(frames)} frames{size}",
        file=f"{entry.name}-{path.kind}.{EXTENSIONS[options.format]}",
        media_type=media_type,
    )
