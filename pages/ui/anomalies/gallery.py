"""The list of unusual images as HTML: each beside its reconstruction and its heat map.

Pure: every text that comes from outside is escaped.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Entry(NamedTuple):
    """One image of the list: what it is, its score, the share of normal images below it, whether
    it is called unusual, and a link to its place on the map."""

    title: str
    score: float
    below: float
    unusual: bool
    link: str
    normal: bool  # one of the normal images itself


_STYLE = """<style>
.un { display: grid; grid-template-columns: repeat(auto-fill, minmax(264px, 1fr));
  gap: 20px; }
.un > div { min-width: 0; }
.un i { display: block; width: 100%; aspect-ratio: 3 / 1; background: #000 no-repeat;
  background-size: 100% auto; image-rendering: pixelated; border-radius: 2px; }
.un p { margin: 5px 0 0; font-size: 13px; line-height: 1.45; overflow-wrap: anywhere; }
.un a { color: inherit; } .un b { font-weight: 600; }
.un code { font-size: 12.5px; background: none; padding: 0; color: inherit; }
@media (max-width: 500px) { .un { grid-template-columns: 1fr; } }
</style>"""


def unusual_list(entries: Sequence[Entry], sprite: str, normal: int) -> str:
    """The list; `sprite` is the URL of a picture with three tiles a row and a row an entry,
    `normal` counts the normal images that the shares are of."""
    last = max(1, len(entries) - 1)
    items = []
    for row, one in enumerate(entries):
        verdict = "unusual" if one.unusual else "normal"
        what = f"{one.title}: the image, its reconstruction, and where they differ"
        items.append(
            f'<div role="listitem" data-score="{one.score!r}">'
            f'<i role="img" aria-label="{escape(what)}" style="'
            f"background-image: url('{escape(sprite)}'); "
            f'background-position: 0 {100 * row / last:.4f}%"></i>'
            f"<p><b>{escape(one.title)}</b> · <code>{one.score:.3f}</code> · called {verdict}<br>"
            f"{standing(one.below, normal, among=one.normal)}<br>"
            f'<a href="{escape(one.link)}" target="_self">Open on the map</a></p></div>'
        )
    return f'{_STYLE}<div class="un" role="list">{"".join(items)}</div>'


def standing(below: float, normal: int, *, among: bool) -> str:
    """How an image stands among so many normal ones, itself one of them or not, in words."""
    count = round(below * normal)
    if count == normal - among:
        return f"more unusual than all {count:,} {'other ' * among}normal images"
    return f"more unusual than {100 * below:.{1 if normal < 5000 else 2}f} % of normal images"
