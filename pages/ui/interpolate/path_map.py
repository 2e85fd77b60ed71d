"""The component of the Interpolate page: what Python sends and what it returns."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime.location import Pin
from ..runtime.map_assets import MapAssets
from .cache import SampledPath
from .settings import PathSettings

_mount = component(__file__)


def path_map(
    assets: MapAssets,
    path: PathSettings,
    *,
    kinds: Sequence[str],
    sampled: SampledPath | None,
    trouble: str,
    turn: int | None,
    revision: int,
    speed: str | None,
    pins: Sequence[Pin],
    link: str,
    key: str,
) -> dict | None:
    """Shows the map of one model with a path on it, the film strip and the player.

    The map adopts `path` when it is new, when its model changes, or when `revision` changes;
    otherwise the map's state wins. `sampled` answers the commit with number `turn`; without it,
    `trouble` gives the reason. Returns the last commit, unchecked, or None.
    """
    answer = None
    if sampled is not None:
        answer = {
            "path": sampled.curve.round(4).tolist(),
            "frames": sampled.frames.tolist(),
            "length": sampled.length,
            "straight": sampled.straight_length,
        }
    result = _mount(
        key=key,
        data={
            "urls": assets.urls,
            "facts": assets.facts,
            "speed": speed,
            "path": path.to_json(),
            "kinds": list(kinds),
            "revision": revision,
            "turn": turn,
            "answer": answer,
            "trouble": trouble,
            "pins": [pin.to_json() for pin in pins],
            "link": link,
        },
        on_path_change=lambda: None,
        on_save_change=lambda: None,
    )
    return result.path
