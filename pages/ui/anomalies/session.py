"""What is asked about anomalies, as a session remembers it."""

from dataclasses import replace

import streamlit as st

from ..runtime.jobs import Job
from .settings import Choices, Inquiry, inquiry_from_query, sound


def inquiry(digest: str, choices: Choices) -> tuple[Inquiry, list[str]]:
    """What is asked about anomalies, the same for every model as far as each can answer; a link
    decides on the first run. Also returns the unreadable parts of a link."""
    known = st.session_state.get("inquiry")
    broken: list[str] = []
    if known is None:
        found, broken = inquiry_from_query(st.query_params.to_dict(), choices)
    else:
        # A threshold belongs to the scores of one model. What a link said badly is told until
        # something else is asked: the script runs anew by itself while it waits for scores.
        found, broken = known[1], known[2]
        found = found if known[0] == digest else replace(found, threshold=None)
    found = sound(found, choices)
    st.session_state["inquiry"] = (digest, found, broken)
    return found, broken


def inquire(digest: str, changed: Inquiry) -> None:
    st.session_state["inquiry"] = (digest, changed, [])


def submitted(ids: tuple[str, ...]) -> str | None:
    """The digest of these uploaded files, if they were kept from this window."""
    known = st.session_state.get("submitted")
    return known[1] if known and known[0] == ids else None


def keep_submitted(ids: tuple[str, ...], digest: str) -> None:
    st.session_state["submitted"] = (ids, digest)


def scoring(asked: tuple) -> Job | None:
    """The job that answers this question, if it was begun from this window."""
    known = st.session_state.get("scoring")
    return known[1] if known and known[0] == asked else None


def keep_scoring(asked: tuple, job: Job | None) -> None:
    """Remembers a job; one that it replaces is stopped."""
    before = st.session_state.get("scoring")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["scoring"] = (asked, job)
