"""The list of unusual images as HTML: each beside its reconstruction and its heat map.

Pure: every text that comes from outside is escaped.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class Entry(NamedTuple):
    """One image of the list: what it is, its score, the share of normal images below it, whether
    it is called unusual, and a link to its place on the map, "" for none."""

    title: str
    score: float
    below: float
    unusual: bool
    link: str


_STYLE = """<style>
.un { display: grid; grid-template-columns: repeat(auto-fill, minmax(264px, 1fr));
  gap: 18px 20px; list-style: none; margin: 0; padding: 0; }
.un li { margin: 0; min-width: 0; }
.un i { display: block; width: 100%; aspect-ratio: 3 / 1; background: #000 no-repeat;
  background-size: 100% auto; image-rendering: pixelated; border-radius: 2px; }
.un p { margin: 5px 0 0; font-size: 13px; line-height: 1.45; overflow-wrap: anywhere; }
.un b { font-weight: 600; }
.un code { font-size: 12.5px; background: none; padding: 0; color: inherit; }
@media (max-width: 500px) { .un { grid-template-columns: 1fr; } }
</style>"""


def unusual_list(entries: Sequence[Entry], sprite: str, normal: int) -> str:
    """The list; `sprite` is the URL of a picture with three tiles a row and a row an entry,
    `normal` counts the normal images that the shares are of."""
    last = max(1, len(entries) - 1)
    items = []
    for row, one in enumerate(entries):
        link = ""
        if one.link:
            link = f' · <a href="{escape(one.link)}" target="_self">Open on the map</a>'
        verdict = "unusual" if one.unusual else "normal"
        what = f"{one.title}: the image, its reconstruction, and where they differ"
        items.append(
            f'<li data-score="{one.score!r}"><i role="img" aria-label="{escape(what)}" style="'
            f"background-image: url('{escape(sprite)}'); "
            f'background-position: 0 {100 * row / last:.4f}%"></i>'
            f"<p><b>{escape(one.title)}</b> · <code>{one.score:.3f}</code> · called {verdict}<br>"
            f"{standing(one.below, normal)}{link}</p></li>"
        )
    return f'{_STYLE}<ol class="un">{"".join(items)}</ol>'


def standing(below: float, normal: int) -> str:
    """How an image stands among so many normal ones, in words."""
    count = round(below * normal)
    if count == normal:
        return f"more unusual than all {normal:,} normal images"
    if count >= normal - 1:
        return f"the most unusual of {normal:,} normal images"
    digits = 1 if normal < 5000 else 2
    return f"more unusual than {100 * below:.{digits}f} % of normal images"
