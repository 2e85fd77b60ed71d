"""How a component reaches Streamlit: its markup, the base style and its own, `component.js`.

Components v2 runs a script out of a message, so `component.js` is the only one inlined; it imports
the rest from content-hashed URLs. Nothing heavy travels in `data`.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ..runtime import routes

_UI = Path(__file__).resolve().parents[1]


def component(file: str, html: str | None = None) -> Callable:
    """The component whose .html, .css and .js lie beside the Python `file` and bear its name.

    What is returned takes `key`, `data` for the class that the script exports by default, and
    Streamlit's `on_..._change`; it returns Streamlit's result.
    """
    own = Path(file).resolve()
    styles = [_UI / "component/base.css", own.with_suffix(".css")]
    module = own.with_suffix(".js").relative_to(_UI).as_posix()
    mounted = st.components.v2.component(
        own.stem,
        html=own.with_suffix(".html").read_text("utf-8") if html is None else html,
        css="\n".join(style.read_text("utf-8") for style in styles if style.exists()),
        js=(_UI / "component/component.js").read_text("utf-8"),
        isolate_styles=False,  # Plotly writes its own style sheet into the document
    )

    def mount(*, key: str, data: dict, **changes: Callable[[], None]):
        scripts = {"module": routes.module_url(module), "plotly": routes.plotly_url()}
        return mounted(key=key, data=scripts | data, **changes)

    return mount
