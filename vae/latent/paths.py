"""Paths through a latent space: their kinds, frames on them, and their JSON and CSV files."""

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, structs, to_builtins

from ..errors import AtelierError
from ..files import csv_table
from ..files.records import one_of, read_json
from .geodesics import Decode, Metric, pixel_distances
from .polylines import points_at, resample, simplify

KINDS = ("straight", "geodesic", "drawn", "spherical")
# Uniform spacing in z; uniform pixel change; slow at both ends; slow at every waypoint.
SPACINGS = ("steps", "change", "ease", "stops")
MAX_FRAMES = 600
MAX_BYTES = 4 * 2**20  # of a path's JSON file
FORMAT = "latent-atelier-path"
_CHANGE_SAMPLES = 241  # decoded images from which the pixel change along a path is measured

_Coordinate = Annotated[float, Meta(ge=-1000, le=1000)]
_Code = Annotated[tuple[_Coordinate, ...], Meta(min_length=1, max_length=512)]
_Count = Annotated[int, Meta(ge=0, lt=2**31)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class PathError(AtelierError):
    """A path that cannot be made or read."""


class Frame(Struct, frozen=True, forbid_unknown_fields=True):
    """One image of a path: its code, the label and the noise seed."""

    z: _Code
    label: _Count | None = None
    seed: _Count = 0


class PathOrigin(Struct, frozen=True, rename={"waypoints": "stops", "avoid_low_density": "guard"}):
    """What a path was made from: the model with its digest, the kind of path, the spacing of its
    frames, the waypoints (of a drawn path, its stroke), and whether a geodesic avoids low-density
    regions."""

    model: _Name
    digest: _Name
    kind: Annotated[str, one_of(*KINDS)]
    spacing: Annotated[str, one_of(*SPACINGS)]
    waypoints: Annotated[tuple[_Code, ...], Meta(max_length=MAX_FRAMES)] = ()
    avoid_low_density: bool = True


class PathFile(PathOrigin, frozen=True, kw_only=True):
    """A path's JSON file, whose keys for `waypoints` and `avoid_low_density` are `stops` and
    `guard`."""

    format: Annotated[str, one_of(FORMAT)]
    version: Annotated[int, Meta(ge=1, le=1)]
    frames: Annotated[tuple[Frame, ...], Meta(min_length=1, max_length=MAX_FRAMES)]


def geodesic_path(waypoints: np.ndarray, metric: Metric) -> np.ndarray:
    """Geodesics of a metric from waypoint to waypoint [W, 2]."""
    if waypoints.shape[1] != 2:
        raise PathError(
            f"a geodesic needs two latent dimensions; these codes have {waypoints.shape[1]}"
        )
    return _join(waypoints, metric.geodesic)


def spherical_path(waypoints: np.ndarray, *, per_segment: int = 33) -> np.ndarray:
    """Spherical interpolation (slerp, Shoemake 1985) from waypoint to waypoint [W, D], the radius
    changing linearly. In many dimensions a Gaussian's codes lie near a shell, which a straight
    line leaves (White 2016, https://arxiv.org/abs/1609.04468)."""
    t = np.linspace(0, 1, per_segment)[:, None]

    def slerp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(a), np.linalg.norm(b)
        if min(lengths) < 1e-9:
            return (1 - t) * a + t * b
        u, v = a / lengths[0], b / lengths[1]
        angle = np.arccos(np.clip(u @ v, -1, 1))
        if math.sin(angle) < 1e-6:  # parallel codes define no great circle
            return (1 - t) * a + t * b
        unit = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / math.sin(angle)
        return unit * ((1 - t) * lengths[0] + t * lengths[1])

    return _join(np.asarray(waypoints, float), slerp)


def smooth_stroke(stroke: np.ndarray, *, tolerance: float, per_segment: int = 8) -> np.ndarray:
    """A drawn stroke [S, 2] as a smooth curve: simplified to within `tolerance`, then a
    centripetal Catmull-Rom spline, which has no loops (Yuksel et al. 2011)."""
    points = simplify(stroke, tolerance)
    if len(points) < 3:
        return points
    first, last = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    knots = np.concatenate([[first], points, [last]])
    gaps = np.maximum(np.linalg.norm(np.diff(knots, axis=0), axis=1), 1e-12) ** 0.5
    curve = [points[:1]]
    for i in range(len(points) - 1):
        p, (d0, d1, d2) = knots[i : i + 4], gaps[i : i + 3]
        t0, t1, t2, t3 = 0.0, d0, d0 + d1, d0 + d1 + d2
        t = np.linspace(t1, t2, per_segment + 1)[1:, None]
        a = [_blend(t, s, q, p[k : k + 2]) for k, (s, q) in enumerate(pairwise((t0, t1, t2, t3)))]
        b = [_blend(t, t0, t2, a[:2]), _blend(t, t1, t3, a[1:])]
        curve.append(_blend(t, t1, t2, b))
    return np.concatenate(curve)


def _blend(t: np.ndarray, start: float, end: float, points: Sequence[np.ndarray]) -> np.ndarray:
    """On the line through two points that is at the first for t = start, at the second for end."""
    return (end - t) / (end - start) * points[0] + (t - start) / (end - start) * points[1]


def _join(waypoints: np.ndarray, segment: Callable[..., np.ndarray]) -> np.ndarray:
    parts = [segment(a, b) for a, b in pairwise(waypoints)]
    return np.concatenate([parts[0][:1], *(part[1:] for part in parts)])


def place_frames(
    path: np.ndarray,
    n: int,
    *,
    spacing: str = "steps",
    decode: Decode,
    waypoints: np.ndarray | None = None,
) -> np.ndarray:
    """n codes [n, D] on a path [S, D], both ends included: with uniform spacing in z ("steps"),
    uniform pixel change ("change"), or the pixel change of a motion that begins and ends slowly on
    the whole path ("ease") or on each piece between two `waypoints` [W, D] of it ("stops")."""
    if not 2 <= n <= MAX_FRAMES:
        raise PathError(f"{n} frames requested; expected 2 to {MAX_FRAMES}")
    if spacing == "steps":
        return resample(path, n)
    fine = resample(path, max(_CHANGE_SAMPLES, 2 * n))
    change = pixel_distances(decode, fine)
    # The small constant places frames on stretches without any change, too.
    change = change + 1e-3 * max(change.mean(), 1e-12)
    time = np.linspace(0, 1, n)
    if spacing == "change":
        return points_at(fine, change, time)
    slow = np.array([0.0, 1.0])  # shares of the change at which the motion stands still
    if spacing == "stops" and waypoints is not None:
        travelled = np.concatenate([[0.0], np.cumsum(change)]) / change.sum()
        of_length = _shares_of_length(path, waypoints)
        slow = np.interp(of_length, np.linspace(0, 1, len(fine)), travelled)
    piece = np.clip(np.searchsorted(slow, time, side="right") - 1, 0, len(slow) - 2)
    start, length = slow[piece], np.maximum(np.diff(slow)[piece], 1e-12)
    within = np.clip((time - start) / length, 0, 1)
    return points_at(fine, change, start + length * within**2 * (3 - 2 * within))


def _shares_of_length(path: np.ndarray, waypoints: np.ndarray) -> np.ndarray:
    """Where on a path [S, D] its waypoints [W, D] are, as shares of its length."""
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = [0]
    for waypoint in waypoints[1:-1]:
        start = min(at[-1] + 1, len(path) - 1)
        at.append(start + int(np.linalg.norm(path[start:] - waypoint, axis=1).argmin()))
    return travelled[[*at, len(path) - 1]] / max(travelled[-1], 1e-12)


def to_json(frames: Sequence[Frame], origin: PathOrigin) -> str:
    """A path as JSON: its origin and the code, label and seed of every frame."""
    file = PathFile(**structs.asdict(origin), format=FORMAT, version=1, frames=tuple(frames))
    return json.dumps(to_builtins(file), indent=1)


def to_csv(frames: Sequence[Frame], *, model: str, digest: str) -> str:
    """A path as CSV: one line per frame with the model, its digest, label, seed and code."""
    axes = [f"z{d + 1}" for d in range(len(frames[0].z))]
    return csv_table.to_csv(
        ["frame", "model", "digest", "label", "seed", *axes],
        ([n, model, digest, f.label, f.seed, *f.z] for n, f in enumerate(frames, 1)),
    )


def from_json(text: str | bytes) -> PathFile:
    """A path from its JSON file. Raises `PathError`, which names the first wrong field."""
    if len(text) > MAX_BYTES:
        raise PathError(f"the file has {len(text):,} bytes; expected at most {MAX_BYTES:,}")
    file = read_json(text, PathFile, PathError)
    sizes = {len(z) for z in (*file.waypoints, *(frame.z for frame in file.frames))}
    if len(sizes) > 1:
        raise PathError(
            f"the codes have {min(sizes)} to {max(sizes)} numbers; expected one length for all"
        )
    return file
