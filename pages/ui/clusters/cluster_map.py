"""The component of the Clusters page: what Python sends to it and reads from it."""

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .cache import ClusterReport
from .settings import MAX_NAME_LENGTH, ClusterSettings

_mount = component(__file__)


def cluster_map(
    assets: MapAssets, report: ClusterReport, settings: ClusterSettings, *, key: str
) -> dict | None:
    """Shows the map, the list and the card of the selected cluster. Returns the visitor's last
    command, unchecked, or None."""
    result = _mount(
        key=key,
        data={
            "facts": assets.facts,
            "urls": assets.urls,
            "key": "/".join(map(str, (assets.facts["digest"], *settings.key))),
            "labels": report.labels,
            "noise": report.noise,
            "sprite": {"url": report.sprite, "columns": report.columns},
            "cards": [
                cluster._asdict() | {"name": settings.name(k)}
                for k, cluster in enumerate(report.clusters)
            ],
            "selected": min(settings.selected, max(0, len(report.clusters) - 1)),
            "colour": settings.colour,
            "longest": MAX_NAME_LENGTH,
        },
        on_ask_change=lambda: None,
    )
    return result.ask
