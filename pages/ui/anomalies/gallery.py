"""A gallery of images with their reconstructions and heat maps, as HTML.

Pure: every text that comes from outside is escaped.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple


class GalleryItem(NamedTuple):
    """An image: its title, its score, the share of normal images with a lower one, whether it is
    flagged as anomalous, a link to its code on the map, and whether it is a normal image."""

    title: str
    score: float
    below: float
    anomalous: bool
    link: str
    normal: bool


_STYLE = """<style>
.un { display: grid; grid-template-columns: repeat(auto-fill, minmax(264px, 1fr)); gap: 20px; }
.un > div { min-width: 0; }
.un i { display: block; width: 100%; aspect-ratio: 3 / 1; background: #000 no-repeat;
  background-size: 100% auto; image-rendering: pixelated; border-radius: 2px; }
.un p { margin: 5px 0 0; font-size: 13px; line-height: 1.45; overflow-wrap: anywhere; }
.un a { color: inherit; } .un b { font-weight: 600; }
.un code { font-size: 12.5px; background: none; padding: 0; color: inherit; }
@media (max-width: 500px) { .un { grid-template-columns: 1fr; } }
</style>"""


def gallery_html(items: Sequence[GalleryItem], sprite: str, normal: int) -> str:
    """The gallery; `sprite` is the URL of an image with three tiles per item, one item per row,
    `normal` the number of normal images."""
    last = max(1, len(items) - 1)
    cells = []
    for row, item in enumerate(items):
        outcome = "flagged as anomalous" if item.anomalous else "not flagged"
        label = f"{item.title}: the image, its reconstruction, and their difference"
        cells.append(
            f'<div role="listitem" data-score="{item.score!r}">'
            f'<i role="img" aria-label="{escape(label)}" style="'
            f"background-image: url('{escape(sprite)}'); "
            f'background-position: 0 {100 * row / last:.4f}%"></i>'
            f"<p><b>{escape(item.title)}</b> · <code>{item.score:.3f}</code> · {outcome}<br>"
            f"{rank_text(item.below, normal, among=item.normal)}<br>"
            f'<a href="{escape(item.link)}" target="_self">Open on the map</a></p></div>'
        )
    return f'{_STYLE}<div class="un" role="list">{"".join(cells)}</div>'


def rank_text(below: float, normal: int, *, among: bool) -> str:
    """The rank of an image among `normal` images, of which it is one if `among`, in words."""
    count = round(below * normal)
    if count == normal - among:
        return f"more anomalous than all {count:,} {'other ' * among}normal images"
    return f"more anomalous than {100 * below:.{1 if normal < 5000 else 2}f} % of normal images"
