"""The component of the Look-up page: what Python gives it, what it gives back."""

import base64

import streamlit as st

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .cache import Look

_mount = component(__file__)


def lookup_view(assets: MapAssets, look: Look, *, key: str) -> None:
    """Shows what was found on the map of a model. The item that the visitor asks for next comes as
    `asked_item`."""
    _mount(
        key=key,
        data={
            "facts": assets.facts,
            "urls": assets.urls,
            "found": {
                "key": look.key,
                "z": list(look.z),
                "std": look.std,
                "draws": look.draws,
                "picture": base64.b64encode(look.picture.tobytes()).decode(),
                "reconstruction": base64.b64encode(look.reconstruction.tobytes()).decode(),
                "itself": None if look.itself is None else look.itself._asdict(),
                "code": [near._asdict() for near in look.code],
                "pixels": [near._asdict() for near in look.pixels],
                "answerUrl": look.answer,
                "unusualUrl": look.unusual,
            },
        },
        on_ask_change=lambda: None,
    )


def asked_item(key: str, digest: str, count: int) -> tuple[int, int] | None:
    """The test image below `count` that was pressed in the view of the model with this digest, and
    the number of the message; None where none was."""
    value = (st.session_state.get(key) or {}).get("ask")
    try:
        item, turn = int(value["item"]), int(value["turn"])
        return (item, turn) if value["digest"] == digest and 0 <= item < count else None
    except (KeyError, TypeError, ValueError):
        return None
