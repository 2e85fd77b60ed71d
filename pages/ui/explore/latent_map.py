"""The map component: what Python gives it, what it gives back."""

import base64
from collections.abc import Sequence

from ..component.component import component
from ..runtime.location import Pin, Place
from ..runtime.map_assets import MapAssets

INLINE_PINS = 20  # pictures sent with the answer itself; the map fetches earlier ones by URL
_mount = component(__file__)


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
