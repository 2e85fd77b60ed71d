"""What the Clusters page was asked for, as a session remembers it."""

from dataclasses import replace

import streamlit as st

from .settings import Grouping, grouping_from_query


def grouping(digest: str) -> tuple[Grouping, list[str]]:
    """How the items on the plane of this model are grouped; a link decides on the first run. Also
    returns the unreadable parts of a link."""
    groupings = st.session_state.setdefault("groupings", {})
    broken: list[str] = []
    if digest not in groupings:
        query = {} if groupings else st.query_params.to_dict()
        found, broken = grouping_from_query(query, Grouping())
        groupings[digest] = found
        _cluster_names(digest)[found.key] = found.names
    return groupings[digest], broken


def group(digest: str, changed: Grouping) -> None:
    """Remembers a grouping; names go with the clusters they were given to, and come back with
    them."""
    names = _cluster_names(digest)
    before = st.session_state["groupings"][digest]
    if changed.key != before.key:
        changed = replace(changed, chosen=0, names=names.get(changed.key, ()))
    names[changed.key] = changed.names
    st.session_state["groupings"][digest] = changed


def _cluster_names(digest: str) -> dict:
    return st.session_state.setdefault("cluster-names", {}).setdefault(digest, {})


def trying_numbers() -> bool:
    """Whether numbers of clusters are being tried, one after the other."""
    return st.session_state.get("trying-numbers", False)


def try_numbers(wanted: bool) -> None:
    """Begins to try numbers of clusters, or ends it."""
    st.session_state["trying-numbers"] = wanted


def tried_numbers(what: tuple) -> dict[int, float]:
    """How good the numbers of clusters are that were tried, by model, method and seed."""
    return st.session_state.setdefault("tried-numbers", {}).setdefault(what, {})
