"""The step of the lesson, remembered for the session."""

import streamlit as st


def lesson_step(asked: str) -> str:
    """The step that is read: a link's on the first look, then where the reader went."""
    return st.session_state.setdefault("lesson-step", asked)


def go_to_step(slug: str) -> None:
    st.session_state["lesson-step"] = slug
