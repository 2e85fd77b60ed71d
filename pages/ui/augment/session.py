"""The settings of the Augment page in the session."""

import streamlit as st

from .settings import AugmentSettings, settings_from_query


def settings() -> tuple[AugmentSettings, list[str]]:
    """The settings, taken from the link on the first run, and the keys of the link that could not
    be read."""
    broken: list[str] = []
    if "augment-request" not in st.session_state:
        found, broken = settings_from_query(st.query_params.to_dict())
        st.session_state["augment-request"] = found
    return st.session_state["augment-request"], broken


def change_settings(changed: AugmentSettings) -> None:
    st.session_state["augment-request"] = changed
