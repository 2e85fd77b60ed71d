"""The component of the search by choosing."""

from ..component.component import component
from ..runtime.map_assets import MapAssets
from .search import Found, Search

_mount = component(__file__, "ask")


def choice_gallery(
    assets: MapAssets,
    search: Search,
    found: Found,
    *,
    first: float,
    label: int | None,
    most: int,
    redo: bool,
    link: str,
    key: str,
) -> None:
    """Shows the gallery that follows the choices. `first` is the spread of the first gallery,
    `label` conditions the pictures, `most` choices are possible; `redo` says whether any was
    undone."""
    number = len(search.choices) + 1
    data = {
        "urls": {name: assets.urls.get(name) for name in ("program", "noise", "decode")},
        "facts": assets.facts,
        "gallery": {"key": found.key, "codes": found.codes, "spread": round(found.spread, 4)},
        "choices": [choice[0] if choice else None for choice in search.choices],
        "number": number,
        "most": most,
        "first": round(first, 4),
        "label": label,
        "link": link,
        "can": {
            "undo": number > 1,
            "redo": redo,
            "restart": number > 1,
            "choose": number <= most,
            "none": number <= most,
            "use": search.best is not None,
        },
    }
    _mount(key, data)
