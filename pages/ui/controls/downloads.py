"""A row of download buttons."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st


def downloads(
    files: Mapping[str, tuple[str, ...]],
    create: Callable[[str], str | bytes],
    *,
    name: str,
    key: str,
) -> None:
    """A button for each file extension, with (title, media type, help); `create(extension)` makes
    the file when its button is pressed."""
    with st.container(horizontal=True):
        for extension, (title, media_type, *about) in files.items():
            st.download_button(
                title,
                partial(create, extension),
                f"{name}.{extension}",
                media_type,
                on_click="ignore",
                key=f"{key}-{extension}",
                help=" ".join(about) or None,
            )
