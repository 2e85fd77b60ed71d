"""A training as a film: its snapshots one after the other, for slides and messages."""

from collections.abc import Sequence

import streamlit as st

from vae.training import runs, timelapse

from ..controls.job_panel import Begin, job_panel
from ..runtime.jobs import Job

FORMATS = {"gif": ("GIF film", "image/gif"), "mp4": ("MP4 film", "video/mp4")}


def run_export(shown: Sequence[str]) -> None:
    """Shows the panel; two runs lie side by side in the film."""
    with st.expander("Take the film of this training home"):

        def form() -> Begin:
            kind = st.selectbox(
                "File", list(FORMATS), format_func=lambda f: FORMATS[f][0], width=270,
                key="run-format",
            )  # fmt: skip
            seconds = st.slider("Seconds", 2, 30, 8, width=270, key="run-seconds")
            return lambda: _begin(list(shown), kind, seconds)

        about = (
            "Each frame is a snapshot: where the held-out items lie, and what places decode to."
        )
        job_panel(f"run-{'-'.join(shown)}", form, unit="frames", about=about)


def _begin(shown: list[str], kind: str, seconds: int) -> Job | None:
    if not all(runs.snapshots(id) for id in shown):
        st.warning("There are no snapshots yet: wait until the training has begun.")
        return None
    return Job(
        lambda progress: timelapse.render(shown, kind, seconds=seconds, progress=progress),
        name=f"{FORMATS[kind][0]} of {seconds} s",
        file=f"training.{kind}",
        media_type=FORMATS[kind][1],
    )
