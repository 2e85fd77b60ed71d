"""Pictures as vector outlines: contours of a few grey levels, traced and smoothed, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
_SHORTEST = 4  # corners below which a contour is a speck
_STRAIGHT = 0.35  # picture pixels by which a corner must leave a line to stay


def svg(
    picture: np.ndarray,
    *,
    levels: Sequence[float] = LEVELS,
    size: float = 280,
    title: str = "",
) -> str:
    """A grey picture [H, W] in [0, 1] as stacked shapes, one a level, on a clear ground.

    Each level's region {picture > level} is one path of closed cubic curves, filled with the grey
    of its band by the even-odd rule. `size` is the height in user units.
    """
    height, width = picture.shape
    unit = size / height
    shapes = []
    for index, level in enumerate(levels):
        above = levels[index + 1] if index + 1 < len(levels) else 1.0
        grey = round(255 * (level + above) / 2)
        data = " ".join(_curve(ring * unit) for ring in rings(picture, level))
        if data:
            shapes.append(f'<path fill="rgb({grey},{grey},{grey})" d="{data}"/>')
    named = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * unit:g} {size:g}" '
        f'width="{width * unit:g}" height="{size:g}" fill-rule="evenodd">{named}'
        f"{''.join(shapes)}</svg>"
    )


def rings(picture: np.ndarray, level: float) -> list[np.ndarray]:
    """Closed contours [K, 2] (x, y in pixels, pixel centres at halves) around where a picture
    [H, W] is above a level; at the picture's edge they run along it."""
    from contourpy import contour_generator

    framed = np.pad(picture.astype(float), 1)  # so that what touches the edge closes there
    found = contour_generator(z=framed).lines(level)
    limits = (picture.shape[1], picture.shape[0])
    closed = (np.clip(ring[:-1] - 0.5, 0, limits) for ring in found if len(ring) > _SHORTEST)
    return [_simplified(ring) for ring in closed]


def _simplified(ring: np.ndarray) -> np.ndarray:
    """The corners that matter (Douglas and Peucker 1973), of both halves of a closed ring."""
    half = int(np.square(ring - ring[0]).sum(1).argmax())
    there = _line(ring[: half + 1])
    back = _line(np.concatenate([ring[half:], ring[:1]]))
    return np.concatenate([there[:-1], back[:-1]])


def _line(points: np.ndarray) -> np.ndarray:
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    open_ = [(0, len(points) - 1)]
    while open_:
        a, b = open_.pop()
        if b - a < 2:
            continue
        along = points[b] - points[a]
        away = points[a + 1 : b] - points[a]
        length = np.hypot(*along)
        cross = along[0] * away[:, 1] - along[1] * away[:, 0]
        apart = np.abs(cross) / length if length > 1e-9 else np.hypot(*away.T)
        far = int(apart.argmax())
        if apart[far] > _STRAIGHT:
            keep[a + 1 + far] = True
            open_ += [(a, a + 1 + far), (a + 1 + far, b)]
    return points[keep]


def _curve(ring: np.ndarray) -> str:
    """A closed Catmull-Rom spline through the corners, as cubic Beziers; no handle is longer than
    a third of its side, so that sharp corners do not overshoot."""
    if len(ring) < 3:
        return ""
    before, after = np.roll(ring, 1, 0), np.roll(ring, -1, 0)
    slope = (after - before) / 6
    size = np.hypot(*slope.T)
    sides = np.hypot(*(after - ring).T)
    most = np.minimum(sides, np.roll(sides, 1)) / 3
    slope = slope * np.minimum(1, most / np.maximum(size, 1e-9))[:, None]
    one, two = ring + slope, after - np.roll(slope, -1, 0)
    numbers = np.concatenate([one, two, after], 1).round(2)
    pieces = "".join("C" + ",".join(f"{v:g}" for v in row) for row in numbers)
    return f"M{ring[0, 0]:.2f},{ring[0, 1]:.2f}{pieces}Z"
