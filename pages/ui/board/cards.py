"""The component of the Board page: what Python sends and what it returns."""

from collections.abc import Mapping, Sequence

from vae.boards import Caption
from vae.boards.item import Item

from ..component.component import component
from .cache import BoardImages

_mount = component(__file__, "ask", "selected")
_FIELDS = ("id", "model", "z", "label", "parents", "note", "stars", "changed")


def board_cards(
    items: Sequence[Item],
    images: BoardImages,
    captions: Mapping[str, Caption],
    *,
    generations: Sequence[Sequence[str]],
    note: str,
    voter: str,
    revision: int,
    can_undo: bool,
    can_redo: bool,
    link: str,
    key: str,
) -> tuple[dict | None, list]:
    """Shows a board's items. Returns the last command, unchecked, or None, and the ids of the
    selected cards."""
    url, columns, rows = images.sprite
    texts = zip(items, images.links, images.warnings, strict=True)
    result = _mount(
        key,
        {
            "items": [
                {
                    **{field: getattr(item, field) for field in _FIELDS},
                    **{"kind": captions[item.id].title, "caption": captions[item.id].details},
                    **{"votes": len(item.votes), "voted": voter in item.votes},
                    **{"link": link, "warning": warning},
                }
                for item, link, warning in texts
            ],
            "sprite": {"url": url, "columns": columns, "rows": rows},
            "generations": [list(row) for row in generations],
            "note": note,
            "revision": revision,
            "link": link,
            "can": {"undo": can_undo, "redo": can_redo},
        },
    )
    return result.ask, result.selected or []
