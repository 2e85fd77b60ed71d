"""The component of the Clusters page: what Python gives it, what it gives back."""

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .cache import Described
from .settings import LONGEST_NAME, Grouping

_mount = component(__file__)


def cluster_map(
    assets: MapAssets, found: Described, grouping: Grouping, *, key: str
) -> dict | None:
    """Shows the map, the list and the chosen cluster's card; returns what the visitor last asked
    for, unchecked, or None."""
    result = _mount(
        key=key,
        data={
            "facts": assets.facts,
            "urls": assets.urls,
            "key": "/".join(map(str, (assets.facts["digest"], *grouping.key))),
            "labels": found.labels,
            "noise": found.noise,
            "sprite": {"url": found.sprite, "columns": found.columns},
            "cards": [
                card._asdict() | {"name": grouping.name(k)} for k, card in enumerate(found.cards)
            ],
            "chosen": min(grouping.chosen, max(0, len(found.cards) - 1)),
            "colour": grouping.colour,
            "longest": LONGEST_NAME,
        },
        on_ask_change=lambda: None,
    )
    return result.ask
