"""The settings of the Anomalies page in the session."""

from dataclasses import replace

import streamlit as st

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
