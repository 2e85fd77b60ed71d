"""The selected test image, remembered for the session."""

import streamlit as st

from ..runtime.query import whole


def selected_image(count: int) -> tuple[int, list[str]]:
    """Index of the selected test image, below `count`: the link's on the first run, then the last
    selected one. Also returns the query keys that could not be read."""
    broken: list[str] = []
    if "looked-up" not in st.session_state:
        try:
            item = whole(0, count - 1)(st.query_params.get("i", "0"))
        except ValueError:
            item, broken = 0, ["i"]
        st.session_state["looked-up"] = item
    return min(st.session_state["looked-up"], count - 1), broken


def select_image(item: int) -> None:
    st.session_state["looked-up"] = item
