"""The component of the Clusters page."""

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .cache import ClusterReport
from .settings import COLOURS, COLUMN, MAX_NAME_LENGTH, ClusterSettings

_mount = component(__file__, "ask")


def cluster_map(
    assets: MapAssets, report: ClusterReport, settings: ClusterSettings, *, key: str
) -> None:
    """Shows the map, the list and the card of the selected cluster."""
    column = settings.colour.removeprefix(COLUMN)
    known = column in (*COLOURS, *assets.facts["columns"])
    data = vars(assets) | {
        "key": "/".join(map(str, (assets.facts["digest"], *settings.key))),
        "labels": report.labels,
        "noise": report.noise,
        "sprite": {"url": report.sprite, "columns": report.columns},
        "cards": [
            cluster._asdict() | {"name": settings.name(k)}
            for k, cluster in enumerate(report.clusters)
        ],
        "selected": min(settings.selected, max(0, len(report.clusters) - 1)),
        "colour": settings.colour if known else "clusters",
        "longest": MAX_NAME_LENGTH,
    }
    _mount(key, data)
