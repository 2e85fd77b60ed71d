"""The scores of a request, or the progress bar of the job that computes them."""

import streamlit as st

from vae.data.uploads import Files

from ..runtime import session
from ..runtime.errors import shown_errors
from . import cache as anomalies_cache
from .scores import ScoreRequest, ScoreResult

_PATIENCE = 0.4  # seconds before the progress bar is shown


def scores_or_progress(request: ScoreRequest, files: Files) -> ScoreResult:
    """The result. Stops the script with a progress bar while it is computed, and with a message
    where that failed."""
    if found := anomalies_cache.result(request):
        return found
    job = session.remembered("scoring", request)
    if job is None:
        with shown_errors("Scoring did not start", show=st.warning, stop=True):
            job = anomalies_cache.start(request, files)
        session.remember("scoring", request, job)
        job.wait(_PATIENCE)
    if job.running:
        st.fragment(_bar, run_every=0.4)(request)
    elif found := anomalies_cache.result(request):
        return found
    elif job.error is not None:
        st.error(f"Scoring failed: {job.error}.")
        _restart(request, "Try again")
    else:
        st.info("Scoring was stopped.")
        _restart(request, "Score")
    st.stop()


def _bar(request: ScoreRequest) -> None:
    job = session.remembered("scoring", request)
    if job is None or not job.running:
        st.rerun()
    share = min(1.0, job.done / max(1, job.of))
    st.progress(share, f"{job.name}: {share:.0%}")
    if st.button("Stop", key="scoring-stop"):
        job.stop()
        job.wait(2)
        st.rerun()


def _restart(request: ScoreRequest, label: str) -> None:
    if st.button(label, key="scoring-again"):
        session.remember("scoring", request, None)
        st.rerun()
