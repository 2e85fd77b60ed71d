"""The component of the Board page: what Python gives it, what it gives back."""

from collections.abc import Sequence

from vae.boards.item import Item

from ..component.component import component

_mount = component(__file__)


def board_cards(
    items: Sequence[Item],
    *,
    sprite: tuple[str, int, int],
    links: Sequence[str],
    warnings: Sequence[str],
    generations: Sequence[Sequence[str]],
    note: str,
    revision: int,
    can_undo: bool,
    can_redo: bool,
    key: str,
) -> tuple[dict | None, list]:
    """Shows a board's items, whose pictures are in one `sprite` (URL, columns, rows).

    `links` open them in Explore, `warnings` say what does not match; empty where nothing is to
    say. Returns what the visitor last asked for, unchecked, or None, and the selected ids.
    """
    url, columns, rows = sprite
    result = _mount(
        key=key,
        data={
            "items": [
                {
                    **{name: getattr(item, name) for name in ("id", "model", "label", "seed")},
                    **{name: getattr(item, name) for name in ("step", "note", "stars", "changed")},
                    "z": list(item.z),
                    "parents": list(item.parents),
                    "link": link,
                    "warning": warning,
                }
                for item, link, warning in zip(items, links, warnings, strict=True)
            ],
            "sprite": {"url": url, "columns": columns, "rows": rows},
            "generations": [list(row) for row in generations],
            "note": note,
            "revision": revision,
            "can": {"undo": can_undo, "redo": can_redo},
        },
        on_ask_change=lambda: None,
        on_picked_change=lambda: None,
    )
    return result.ask, result.picked or []
