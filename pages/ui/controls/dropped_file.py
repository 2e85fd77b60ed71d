"""Pictures that are dropped anywhere on a page."""

import json

import streamlit as st

from ..runtime import routes


def accept_dropped_files(*openers: str, field: str) -> None:
    """Puts a file that is dropped anywhere on the page into the file uploader with the key
    `field`. The CSS selectors `openers` are of the controls that show it, pressed in this order
    where they are there."""
    module = routes.module_url("controls/dropped_file.js")
    said = json.dumps([openers, f".st-key-{field}"])
    script = (
        f"import(new URL('{module}', document.baseURI).href)"
        f".then((code) => code.acceptOnThisPage(...{said}));"
    )
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def unselected(key: str, position: int) -> str:
    """The selector of an option of a segmented control, counted from 1, that is not chosen."""
    return f'.st-key-{key} [role="radio"][aria-checked="false"]:nth-of-type({position})'
