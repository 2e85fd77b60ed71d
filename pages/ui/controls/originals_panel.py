"""The panel that gives the picture files behind images as one .zip."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from vae.data.sources import MAX_ARCHIVE, Originals

from ..runtime.jobs import Job, start_job
from .job_panel import Begin, job_panel

ABOUT = f"The files as they are, in folders, at most {MAX_ARCHIVE / 2**20:.0f} MB at once."


class Chosen(NamedTuple):
    """The files by their paths, the folder of each in the .zip (None: that of its class), the name
    of the .zip without its ending, and what it holds in words."""

    paths: Sequence[str]
    folders: Sequence[str] | None
    file: str
    title: str


def originals_panel(slot: str, source: Originals, form: Callable[[], Chosen]) -> None:
    """Shows the panel; `form` draws its choices. `slot` identifies the file in the session."""

    def begin_of() -> Begin:
        chosen = form()
        return lambda: _begin(source, chosen)

    job_panel(f"originals-{slot}", begin_of, unit="files", about=ABOUT)


def _begin(source: Originals, chosen: Chosen) -> Job | None:
    if not chosen.paths:
        st.warning("There is no image in it; choose another selection.")
        return None
    return start_job(
        lambda progress: source.archive(chosen.paths, chosen.folders, progress=progress),
        name=f"{len(chosen.paths):,} originals, {chosen.title}",
        file=f"{chosen.file}-originals.zip",
        media_type="application/zip",
    )
