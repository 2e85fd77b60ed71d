"""Registers the components: their HTML, CSS and JavaScript.

Every message of Streamlit repeats a component's script, its markup and all of its `data`. In it
these are content-hashed URLs, of modules, of the markup and of the JSON of what is large; the
browser requests each once.
"""

import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ..runtime import routes

_UI = Path(__file__).resolve().parents[1]
_SCRIPT = """
const code = import(new URL("{}", document.baseURI).href);
export default (component) => {{
  const end = code.then((module) => module.default(component));
  return () => end.then((stop) => stop());
}};
"""
_INLINE, _BLOCK = 800, 32  # bytes of JSON; items of a long list, which grow block by block


def component(file: str, *events: str, html: str | None = None) -> Callable:
    """The component whose .html, .css and .js files have the path of the Python `file`.

    The returned function takes the `key` and the `data` for the class that the script exports by
    default; it returns Streamlit's result, which has the script's last message of each event.
    """
    path = Path(file).resolve()
    styles = [_UI / "component/base.css", path.with_suffix(".css")]
    module = path.with_suffix(".js").relative_to(_UI).as_posix()
    html = path.with_suffix(".html").read_text("utf-8") if html is None else html
    css = "\n".join(style.read_text("utf-8") for style in styles if style.exists())
    markup = routes.publish(f"<style>{css}</style>{html}".encode(), "text/plain")
    mounted = st.components.v2.component(
        path.stem,
        html='<div class="la-home">Loading…</div>',
        js=_SCRIPT.format(routes.module_url("component/component.js")),
        isolate_styles=False,  # Plotly adds a style sheet to the document
    )

    def mount(key: str, data: dict):
        scripts = {"module": routes.module_url(module), "markup": markup}
        scripts |= {"plotly": routes.plotly_url()}
        changes = {f"on_{event}_change": lambda: None for event in events}
        return mounted(key=key, data=scripts | {k: _by_url(data[k]) for k in data}, **changes)

    return mount


def _by_url(value: object) -> object:
    """A value whose large parts are `{"jsonUrl": url}`, and long lists `{"blocks": lists}`."""
    if not isinstance(value, dict | list | tuple) or len(json.dumps(value)) <= _INLINE:
        return value
    if isinstance(value, dict):
        value = {name: _by_url(part) for name, part in value.items()}
    elif len(value) > _BLOCK:
        starts = range(0, len(value), _BLOCK)
        value = {"blocks": [_by_url(value[start : start + _BLOCK]) for start in starts]}
    else:
        value = [_by_url(part) for part in value]
    text = json.dumps(value)
    if len(text) <= _INLINE:
        return value
    return {"jsonUrl": routes.publish(text.encode(), "application/json", private=True)}
