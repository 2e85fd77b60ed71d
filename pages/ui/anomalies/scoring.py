"""Scores, or the bar of the job that finds them."""

import streamlit as st

from . import anomaly_cache, anomaly_session
from .suspects import Answer, Question

_AT_ONCE = 0.4  # seconds after which work is shown as a bar


def scoring(question: Question) -> Answer:
    """The answer; stops the script with a bar while it is being found, and where it cannot be."""
    if found := anomaly_cache.known(question):
        return found
    job = anomaly_session.scoring(question)
    if job is None:
        job = anomaly_cache.begin(question)
        anomaly_session.keep_scoring(question, job)
        job.wait(_AT_ONCE)
    if job.running:
        st.fragment(_bar, run_every=0.4)(question)
    elif found := anomaly_cache.known(question):
        return found
    elif job.error is not None:
        st.error(f"Nothing was scored: {job.error}.")
        _again(question, "Try again")
    else:
        st.info("Stopped; nothing was scored.")
        _again(question, "Score")
    st.stop()


def _bar(question: Question) -> None:
    job = anomaly_session.scoring(question)
    if job is None or not job.running:
        st.rerun()
    share = min(1.0, job.done / max(1, job.of))
    st.progress(share, f"{job.name}: {share:.0%}")
    if st.button("Stop", key="scoring-stop"):
        job.stop()
        job.wait(2)
        st.rerun()


def _again(question: Question, words: str) -> None:
    if st.button(words, key="scoring-again"):
        anomaly_session.keep_scoring(question, None)
        st.rerun()
