"""The settings, uploads and jobs of the Anomalies page in the session."""

from dataclasses import replace

import streamlit as st

from ..runtime.jobs import Job
from .scores import ScoreRequest
from .settings import AnomalySettings, Choices, settings_from_query, supported


def settings(digest: str, choices: Choices) -> tuple[AnomalySettings, list[str]]:
    """The settings, the same for every model as far as it supports them, taken from the link on
    the first run; and the keys of the link that could not be read, until a setting changes."""
    known = st.session_state.get("inquiry")
    broken: list[str] = []
    if known is None:
        found, broken = settings_from_query(st.query_params.to_dict(), choices)
    else:
        found, broken = known[1], known[2]
        # A threshold is valid for the scores of one model only.
        found = found if known[0] == digest else replace(found, threshold=None)
    found = supported(found, choices)
    st.session_state["inquiry"] = (digest, found, broken)
    return found, broken


def change_settings(digest: str, changed: AnomalySettings) -> None:
    st.session_state["inquiry"] = (digest, changed, [])


def upload_digest(ids: tuple[str, ...]) -> str | None:
    """The digest of the uploaded files with these ids, if this session has stored them."""
    known = st.session_state.get("submitted")
    return known[1] if known and known[0] == ids else None


def remember_upload(ids: tuple[str, ...], digest: str) -> None:
    st.session_state["submitted"] = (ids, digest)


def scoring_job(request: ScoreRequest) -> Job | None:
    """The job for this request, if this session has started one."""
    known = st.session_state.get("scoring")
    return known[1] if known and known[0] == request else None


def remember_job(request: ScoreRequest, job: Job | None) -> None:
    """Stores a job and stops the one that it replaces."""
    before = st.session_state.get("scoring")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["scoring"] = (request, job)
