"""The settings of the Clusters page in the session."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from ..runtime import session
from .settings import ClusterSettings, settings_from_query


def settings(digest: str) -> tuple[ClusterSettings, list[str]]:
    """The settings for the model with this digest, taken from the link on the first run, and the
    keys of the link that could not be read. Which items are clustered is the choice for all
    pages."""

    def read(link: Mapping[str, str]) -> tuple[ClusterSettings, list[str]]:
        found, unreadable = settings_from_query(link)
        if link:
            session.set_items(digest, replace(session.items(digest), show=found.show))
        return found, unreadable

    found, unreadable = session.model_from_link("groupings", digest, read)
    show = session.items(digest).show
    if found.show != show:
        change_settings(digest, replace(found, show=show))
    return st.session_state["groupings"][digest], unreadable


def change_settings(digest: str, changed: ClusterSettings) -> None:
    """Stores settings. Cluster names belong to one clustering and are restored with it."""
    names = st.session_state.setdefault("cluster-names", {}).setdefault(digest, {})
    before = st.session_state["groupings"][digest]
    names[before.key] = before.names
    if changed.key != before.key:
        changed = replace(changed, selected=0, names=names.get(changed.key, ()))
    st.session_state["groupings"][digest] = changed


def search_running() -> bool:
    """Whether the page is searching for the best number of clusters."""
    return st.session_state.get("trying-numbers", False)


def run_search(running: bool) -> None:
    """Starts or stops the search for the best number of clusters."""
    st.session_state["trying-numbers"] = running


def qualities(key: tuple) -> dict[int, float]:
    """The qualities found so far by number of clusters, for a model, method and seed."""
    return st.session_state.setdefault("tried-numbers", {}).setdefault(key, {})
