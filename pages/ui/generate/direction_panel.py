"""Attribute directions on the Generate page: from two groups, or from a file."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

import vae
from vae.errors import AtelierError
from vae.latent import attribute_directions
from vae.latent.attribute_directions import MAX_BYTES, AttributeDirection, DirectionError

from ..controls.large_uploads import content
from ..runtime import cache, session
from ..runtime.errors import shown_errors
from ..runtime.text import plain
from . import session as generate_session
from .sheet import Codes

_SELECTION = {"a": "group A (selected images)", "b": "group B (selected images)"}


def direction_panel(entry: vae.Entry, names: Sequence[str]) -> None:
    """Lists the directions of a model and adds new ones; each becomes a slider next to the chosen
    image."""
    with st.expander("Attribute directions"):
        st.caption(
            "A direction leads from the mean code of one group of images to the mean code of "
            "another. Each becomes a slider next to the chosen image."
        )
        groups = generate_session.groups(entry.digest)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            start = _group_select(entry.digest, "From", "a", names, groups)
            end = _group_select(entry.digest, "To", "b", names, groups)
            name, key = f"{start} to {end}", _key(entry.digest, "name")
            st.text_input("Name", placeholder=name, max_chars=80, width=220, key=key)
            st.button("Add direction", on_click=_add, args=(entry, names))
        if problem := session.take_message():
            st.warning(plain(f"{problem}."))
        for index, direction in enumerate(generate_session.directions(entry.digest)):
            _row(entry, index, direction)
        st.file_uploader(
            "Import a direction", "json", key="direction-file", on_change=_import, args=(entry,),
            max_upload_size=MAX_BYTES // 2**20,
        )  # fmt: skip


def set_group(digest: str, side: str, codes: Codes) -> None:
    """Makes codes group "a" or "b" of the next direction."""
    generate_session.groups(digest)[side] = codes
    st.session_state[_key(digest, side)] = _SELECTION[side]


def add_direction_of_groups(entry: vae.Entry, name: str) -> None:
    """Adds the direction from group "a" to group "b", named as typed."""
    groups = generate_session.groups(entry.digest)
    a, b = (np.array(groups[side]) for side in "ab")
    title = name[:80] or f"{len(a)} to {len(b)} selected images"
    with shown_errors("No direction was made", show=st.warning):
        direction = attribute_directions.fit_direction(
            a, b, name=title, model=entry.name, digest=entry.digest
        )
        generate_session.directions(entry.digest).append(direction)


def _key(digest: str, field: str) -> str:
    return f"direction-{field}-{digest}"


def _group_select(digest: str, title: str, side: str, names: Sequence[str], groups: dict) -> str:
    options = [*names, _SELECTION[side]] if groups.get(side) else list(names)
    st.session_state.setdefault(
        _key(digest, side), names[min(1, len(names) - 1) if side == "b" else 0]
    )
    return st.selectbox(title, options, key=_key(digest, side), width=230)


def _row(entry: vae.Entry, index: int, direction: AttributeDirection) -> None:
    replace = partial(generate_session.replace_direction, entry.digest, index)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(direction.name)}** · AUC {direction.auc:.2f}",
            help="How well the direction separates the two groups: 0.5 not at all, 1 completely.",
        )
        st.button("Reverse", f"turn-{index}", on_click=replace, args=(direction.reversed(),))
        st.download_button(
            "Download",
            direction.to_json(),
            file_name=f"{direction.name.replace(' ', '-')}.json",
            mime="application/json",
            key=f"save-{index}",
            on_click="ignore",
        )
        st.button("Remove", f"drop-{index}", on_click=replace, args=(None,))


def _add(entry: vae.Entry, names: Sequence[str]) -> None:
    """Adds the direction of the form as it is now, with a name that was typed a moment ago."""
    start, end, title = (
        st.session_state[_key(entry.digest, field)] for field in ("a", "b", "name")
    )
    try:
        a, b = _codes(entry, names, start, "a"), _codes(entry, names, end, "b")
        direction = attribute_directions.fit_direction(
            a, b, name=title or f"{start} to {end}", model=entry.name, digest=entry.digest
        )
    except AtelierError as error:
        session.leave_message(str(error))
    else:
        generate_session.directions(entry.digest).append(direction)


def _codes(entry: vae.Entry, names: Sequence[str], group: str, side: str) -> np.ndarray:
    if group == _SELECTION[side]:
        return np.array(generate_session.groups(entry.digest)[side])
    labels = cache.display_dataset(entry.name, entry.digest).shown.labels
    return cache.codes(entry.name, entry.digest).mean[labels == list(names).index(group)]


def _import(entry: vae.Entry) -> None:
    upload = st.session_state.get("direction-file")
    if upload is None:
        return
    try:
        direction = attribute_directions.from_json(content(upload).decode("utf-8", "replace"))
        if len(direction.vector) != cache.space(entry.name, entry.digest).latent:
            raise DirectionError(
                f"the direction has {len(direction.vector)} dimensions; choose a model with as "
                "many latents"
            )
    except DirectionError as error:
        session.leave_message(f"{upload.name} could not be imported: {error}")
        return
    if direction.digest != entry.digest:
        session.leave_message(
            f"{direction.name} was made with {direction.model} ({direction.digest[:12]}); here it "
            "may have another meaning"
        )
    generate_session.directions(entry.digest).append(direction)
