"""The selected test image, remembered for the session."""

import streamlit as st


def selected_image(count: int) -> tuple[int, list[str]]:
    """Index of the selected test image, below `count`: the link's on the first run, then the last
    selected one. Also returns the query keys that could not be read."""
    broken: list[str] = []
    if "looked-up" not in st.session_state:
        text = st.query_params.get("i", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) < count):
            text, broken = "0", ["i"]
        st.session_state["looked-up"] = int(text)
    return min(st.session_state["looked-up"], count - 1), broken


def select_image(item: int) -> None:
    st.session_state["looked-up"] = item
