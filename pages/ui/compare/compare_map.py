"""The component of the Compare page."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .settings import Comparison

_mount = component(__file__)


def compare_map(
    models: Sequence[tuple[MapAssets, str]], comparison: Comparison, *, key: str
) -> dict | None:
    """Shows two to four models, each with a description.

    New maps start at `comparison`; after that they keep their own state. Returns what the visitor
    last committed, unchecked, or None.
    """
    result = _mount(
        key=key,
        data={
            "models": [
                {"facts": assets.facts, "urls": assets.urls, "title": title}
                for assets, title in models
            ],
            "place": comparison.to_json(),
        },
        on_place_change=lambda: None,
    )
    return result.place
