"""The path of the Interpolate page in the session."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from ..runtime import session
from ..runtime.location import Space
from .cache import metric_is_ready
from .settings import PathSettings, path_from_query


def path(digest: str, default: PathSettings, space: Space) -> tuple[PathSettings, list[str]]:
    """The path in the latent space of the model with this digest; the first one comes from the
    link. Also returns the unreadable parameters of the link."""
    default = replace(default, label=0 if space.labels else None)
    if explored := session.explored(digest):
        default = replace(default, label=explored.label, seed=explored.seed)
    if metric_is_ready(digest, default.label, default.seed, default.avoid_low_density):
        default = replace(default, kind="geodesic")

    def read(link: Mapping[str, str]) -> tuple[PathSettings, list[str]]:
        # A path in a link without a class is of an unknown one, and one without a kind straight.
        start = replace(default, label=None, kind="straight") if "p" in link else default
        return path_from_query(link, start, space)

    return session.model_from_link("ways", digest, read)


def set_path(digest: str, changed: PathSettings) -> None:
    """Stores a path that the map committed."""
    st.session_state["ways"][digest] = changed


def current_path(digest: str, default: PathSettings) -> PathSettings:
    """The stored path, or `default` where there is none."""
    return st.session_state.get("ways", {}).get(digest, default)


def path_revision() -> int:
    """Counts the changes to paths that did not come from the map; the map adopts those."""
    return st.session_state.get("way_revision", 0) + session.arrivals()


def replace_path(digest: str, changed: PathSettings) -> None:
    """Stores a path that the map adopts as one step that can be undone."""
    st.session_state.setdefault("ways", {})[digest] = changed
    st.session_state["way_revision"] = st.session_state.get("way_revision", 0) + 1


def add_waypoint(digest: str, z: tuple[float, ...], *, first: bool) -> None:
    """Adds a waypoint at the beginning or at the end of the stored path."""
    before = st.session_state["ways"][digest]
    kind = "straight" if before.kind == "drawn" else before.kind
    waypoints = (z, *before.waypoints) if first else (*before.waypoints, z)
    replace_path(digest, replace(before, waypoints=waypoints, kind=kind))
