"""The component of the Explore page."""

import base64
from collections.abc import Sequence

from ..component.component import component
from ..runtime.location import Location, Pin
from ..runtime.map_assets import MapAssets

INLINE_PINS = 20  # images sent with the answer; the map requests earlier ones by URL
_mount = component(__file__, "location")


def latent_map(
    assets: MapAssets,
    location: Location,
    *,
    pictures: Sequence[tuple[Pin, bytes]],
    link: str,
    key: str,
) -> None:
    """Shows the map of one model.

    The map adopts `location` when it is new or its model changes; otherwise the map's state wins.
    `pictures` are the pins' images as torch decoded them, `link` the address that restores the
    page.
    """
    pins = [
        {**pin.to_json(), "image": base64.b64encode(image).decode()} for pin, image in pictures
    ]
    place = {"location": location.to_json(), "pins": pins, "link": link}
    _mount(key, vars(assets) | place)
