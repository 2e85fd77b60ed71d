"""The map component: what Python gives it, what it gives back.

Components v2 runs `mount.js` from a message, so that file is the only one inlined; it imports the
rest from content-hashed URLs. Nothing heavy travels in `data`.
"""

import base64
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from . import routes
from .atlas import MapAssets
from .place import Pin, Place

INLINE_PINS = 20  # pictures sent with the answer itself; the map fetches earlier ones by URL

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "latent_map",
    html=(_HERE / "latent_map.html").read_text("utf-8"),
    css=(_HERE / "latent_map.css").read_text("utf-8"),
    js=(_HERE / "mount.js").read_text("utf-8"),
    isolate_styles=False,  # Plotly writes its own style sheet into the document
)


def latent_map(
    assets: MapAssets,
    place: Place,
    *,
    pictures: Sequence[tuple[Pin, bytes]],
    link: str,
    key: str,
) -> dict | None:
    """Shows the map of one model.

    `place` is taken over when the map is new or its model changes; after that the map leads.
    `pictures` are the pins' images as torch decoded them, `link` the address that restores all.
    Returns what the visitor last committed, unchecked, or None.
    """
    result = _mount(
        key=key,
        data={
            "module": routes.module_url("latent_map.js"),
            "exported": "LatentMap",
            "plotly": routes.plotly_url(),
            "urls": assets.urls,
            "facts": assets.facts,
            "place": place.to_json(),
            "pins": [
                {**pin.to_json(), "image": base64.b64encode(image).decode()}
                for pin, image in pictures
            ],
            "link": link,
        },
        on_place_change=lambda: None,
    )
    return result.place
