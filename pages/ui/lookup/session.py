"""The image that is looked up, remembered for the session."""

import streamlit as st


def looked_up(count: int) -> tuple[int, list[str]]:
    """The test image that is looked up, of so many: a link's on the first look, then the one that
    was chosen last. Also returns the unreadable parts of a link."""
    broken: list[str] = []
    if "looked-up" not in st.session_state:
        asked = st.query_params.get("i", "0")
        if not (asked.isascii() and asked.isdigit() and int(asked) < count):
            asked, broken = "0", ["i"]
        st.session_state["looked-up"] = int(asked)
    return min(st.session_state["looked-up"], count - 1), broken


def look_up(item: int) -> None:
    st.session_state["looked-up"] = item
