"""Images as vectors: the silhouette of an item, and contours of a few grey levels or colours."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from ..latent.polylines import simplify
from .cut_out import silhouette

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
COLOURS = 12
_MIN_CORNERS = 4  # of a contour; smaller ones are specks
_TOLERANCE = 0.35  # of the simplified contour, in image pixels
_OUTLINE = 0.006  # of that of a silhouette, as a share of the height


def to_svg(
    image: np.ndarray, *, levels: Sequence[float] = LEVELS, size: float = 280, title: str = ""
) -> str:
    """A grey image [H, W] in [0, 1] as stacked shapes, one per level, without a background.

    The region {image > level} of each level is one path of closed cubic curves, filled with the
    middle grey between this level and the next. `size` is the height in user units.
    """
    height, width = image.shape
    unit = size / height
    shapes = []
    for level, above in zip(levels, [*levels[1:], 1.0], strict=True):
        grey = round(255 * (level + above) / 2)
        data = " ".join(_bezier(ring * unit) for ring in contours(image, level))
        if data:
            shapes.append(f'<path fill="rgb({grey},{grey},{grey})" d="{data}"/>')
    return _document(shapes, width * unit, size, title)


def tones_svg(image: np.ndarray, *, title: str = "") -> str:
    """A uint8 image [H, W, C] in its tones: those of a grey one are levels, those of another one
    its most common colours."""
    if image.shape[2] == 1:
        return to_svg(image[..., 0] / np.float32(255), title=title)
    return to_colour_svg(image, title=title)


def silhouette_svg(image: np.ndarray, *, size: float = 280, title: str = "") -> str:
    """The outline of the item in a uint8 image [H, W, C] as one closed path with a stroke and no
    fill: of its largest part, without holes. `size` is the height in user units."""
    height, width = image.shape[:2]
    unit = size / height
    rings = contours(silhouette(image).astype(np.float32), 0.5, _OUTLINE * height)
    ring = max(rings, key=_area, default=None)
    data = "" if ring is None else _bezier(ring * unit)
    line = 'fill="none" stroke="#000" stroke-width="1.5" stroke-linejoin="round"'
    shapes = [f'<path id="silhouette" {line} d="{data}"/>'] if data else []
    return _document(shapes, width * unit, size, title)


def _area(ring: np.ndarray) -> float:
    x, y = ring.T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def to_colour_svg(
    image: np.ndarray, *, colours: int = COLOURS, size: float = 280, title: str = ""
) -> str:
    """A uint8 image [H, W, 3] in its `colours` most common colours (median cut), one path each.

    The most common colour is the ground. Every path is also stroked in its colour, half an image
    pixel wide to each side, so that no gap shows between neighbours. `size` is the height in user
    units.
    """
    height, width = image.shape[:2]
    unit = size / height
    reduced = Image.fromarray(image).quantize(colours, dither=Image.Dither.NONE)
    kinds, palette = np.asarray(reduced), reduced.getpalette() or []
    shapes = []
    for kind in np.argsort(-np.bincount(kinds.ravel()), kind="stable"):
        fill = "rgb({},{},{})".format(*palette[3 * kind : 3 * kind + 3])
        if not shapes:
            shapes.append(f'<path fill="{fill}" d="M0,0H{width * unit:g}V{size:g}H0Z"/>')
            continue
        region = (kinds == kind).astype(np.float32)
        data = " ".join(_bezier(ring * unit) for ring in contours(region, 0.5))
        if data:
            line = f'stroke="{fill}" stroke-width="{unit:g}"'
            shapes.append(f'<path fill="{fill}" {line} d="{data}"/>')
    return _document(shapes, width * unit, size, title)


def _document(shapes: Sequence[str], width: float, height: float, title: str) -> str:
    heading = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" fill-rule="evenodd">{heading}'
        f"{''.join(shapes)}</svg>"
    )


def contours(image: np.ndarray, level: float, tolerance: float = _TOLERANCE) -> list[np.ndarray]:
    """Closed contours [K, 2] (x, y in pixels, pixel centres at halves) around the region of an
    image [H, W] above a level, simplified within `tolerance` pixels; at the border of the image
    they run along it."""
    from contourpy import contour_generator

    padded = np.pad(image.astype(float), 1)  # closes contours at the border
    lines = contour_generator(z=padded).lines(level)
    limits = (image.shape[1], image.shape[0])
    rings = (np.clip(line[:-1] - 0.5, 0, limits) for line in lines if len(line) > _MIN_CORNERS)
    return [_simplify_ring(ring, tolerance) for ring in rings]


def _simplify_ring(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """A closed ring, simplified in two halves that meet at its first and its farthest point."""
    half = int(np.square(ring - ring[0]).sum(1).argmax())
    forth = simplify(ring[: half + 1], tolerance)
    back = simplify(np.concatenate([ring[half:], ring[:1]]), tolerance)
    return np.concatenate([forth[:-1], back[:-1]])


def _bezier(ring: np.ndarray) -> str:
    """A closed Catmull-Rom spline through a ring, as cubic Bezier curves. No handle is longer than
    a third of its side, so that sharp corners do not overshoot."""
    if len(ring) < 3:
        return ""
    before, after = np.roll(ring, 1, 0), np.roll(ring, -1, 0)
    tangent = (after - before) / 6
    length = np.hypot(*tangent.T)
    sides = np.hypot(*(after - ring).T)
    limit = np.minimum(sides, np.roll(sides, 1)) / 3
    tangent = tangent * np.minimum(1, limit / np.maximum(length, 1e-9))[:, None]
    first, second = ring + tangent, after - np.roll(tangent, -1, 0)
    numbers = np.concatenate([first, second, after], 1).round(2)
    pieces = "".join("C" + ",".join(f"{v:g}" for v in row) for row in numbers)
    return f"M{ring[0, 0]:.2f},{ring[0, 1]:.2f}{pieces}Z"
