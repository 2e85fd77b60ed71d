"""Directions on the Generate page: made of two groups, kept in the session and as files."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

import vae
from vae.latent.attribute_directions import (
    Direction,
    DirectionError,
    between,
    from_json,
)

from ..runtime import cache, session
from . import session as generate_session

_HAND = "the group chosen by hand"


def direction_panel(entry: vae.Entry, names: Sequence[str]) -> None:
    """Shows the directions of a model's plane and how to make more; a slider for each appears
    beside the chosen picture."""
    with st.expander("Directions: from one kind of picture to another"):
        st.caption(
            "A direction leads from the middle of one group of examples to the middle of another. "
            "Each becomes a slider beside the chosen picture."
        )
        groups = generate_session.groups(entry.digest)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            start = _side("From", "a", names, groups, 0)
            end = _side("To", "b", names, groups, 1)
            title = st.text_input("Name", placeholder=f"{start} to {end}", max_chars=80, width=220)
            st.button(
                "Make the direction",
                on_click=_make,
                args=(entry, names, start, end, title or f"{start} to {end}"),
            )
        if problem := session.take_problem():
            st.warning(f"{problem}.")
        for index, direction in enumerate(generate_session.directions(entry.digest)):
            _row(entry, index, direction)
        st.file_uploader(
            "Bring a saved direction",
            type="json",
            key="direction-file",
            on_change=_bring,
            args=(entry,),
        )


def _side(title: str, side: str, names: Sequence[str], groups: dict, first: int) -> str:
    options = [*names, *([_HAND] if groups.get(side) else [])]
    return st.selectbox(title, options, index=first, key=f"direction-{side}", width=210)


def _row(entry: vae.Entry, index: int, direction: Direction) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{direction.name}** · tells {100 * direction.auc:.0f} % of pairs apart")
        change = generate_session.change_direction
        st.button(
            "Reverse",
            key=f"turn-{index}",
            on_click=change,
            args=(entry.digest, index, direction.reversed()),
        )
        st.download_button(
            "Save",
            direction.to_json(),
            file_name=f"{direction.name.replace(' ', '-')}.json",
            mime="application/json",
            key=f"save-{index}",
            on_click="ignore",
        )
        st.button("Remove", key=f"drop-{index}", on_click=change, args=(entry.digest, index, None))


def _make(entry: vae.Entry, names: Sequence[str], start: str, end: str, title: str) -> None:
    try:
        generate_session.directions(entry.digest).append(
            between(
                _codes(entry, names, start, "a"),
                _codes(entry, names, end, "b"),
                name=title,
                model=entry.name,
                digest=entry.digest,
            )
        )
    except DirectionError as error:
        session.leave_problem(str(error))


def _codes(entry: vae.Entry, names: Sequence[str], group: str, side: str) -> np.ndarray:
    if group == _HAND:
        return np.array([record.z for record in generate_session.groups(entry.digest)[side]])
    labels = cache.shown(entry.name, entry.digest).test.labels
    return cache.codes(entry.name, entry.digest).mean[labels == list(names).index(group)]


def _bring(entry: vae.Entry) -> None:
    upload = st.session_state.get("direction-file")
    if upload is None:
        return
    try:
        direction = from_json(upload.getvalue().decode("utf-8", "replace"))
        if len(direction.vector) != cache.space(entry.name, entry.digest).latent:
            raise DirectionError(
                f"the direction has {len(direction.vector)} dimensions; use a model with as many"
            )
        if direction.digest != entry.digest:
            session.leave_problem(
                f"{direction.name} was made with {direction.model}, {direction.digest[:12]}, so "
                "here it may mean something else"
            )
        generate_session.directions(entry.digest).append(direction)
    except DirectionError as error:
        session.leave_problem(f"{upload.name} was not read: {error}")
