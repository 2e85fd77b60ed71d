"""The component of the Interpolate page."""

from collections.abc import Container, Sequence

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
    saved: Container[tuple[str, Pin]],
    link: str,
    key: str,
) -> None:
    """Shows the map of one model with a path on it, the film strip and the player.

    The map adopts `path` when it is new, when its model changes, or when `revision` changes;
    otherwise the map's state wins. `assets` are of the chosen `items`; `sampled` answers the
    commit with number `turn`; `saved` are the digests and pins on the board.
    """
    answer = None
    if sampled is not None:
        arrays = {"curve": sampled.curve.round(4).tolist(), "frames": sampled.frames.tolist()}
        pins_of_frames = [Pin(tuple(z), path.label, path.seed) for z in arrays["frames"]]
        digest = assets.facts["digest"]
        arrays["saved"] = [(digest, pin) in saved for pin in pins_of_frames]
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
