"""How a component reaches Streamlit: its markup, the house's styles and its own, and `mount.js`.

Components v2 runs a script out of a message, so `mount.js` is the only one inlined; it imports the
rest from content-hashed URLs. Nothing heavy travels in `data`.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_UI = Path(__file__).parent


def component(file: str, html: str | None = None) -> Callable:
    """The component whose .html and .css lie beside the Python `file`, under that file's name."""
    own = Path(file)
    styles = dict.fromkeys([_UI / "latent_map.css", own.with_suffix(".css")])
    return st.components.v2.component(
        own.stem,
        html=own.with_suffix(".html").read_text("utf-8") if html is None else html,
        css="\n".join(style.read_text("utf-8") for style in styles),
        js=(_UI / "mount.js").read_text("utf-8"),
        isolate_styles=False,  # Plotly writes its own style sheet into the document
    )
