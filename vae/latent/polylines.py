"""Polylines and polygons: resampling, simplification, which points a polygon contains."""

from collections.abc import Sequence

import numpy as np


def resample(path: np.ndarray, n: int) -> np.ndarray:
    """n points at equal distances along a polyline [S, D], both ends included."""
    return resample_by(path, np.sqrt(np.square(np.diff(path, axis=0)).sum(1)), n)


def resample_by(path: np.ndarray, lengths: np.ndarray, n: int) -> np.ndarray:
    """n points on a polyline [S, D], equally spaced where piece i counts as `lengths[i]` long."""
    return points_at(path, lengths, np.linspace(0, 1, n))


def points_at(path: np.ndarray, lengths: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The points [n, D] at shares [n] of the length of a polyline [S, D], from 0 to 1, where piece
    i counts as `lengths[i]` long."""
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.stack([np.interp(shares * travelled[-1], travelled, v) for v in path.T], 1)


def simplify(path: np.ndarray, tolerance: float) -> np.ndarray:
    """The points of a polyline [S, 2], ends included, that keep all its points within `tolerance`
    (Douglas and Peucker 1973)."""
    path = np.asarray(path, float)
    selected = np.zeros(len(path), bool)
    selected[[0, -1]] = True
    pending = [(0, len(path) - 1)]
    while pending:
        first, last = pending.pop()
        offsets, segment = path[first:last] - path[first], path[last] - path[first]
        t = np.clip(offsets @ segment / max(segment @ segment, 1e-24), 0, 1)
        distances = np.linalg.norm(offsets - t[:, None] * segment, axis=1)
        middle = first + int(distances.argmax())
        if distances[middle - first] > tolerance:
            selected[middle] = True
            pending += [(first, middle), (middle, last)]
    return path[selected]


def in_polygon(z: np.ndarray, polygon: Sequence[Sequence[float]]) -> np.ndarray:
    """Which codes [n, D] lie in a polygon [P, 2] of the first two dimensions (even-odd rule)."""
    x, y = np.asarray(z)[:, :2].T
    corners = np.asarray(polygon, float)
    inside = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing_x = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        inside ^= crosses & (x < crossing_x)
    return inside
