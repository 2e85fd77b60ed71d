"""The component of the Generate page: what Python gives it, what it gives back."""

from collections.abc import Sequence

from vae.latent.attribute_directions import Direction

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .sheet import History, SampleStats, record_json

_mount = component(__file__)


def sample_grid(
    assets: MapAssets,
    history: History,
    stats: SampleStats,
    *,
    labels: Sequence[str],
    directions: Sequence[Direction],
    groups: dict[str, int],
    key: str,
) -> dict | None:
    """Shows the sheet of a history; returns what the visitor last asked for, unchecked, or None.

    `stats` belongs to that sheet, `labels` are the classes, `groups` counts examples a side.
    """
    sheet = history.sheet
    result = _mount(
        key=key,
        data={
            "facts": assets.facts,
            "urls": assets.urls,
            "labels": list(labels),
            "sheet": {
                "key": f"{assets.facts['digest'][:12]}/{history.now}/{stats.url}",
                "title": sheet.title,
                "note": sheet.note,
                "records": [record_json(record) for record in sheet.records],
                "sprite": {"url": stats.url, "columns": stats.columns, "rows": stats.rows},
                "nearestUrl": stats.nearest,
                "crowding": stats.crowding.round(3).tolist(),
            },
            "usual": list(stats.usual),
            "directions": [{"name": d.name, "vector": list(d.vector)} for d in directions],
            "groups": groups,
            "can": {"undo": history.can_undo, "redo": history.can_redo},
        },
        on_ask_change=lambda: None,
    )
    return result.ask
