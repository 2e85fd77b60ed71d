"""The trainings that are shown, as a session remembers them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from vae.training.run_queue import Estimate


def shown_runs(asked: str | None, beside: str | None, known: Sequence[str]) -> list[str]:
    """The runs that are shown: a link's on the first look, then those that were chosen, else the
    newest; those that are gone are left out."""
    if "shown-runs" not in st.session_state:
        st.session_state["shown-runs"] = [id for id in (asked, beside) if id]
    found = [id for id in dict.fromkeys(st.session_state["shown-runs"]) if id in known]
    return found or list(known[:1])


def show_runs(ids: Sequence[str]) -> None:
    st.session_state["shown-runs"] = list(ids)


def picked_anew(ids: tuple[str, ...]) -> bool:
    """Whether this choice in the table is another than the last one."""
    if st.session_state.get("picked-runs") == ids:
        return False
    st.session_state["picked-runs"] = ids
    return True


def remember_estimate(options: Mapping[str, object], found: Estimate) -> None:
    st.session_state["estimate"] = (dict(options), found)


def estimate_of(options: Mapping[str, object]) -> Estimate | None:
    """What the last probe found, if it was of these options."""
    known = st.session_state.get("estimate")
    return known[1] if known and known[0] == options else None


def remember_published(id: str, name: str) -> None:
    st.session_state.setdefault("published", {})[id] = name


def published(id: str) -> str | None:
    """The name under which a run was saved from this window."""
    return st.session_state.get("published", {}).get(id)
