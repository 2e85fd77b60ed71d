"""The field that finds an image by its name, of a data set whose images have names."""

from collections.abc import Callable

import numpy as np
import streamlit as st

import vae
from vae.data import selection

_FIELD = "look-name"


def name_search(
    data: vae.Dataset, shown: np.ndarray, item: int, select: Callable[[int], None]
) -> None:
    """Draws the field and, if it found several of the images with the numbers `shown`, a button
    for the next one after `item`; `select` is called with the number of an image."""

    def found() -> list[int]:
        text = st.session_state.get(_FIELD, "").strip()
        here = set(shown.tolist())
        return [n for n in selection.find(data, text).tolist() if n in here] if text else []

    def first() -> None:
        if numbers := found():
            select(numbers[0])

    about = "Words of the name, the class or the columns of an image."
    st.text_input("Find by name", max_chars=80, width=220, key=_FIELD, help=about, on_change=first)
    numbers = found()
    if len(numbers) > 1:
        at = numbers.index(item) if item in numbers else -1
        following = numbers[(at + 1) % len(numbers)]
        words = f"Next of {len(numbers):,}"
        st.button(words, help="Selects the next image found.", on_click=select, args=(following,))
    elif not numbers and st.session_state.get(_FIELD, "").strip():
        st.caption("No image has these words.")
