"""The current step of the lesson."""

import streamlit as st


def current_step(default: str) -> str:
    """The slug of the current step; `default` on the first run."""
    return st.session_state.setdefault("lesson-step", default)


def go_to_step(slug: str) -> None:
    st.session_state["lesson-step"] = slug
