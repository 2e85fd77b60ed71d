"""What a session remembers of the Train page."""

from collections.abc import Sequence

import streamlit as st


def shown_runs(first: str | None, second: str | None, known: Sequence[str]) -> list[str]:
    """The runs to show: those of the link at first, then the selected ones, else the newest; runs
    that were deleted are left out."""
    if "shown-runs" not in st.session_state:
        st.session_state["shown-runs"] = [id for id in (first, second) if id]
    found = [id for id in dict.fromkeys(st.session_state["shown-runs"]) if id in known]
    return found or list(known[:1])


def show_runs(ids: Sequence[str]) -> None:
    st.session_state["shown-runs"] = list(ids)


def selection_changed(ids: tuple[str, ...]) -> bool:
    """Whether the selection in the table differs from the last one."""
    if st.session_state.get("selected-runs") == ids:
        return False
    st.session_state["selected-runs"] = ids
    return True


def published() -> dict[str, str]:
    """The checkpoint names under which this session saved runs, by the runs' ids."""
    return st.session_state.setdefault("published", {})
