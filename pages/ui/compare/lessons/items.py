"""What the lessons share: choosing a real item by pressing, and saying which model is missing."""

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import session as compare_session
from pages.ui.runtime import cache


def missing(what: str, options: str, name: str, more: str = "") -> None:
    """One sentence with the command that makes the model a lesson needs."""
    st.markdown(f"This part needs {what}, which is not here yet. This command makes one{more}:")
    command = f"python -m vae train --data fashion-mnist {options} --out checkpoints/{name}"
    st.code(command, language=None, wrap_lines=True)


def choose_item(label: str, key: str, reference: vae.Entry, first: int) -> int:
    """A class (its most central item, by `reference`), or the item that is chosen on the maps.

    Shows the item's image; begins with the item `first`.
    """
    data = cache.display_dataset(reference.name, reference.digest)
    centres = compare_cache.central_items(reference.name, reference.digest)
    names = data.class_names
    item = compare_session.chosen_item(key, first)
    own = int(data.test.labels[item])

    def press() -> None:
        chosen = st.session_state[f"{key}-class"]
        compare_session.set_item(key, None if chosen is None else centres[names.index(chosen)])

    def take() -> None:
        if compare_session.map_item() is None:
            st.toast("Choose an item on the maps first: press Same item, then a map.")
        compare_session.set_item(key, compare_session.map_item())

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        picture = data.test.images[item].transpose(1, 2, 0)
        st.image(
            picture if picture.shape[2] > 1 else picture[..., 0],
            width=56,
            output_format="PNG",
            alt=f"{names[own]}, test image {item}",
        )
        st.session_state[f"{key}-class"] = names[own] if item == centres[own] else None
        st.pills(label, names, key=f"{key}-class", on_change=press)
        st.button(
            "From the maps",
            key=f"{key}-mapped",
            help="Takes the item that is chosen on the maps above (in Same item).",
            on_click=take,
        )
    return item
