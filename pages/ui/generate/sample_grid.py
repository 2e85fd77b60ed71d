"""The component of the Generate page."""

from collections.abc import Container, Sequence

from msgspec import structs

from vae.latent.attribute_directions import AttributeDirection

from ..component.component import component
from ..models.shown_items import items_message
from ..runtime.location import Items, Pin
from ..runtime.map_assets import MapAssets
from ..runtime.undo_stack import UndoStack
from .sheet import SampleStats, Sheet, View

_mount = component(__file__, "ask", "view", "items")


def sample_grid(
    assets: MapAssets,
    sheets: UndoStack[Sheet],
    stats: SampleStats,
    view: View,
    *,
    labels: Sequence[str],
    items: Items,
    directions: Sequence[AttributeDirection],
    saved: Container[tuple[str, Pin]],
    groups: dict[str, int],
    link: str,
    key: str,
) -> None:
    """Shows the latest sheet. `stats` and `view` belong to it, `labels` are the class names,
    `items` colour the map, `saved` are the digests and pins on the board; `groups` counts the
    records in group "a" and "b"."""
    sheet = sheets.done[-1]
    # The nearest real images are those of the usual map, so the map shows no others.
    facts = assets.facts | {"choices": []}
    data = vars(assets) | {
        **items_message(items),
        "facts": facts,
        "urls": assets.urls | {"directions": stats.directions_url},
        "labels": list(labels),
        "sheet": {
            "key": f"{assets.facts['digest'][:12]}/{sheet.key}",
            "title": sheet.title,
            "note": sheet.note,
            "records": [record.to_json() for record in sheet.records],
            "sprite": {"url": stats.url, "columns": stats.columns, "rows": stats.rows},
            "nearestUrl": stats.nearest_url,
            "density": stats.density.round(3).tolist(),
        },
        "referenceDistances": list(stats.reference_distances),
        "directions": [
            {"name": d.name, "vector": list(d.vector), "auc": d.auc} for d in directions
        ],
        "saved": [(assets.facts["digest"], r.pin) in saved for r in sheet.records],
        "groups": groups,
        "view": structs.asdict(view),
        "link": link,
        "can": {"undo": len(sheets.done) > 1, "redo": bool(sheets.undone)},
    }
    _mount(key, data)
