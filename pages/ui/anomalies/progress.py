"""Scores, or the bar of the job that finds them."""

import streamlit as st

from . import cache as anomalies_cache
from . import session as anomalies_session
from .scores import Answer, Question

_AT_ONCE = 0.4  # seconds after which work is shown as a bar


def scoring(question: Question) -> Answer:
    """The answer; stops the script with a bar while it is being found, and where it cannot be."""
    if found := anomalies_cache.known(question):
        return found
    job = anomalies_session.scoring(question)
    if job is None:
        job = anomalies_cache.begin(question)
        anomalies_session.keep_scoring(question, job)
        job.wait(_AT_ONCE)
    if job.running:
        st.fragment(_bar, run_every=0.4)(question)
    elif found := anomalies_cache.known(question):
        return found
    elif job.error is not None:
        st.error(f"Nothing was scored: {job.error}.")
        _again(question, "Try again")
    else:
        st.info("Stopped; nothing was scored.")
        _again(question, "Score")
    st.stop()


def _bar(question: Question) -> None:
    job = anomalies_session.scoring(question)
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
        anomalies_session.keep_scoring(question, None)
        st.rerun()
