"""The component of the Compare page: what Python gives it, what it gives back."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .settings import Comparison

_mount = component(__file__)


def compare_map(
    models: Sequence[tuple[MapAssets, str]], comparison: Comparison, *, key: str
) -> dict | None:
    """Shows two to four models, each with a line that says what it is.

    `comparison` is taken over when the maps are new; after that they lead. Returns what the
    visitor last committed, unchecked, or None.
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
