"""The settings and jobs of the Reduce page in the session."""

from collections.abc import Hashable
from dataclasses import replace

import streamlit as st

from ..runtime.jobs import Job
from .settings import ReduceSettings, settings_from_query


def settings(latent: int) -> tuple[ReduceSettings, list[str]]:
    """The settings, taken from the link on the first run, and the keys of the link that could not
    be read, until a setting changes. Axes that a model with `latent` latents lacks are reset."""
    if "reduction" not in st.session_state:
        found, broken = settings_from_query(st.query_params.to_dict(), latent)
        st.session_state["reduction"], st.session_state["reduction-broken"] = found, broken
    elif settings_from_query({"axes": st.session_state["reduction"].axes}, latent)[1]:
        st.session_state["reduction"] = replace(st.session_state["reduction"], axes="")
    return st.session_state["reduction"], st.session_state["reduction-broken"]


def change_settings(changed: ReduceSettings) -> None:
    st.session_state["reduction"], st.session_state["reduction-broken"] = changed, []


def layout_jobs() -> dict[Hashable, Job]:
    """The jobs of this session by layout request, running or ended."""
    return st.session_state.setdefault("layout_jobs", {})
