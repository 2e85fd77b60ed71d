"""Shared parts of the lessons: opening one, the selection of a test image, a missing model."""

from collections.abc import Callable, Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import session as compare_session
from pages.ui.runtime import cache

from ...runtime.text import plain


def lesson(title: str, key: str) -> Callable:
    """A lesson that reruns alone, and is computed and drawn only once it has been opened."""

    def with_title(show: Callable) -> Callable:
        @st.fragment
        def shown(entries: Sequence[vae.Entry]) -> None:
            panel = st.expander(title, key=f"lesson-{key}", on_change="rerun")
            if panel.open:
                with panel:
                    show(entries)

        return shown

    return with_title


def show_chart(figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def missing(what: str, options: str, name: str, more: str = "") -> None:
    """Shows the command that trains the model that a lesson needs."""
    st.markdown(f"This part needs {what}. Train one with this command{more}:")
    command = f"python -m vae train --data fashion-mnist {options} --out checkpoints/{name}"
    st.code(command, language=None, wrap_lines=True)


def choose_item(title: str, key: str, reference: vae.Entry, first: int) -> int:
    """Selects the most central item of a class, by the codes of `reference`, or the item that is
    selected on the maps; `first` by default. Returns its index."""
    data = cache.display_dataset(reference.name, reference.digest)
    centres = compare_cache.central_items(reference.name, reference.digest)
    names = data.class_names
    item = compare_session.chosen_item(key, first)
    label = int(data.shown.labels[item])
    name = names[label]

    def select_class() -> None:
        chosen = st.session_state[f"{key}-class"]
        compare_session.set_item(key, None if chosen is None else centres[names.index(chosen)])

    def select_from_maps() -> None:
        if compare_session.map_item() is None:
            st.toast("Select an image on the maps first: press “Same image”, then click a map.")
        compare_session.set_item(key, compare_session.map_item())

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        image, alt = data.shown.images[item].transpose(1, 2, 0), f"{name}, test image {item}"
        st.image(image, width=56, output_format="PNG", alt=alt)
        st.session_state[f"{key}-class"] = name if item == centres[label] else None
        st.pills(title, names, format_func=plain, key=f"{key}-class", on_change=select_class)
        st.button(
            "From the maps",
            key=f"{key}-mapped",
            help="Uses the image that is selected on the maps above (with “Same image”).",
            on_click=select_from_maps,
        )
    return item
