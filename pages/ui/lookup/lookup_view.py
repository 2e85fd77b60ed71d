"""The component of similarity search: what Python sends to it and reads from it."""

import base64

import streamlit as st

from ..component.component import component
from ..models.shown_items import items_message
from ..runtime.location import Items
from ..runtime.map_assets import MapAssets
from .cache import LookupResult

_mount = component(__file__, "ask", "items")


def lookup_view(assets: MapAssets, found: LookupResult, *, items: Items, key: str) -> None:
    """Shows a result on the map of the chosen items of a model. The image that the visitor selects
    there is returned by `selected_item`."""
    result = {
        "key": found.key,
        "z": list(found.z),
        "std": found.std,
        "draws": found.draws,
        "image": base64.b64encode(found.image.tobytes()).decode(),
        "reconstruction": base64.b64encode(found.reconstruction.tobytes()).decode(),
        "identical": None if found.identical is None else found.identical._asdict(),
        "code": [near._asdict() for near in found.by_code],
        "pixels": [near._asdict() for near in found.by_pixels],
        "classesUrl": found.classes_url,
        "anomalyUrl": found.anomaly_url,
        "kind": found.references,
        "voters": found.voters,
    }
    _mount(key, vars(assets) | items_message(items) | {"found": result})


def selected_item(key: str, digest: str, count: int) -> tuple[int, int] | None:
    """The number, below `count`, of the image that was last selected in the view of the model with
    this digest, and that of the message; None where none was."""
    value = (st.session_state.get(key) or {}).get("ask")
    try:
        item, turn = int(value["item"]), int(value["turn"])
        return (item, turn) if value["digest"] == digest and 0 <= item < count else None
    except (KeyError, TypeError, ValueError):
        return None
