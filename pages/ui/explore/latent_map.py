"""The component of the Explore page."""

from collections.abc import Sequence

from ..component.component import component
from ..models.shown_items import items_message
from ..runtime.location import Location, Pin
from ..runtime.map_assets import MapAssets

_mount = component(__file__, "location", "save")
_REGION_NOTE = "Below: their mean, their standard deviation and new samples."


def latent_map(
    assets: MapAssets,
    location: Location,
    *,
    saved: Sequence[Pin],
    link: str,
    revision: int,
    key: str,
) -> None:
    """Shows the map of one model.

    The map adopts `location` when it is new or when its model or `revision` changes; otherwise
    the map's state wins. `saved` are the pins that are on the board; `link` is the address that
    restores the page.
    """
    state = {"location": location.to_json(), "link": link, "revision": revision}
    state["saved"] = [pin.to_json() for pin in saved]
    state["regionNote"] = _REGION_NOTE  # region_panel.py shows them
    _mount(key, vars(assets) | state | items_message(location.items))
