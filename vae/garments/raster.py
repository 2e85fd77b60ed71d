"""Garments as pixels: the exact area of every pixel that a shape covers, for a batch at once.

An edge of a polygon adds, to each pixel that it crosses, the signed area between it and the right
border of the pixel, and to those right of it its height there; the sum from the left is the
covered area. Only sums, products and square roots are used, so that the pixels are the same on
every machine. Source: S. Barrett, stb_truetype, version 2; R. Levien, font-rs.
"""

import numpy as np

from ..progress import Progress, no_progress
from . import patterns
from .colours import GROUND, Inks, inks, rgb
from .drawing import draw, groups, origin
from .factors import KINDS, Table
from .shapes import Shape

SIDE = 64  # pixels
_LINES = {"outline": 1.0, "seam": 0.7, "stitch": 0.55}  # pixels of pictures of SIDE
_OPACITY = {"outline": 0.92, "seam": 0.8, "stitch": 0.5}
_BATCH = 128  # garments, whose pixels fit into the cache of a processor
_MITER = 2.0  # of a corner, in widths of the line


def render(factors: Table, size: int = SIDE, progress: Progress = no_progress) -> np.ndarray:
    """Pictures uint8 [N, 3, size, size] of a table of garments."""
    count, done = len(factors["kind"]), 0
    found = np.empty((count, 3, size, size), np.uint8)
    for rows in groups(factors):
        for start in range(0, len(rows), _BATCH):
            progress(done, count)
            some = rows[start : start + _BATCH]
            part = {name: values[some] for name, values in factors.items()}
            found[some] = _render(part, size)
            done += len(some)
    progress(count, count)
    return found


def _render(factors: Table, size: int) -> np.ndarray:
    """Of garments of one group."""
    kind = factors["kind"][0]
    pixel = KINDS[kind].frame / size
    colours, at = inks(factors), origin(kind)
    canvas = np.empty((len(factors["kind"]), 3, size, size), np.float32)
    canvas[:] = np.array(rgb(GROUND), float)[:, None, None]
    steps = max(8, round(np.sqrt(size)))
    for shape in draw(factors):
        points = (shape.path.points(steps) + at) / pixel
        if shape.fill:
            box, covered = coverage([points], size)
            _paint(canvas, box, covered, _fill(shape, factors, colours, box, pixel))
        if shape.line:
            width = _LINES[shape.line] * np.sqrt(size / SIDE)
            box, covered = coverage(stroke(points, width, closed=shape.closed), size)
            covered *= _OPACITY[shape.line]
            _paint(canvas, box, covered, colours.of(shape.line)[..., None, None])
    return np.round(canvas).astype(np.uint8)


def _paint(canvas: np.ndarray, box: tuple, covered: np.ndarray, colour: np.ndarray) -> None:
    part = canvas[:, :, box[0], box[1]]
    part += covered[:, None] * (colour.astype(np.float32) - part)


def _fill(shape: Shape, factors: Table, colours: Inks, box: tuple, pixel: float) -> np.ndarray:
    """The colours [N, 3, h, w] or [N, 3, 1, 1] of the pixels in a box."""
    plain = colours.of("cloth" if shape.fill == "plain" else shape.fill)[..., None, None]
    if shape.fill != "cloth" or (factors["pattern"] == "plain").all():
        return plain
    x0, y0 = origin(factors["kind"][0])
    x = (np.arange(box[1].start, box[1].stop) + 0.5) * pixel - x0
    y = (np.arange(box[0].start, box[0].stop) + 0.5)[:, None] * pixel - y0
    mask = np.zeros((len(plain), len(y), len(x)))
    grain = (0.0, 1.0) if shape.grain is None else None
    for pattern in np.unique(factors["pattern"]):
        rows = np.flatnonzero(factors["pattern"] == pattern)
        if grain is None:
            down = np.broadcast_to(shape.grain, (len(plain), 2))[rows][..., None, None]
            start = np.broadcast_to(shape.path.start, (len(plain), 2))[rows][..., None, None]
            dx, dy = x - start[:, 0], y - start[:, 1]
            u, v = dx * down[:, 1] - dy * down[:, 0], dx * down[:, 0] + dy * down[:, 1]
        else:
            u, v = x[None, None], y[None]
        scale = factors["scale"][rows][:, None, None]
        mask[rows] = patterns.coverage(str(pattern), u, v, scale, pixel)
    accent = colours.accent[..., None, None]
    return plain + mask[:, None] * (accent - plain)


