"""Registers the components: their HTML, CSS and JavaScript.

Streamlit's components v2 inline their script, so only `component.js` is inlined; it imports the
other modules from content-hashed URLs. `data` holds small values only.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ..runtime import routes

_UI = Path(__file__).resolve().parents[1]


def component(file: str, *events: str, html: str | None = None) -> Callable:
    """The component whose .html, .css and .js files have the path of the Python `file`.

    The returned function takes the `key` and the `data` for the class that the script exports by
    default; it returns Streamlit's result, which has the script's last message of each event.
    """
    path = Path(file).resolve()
    styles = [_UI / "component/base.css", path.with_suffix(".css")]
    module = path.with_suffix(".js").relative_to(_UI).as_posix()
    mounted = st.components.v2.component(
        path.stem,
        html=path.with_suffix(".html").read_text("utf-8") if html is None else html,
        css="\n".join(style.read_text("utf-8") for style in styles if style.exists()),
        js=(_UI / "component/component.js").read_text("utf-8"),
        isolate_styles=False,  # Plotly adds a style sheet to the document
    )

    def mount(key: str, data: dict):
        scripts = {"module": routes.module_url(module), "plotly": routes.plotly_url()}
        changes = {f"on_{event}_change": lambda: None for event in events}
        return mounted(key=key, data=scripts | data, **changes)

    return mount
