"""Every key of the session state, behind typed functions: the chosen model, a place a model."""

from dataclasses import replace

import streamlit as st

from .place import Place, place_from_query


def model(default: str) -> str:
    """Name of the chosen model; a link decides on the first run, the visitor afterwards."""
    return st.session_state.setdefault("model", st.query_params.get("m", default))


def choose_model(name: str) -> None:
    st.session_state["model"] = name


def place(digest: str, first: Place) -> tuple[Place, list[str]]:
    """The remembered place on the map of the model with this digest.

    A model seen for the first time takes over z from the one before where their sizes agree, so
    that changing the model keeps the position; the very first one begins at `first`, unless
    a link says otherwise. Also returns the unreadable parts of a link.
    """
    places = st.session_state.setdefault("places", {})
    broken: list[str] = []
    if digest not in places:
        if not places:
            places[digest], broken = place_from_query(st.query_params.to_dict(), first)
        else:
            last = places[st.session_state["last_digest"]]
            places[digest] = replace(first, z=last.z) if len(last.z) == len(first.z) else first
    elif st.session_state["last_digest"] != digest:
        last = places[st.session_state["last_digest"]]
        if len(last.z) == len(first.z):
            places[digest] = replace(places[digest], z=last.z)
    st.session_state["last_digest"] = digest
    return places[digest], broken


def remember(digest: str, where: Place) -> None:
    st.session_state["places"][digest] = where