def stroke(points: np.ndarray, width: float, *, closed: bool) -> list[np.ndarray]:
    """The polygons [N, M, 2] that cover a line of some width along points [N, M, 2]."""
    ahead = np.roll(points, -1, axis=1) - points
    length = np.sqrt(np.square(ahead).sum(2, keepdims=True))
    normal = np.stack([-ahead[..., 1], ahead[..., 0]], 2) / np.maximum(length, 1e-9)
    before = np.roll(normal, 1, axis=1)
    if not closed:
        normal[:, -1], before[:, 0] = before[:, -1], normal[:, 0]
    across = normal + before
    square = np.square(across).sum(2, keepdims=True)
    across *= width / np.maximum(square, 4 / _MITER**2)
    left, right = points + across, points - across
    if closed:
        return [left, right[:, ::-1]]
    return [np.concatenate([left, right[:, ::-1]], axis=1)]


def coverage(polygons: list[np.ndarray], size: int) -> tuple[tuple[slice, slice], np.ndarray]:
    """The share of each pixel that is covered by polygons [N, M, 2] in pixels: the box (rows,
    columns) around all of them and an array [N, h, w]."""
    ends = np.concatenate(polygons, axis=1)
    low = np.clip(np.floor(ends.min((0, 1))), 0, size - 1).astype(int)
    high = np.clip(np.ceil(ends.max((0, 1))), low + 1, size).astype(int)
    width, height = high - low
    parts = [(p - low, np.roll(p, -1, axis=1) - low) for p in polygons]
    a, b = (np.concatenate(side, axis=1).reshape(-1, 2) for side in zip(*parts, strict=True))
    number = np.repeat(np.arange(len(ends)), ends.shape[1])
    x0, y0, x1, y1 = a[:, 0], a[:, 1].clip(0, height), b[:, 0], b[:, 1].clip(0, height)
    x0, x1 = x0.clip(0, width), x1.clip(0, width)
    sign = np.where(y1 > y0, 1.0, -1.0)
    flip = y1 < y0
    x0, x1 = np.where(flip, x1, x0), np.where(flip, x0, x1)
    y0, y1 = np.minimum(y0, y1), np.maximum(y0, y1)
    keep = y1 > y0
    x0, y0, x1, y1, sign, number = (v[keep] for v in (x0, y0, x1, y1, sign, number))
    # One part of the edge per row of pixels, then one per pixel.
    index, row = _split(y0, y1)
    slope = ((x1 - x0) / (y1 - y0))[index]
    top, bottom = np.maximum(y0[index], row), np.minimum(y1[index], row + 1)
    xa = x0[index] + (top - y0[index]) * slope
    xb = x0[index] + (bottom - y0[index]) * slope
    weight, number = (bottom - top) * sign[index], number[index]
    left, right = np.minimum(xa, xb), np.maximum(xa, xb)
    index, column = _split(left, right)
    left, right, row, number = left[index], right[index], row[index], number[index]
    start, stop = np.maximum(left, column), np.minimum(right, column + 1)
    span = right - left
    share = np.where(span > 0, (stop - start) / np.where(span > 0, span, 1), 1)
    weight = weight[index] * share
    inside = weight * ((start + stop) / 2 - column)  # left of the edge in its pixel
    cell = ((number * height + row) * (width + 2) + column).astype(np.int64)
    total = len(ends) * height * (width + 2)
    sums = np.bincount(cell, weight - inside, total) + np.bincount(cell + 1, inside, total)
    covered = sums.reshape(len(ends), height, width + 2).cumsum(2)[..., :width]
    box = slice(low[1], high[1]), slice(low[0], high[0])
    return box, np.clip(np.abs(covered), 0, 1).astype(np.float32)


def _split(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each interval [low, high] the numbers of the unit cells that it meets: which interval,
    and which cell."""
    first = np.floor(low)
    count = np.maximum(np.ceil(high) - first, 1).astype(np.int64)
    index = np.repeat(np.arange(len(low)), count)
    ahead = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return index, first[index] + ahead
