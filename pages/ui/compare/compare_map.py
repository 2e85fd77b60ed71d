"""The component of the Compare page."""

from collections.abc import Sequence

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .settings import Comparison

_mount = component(__file__, "place")


def compare_map(
    models: Sequence[tuple[MapAssets, str]], comparison: Comparison, *, key: str
) -> None:
    """Shows two to four models, each with a description. New maps start at `comparison`; after
    that they keep their own state."""
    titled = [vars(assets) | {"title": title} for assets, title in models]
    _mount(key, {"models": titled, "place": comparison.to_json()})
