"""The gallery to choose a model from: by what models are for, each with a picture and numbers."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st

import vae
from vae.checkpoint.artifacts import PREVIEW

from ..component.component import component
from ..runtime import routes, session
from .families import PURPOSES, kind_of
from .metrics_table import METRICS, number

_KEY = "gallery"
_NUMBERS = ("mse", "frechet")
_MAX_PREVIEW = 200_000  # bytes
_mount = component(__file__, "choose")


def model_gallery(groups: Mapping[str, Sequence[vae.Entry]], chosen: str) -> None:
    """Shows the models of each purpose; a click chooses one."""
    shown = [
        {"title": title, "about": PURPOSES[title], "models": [_facts(entry) for entry in group]}
        for title, group in groups.items()
    ]
    _mount(_KEY, {"groups": shown, "chosen": chosen, "state": session.arrivals()})


def take_choice() -> None:
    """Takes the model that was clicked last, once, and closes the gallery."""
    sent = (st.session_state.get(_KEY) or {}).get("choose") or {}
    name = sent.get("name")
    if isinstance(name, str) and not session.already_handled(_KEY, sent.get("turn")):
        session.choose_model(name)
        st.session_state["which"] = False


def _facts(entry: vae.Entry) -> dict:
    if entry.error is not None:
        return {"name": entry.name, "kind": "damaged", "numbers": "", "preview": None}
    values = ((m, number(entry, m)) for m in METRICS if m.key in _NUMBERS)
    numbers = (f"{m.label} {value:{m.format}}" for m, value in values if value is not None)
    facts = {"name": entry.name, "kind": kind_of(entry), "numbers": " · ".join(numbers)}
    return facts | {"preview": _preview(str(entry.path), entry.digest)}


@st.cache_resource(max_entries=200, show_spinner=False)
def _preview(folder: str, digest: str) -> routes.PublishedUrl | None:
    """The URL of a model's preview, if it has one."""
    with suppress(OSError):
        with (Path(folder) / PREVIEW).open("rb") as file:
            picture = file.read(_MAX_PREVIEW + 1)
        if picture[8:12] == b"WEBP" and len(picture) <= _MAX_PREVIEW:
            return routes.publish(picture, "image/webp", private=True)
    return None
