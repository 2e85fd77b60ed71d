"""Export of a run's snapshots as an animation."""

from collections.abc import Sequence

import streamlit as st

from vae.training import runs, timelapse

from ..controls.job_panel import Begin, job_panel
from ..runtime.jobs import Job, start_job

FORMATS = {"gif": ("GIF animation", "image/gif"), "mp4": ("MP4 video", "video/mp4")}


def run_export(shown: Sequence[str]) -> None:
    """Shows the panel; two runs are side by side in the animation."""
    with st.expander("Export an animation of this run"):

        def form() -> Begin:
            kind = st.selectbox(
                "File", list(FORMATS), format_func=lambda f: FORMATS[f][0], width=270,
                key="run-format",
            )  # fmt: skip
            seconds = st.slider("Seconds", 2, 30, 8, width=270, key="run-seconds")
            return lambda: _begin(list(shown), kind, seconds)

        about = "Each frame is a snapshot: the codes of the validation items and the decoded grid."
        job_panel(f"run-{'-'.join(shown)}", form, unit="frames", about=about)


def _begin(shown: list[str], kind: str, seconds: int) -> Job | None:
    if not all(runs.snapshots(id) for id in shown):
        st.warning("There are no snapshots yet: wait until training has started.")
        return None
    return start_job(
        lambda progress: timelapse.render(shown, kind, seconds=seconds, progress=progress),
        name=f"{FORMATS[kind][0]} of {seconds} s",
        file=f"training.{kind}",
        media_type=FORMATS[kind][1],
    )
