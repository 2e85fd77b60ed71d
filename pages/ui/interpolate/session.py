"""The path of the Interpolate page in the session."""

from dataclasses import replace

import streamlit as st

from ..runtime import session
from ..runtime.location import Space
from .settings import PathSettings, path_from_query


def path(digest: str, default: PathSettings, space: Space) -> tuple[PathSettings, list[str]]:
    """The path in the latent space of the model with this digest; the first one comes from the
    link. Also returns the unreadable parameters of the link."""
    if explored := session.explored(digest):
        default = replace(default, label=explored.label, seed=explored.seed)
    return session.model_from_link(
        "ways", digest, lambda link: path_from_query(link, default, space)
    )


def set_path(digest: str, changed: PathSettings) -> None:
    """Stores a path that the map committed."""
    st.session_state["ways"][digest] = changed


def current_path(digest: str, default: PathSettings) -> PathSettings:
    """The stored path, or `default` where there is none."""
    return st.session_state.get("ways", {}).get(digest, default)


def path_revision() -> int:
    """Counts the changes to paths that did not come from the map; the map adopts those."""
    return st.session_state.get("way_revision", 0)


def replace_path(digest: str, changed: PathSettings) -> None:
    """Stores a path that the map adopts as one step that can be undone."""
    st.session_state.setdefault("ways", {})[digest] = changed
    st.session_state["way_revision"] = path_revision() + 1


def append_waypoint(digest: str, z: tuple[float, ...]) -> None:
    """Appends a waypoint to the stored path."""
    before = st.session_state["ways"][digest]
    kind = "straight" if before.kind == "drawn" else before.kind
    replace_path(digest, replace(before, waypoints=(*before.waypoints, z), kind=kind))
