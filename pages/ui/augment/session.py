"""What the Augment page was asked for, as a session remembers it."""

import streamlit as st

from .settings import AugmentRequest, request_from_query


def augment_request() -> tuple[AugmentRequest, list[str]]:
    """What images are to be made; a link decides on the first run. Also returns the unreadable
    parts of a link."""
    broken: list[str] = []
    if "augment-request" not in st.session_state:
        found, broken = request_from_query(st.query_params.to_dict())
        st.session_state["augment-request"] = found
    return st.session_state["augment-request"], broken


def ask_to_augment(changed: AugmentRequest) -> None:
    st.session_state["augment-request"] = changed
