"""The component of the Interpolate page: what Python gives it, what it gives back."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime.location import Pin
from ..runtime.map_assets import MapAssets
from .cache import Travel
from .settings import Way

_mount = component(__file__)


def path_map(
    assets: MapAssets,
    way: Way,
    *,
    kinds: Sequence[str],
    travel: Travel | None,
    trouble: str,
    turn: int | None,
    revision: int,
    speed: str | None,
    pins: Sequence[Pin],
    link: str,
    key: str,
) -> dict | None:
    """Shows the map of one model with a way on it, the film strip and the player.

    `way` is taken over when the map is new, its model changes or `revision` does; after that the
    map leads. `travel` answers the commit with number `turn`; where there is none, `trouble` says
    why. Returns what the visitor last committed, unchecked, or None.
    """
    answer = None
    if travel is not None:
        answer = {
            "path": travel.path.round(4).tolist(),
            "frames": travel.frames.tolist(),
            "length": travel.length,
            "straight": travel.straight,
        }
    result = _mount(
        key=key,
        data={
            "urls": assets.urls,
            "facts": assets.facts,
            "speed": speed,
            "way": way.to_json(),
            "kinds": list(kinds),
            "revision": revision,
            "turn": turn,
            "answer": answer,
            "trouble": trouble,
            "pins": [pin.to_json() for pin in pins],
            "link": link,
        },
        on_way_change=lambda: None,
        on_keep_change=lambda: None,
    )
    return result.way
