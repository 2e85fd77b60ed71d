"""The component of the Interpolate page."""

from collections.abc import Sequence

from ..component.component import component
from ..models.shown_items import items_message
from ..runtime.location import Items, Pin, Space
from ..runtime.map_assets import MapAssets
from .cache import SampledPath, typical_url
from .settings import TOO_FEW_WAYPOINTS, PathSettings, path_kinds

_mount = component(__file__, "path", "save", "items")


def path_map(
    assets: MapAssets,
    path: PathSettings,
    *,
    items: Items,
    sampled: SampledPath | None,
    turn: int | None,
    revision: int,
    speed: str | None,
    pins: Sequence[Pin],
    link: str,
    key: str,
) -> None:
    """Shows the map of one model with a path on it, the film strip and the player.

    The map adopts `path` when it is new, when its model changes, or when `revision` changes;
    otherwise the map's state wins. `assets` are of the chosen `items`; `sampled` answers the
    commit with number `turn`.
    """
    answer = None
    if sampled is not None:
        arrays = {"curve": sampled.curve.round(4).tolist(), "frames": sampled.frames.tolist()}
        answer = sampled._asdict() | arrays
    data = vars(assets) | {
        **items_message(items),
        "speed": speed,
        "path": path.to_json(),
        "kinds": path_kinds(Space(assets.facts["latentSize"])),
        "revision": revision,
        "turn": turn,
        "answer": answer,
        "trouble": "" if sampled else TOO_FEW_WAYPOINTS,
        "pins": [pin.to_json() for pin in pins],
        "link": link,
        "typical": typical_url(assets.facts["name"], assets.facts["digest"]),
    }
    _mount(key, data)
