"""Ways through a latent space: their kinds, evenly spaced frames on them, and their text forms."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import AtelierError
from ..files import csv_table
from .geodesics import Decode, Metric, pixel_distances
from .polylines import resample, resample_by, simplify

KINDS = ("straight", "geodesic", "drawn", "spherical")
SPACINGS = ("steps", "change")
MOST_FRAMES = 600
MOST_TEXT = 4 * 2**20  # bytes of a path that is read back
FORMAT = "latent-atelier-path"
_VERSION = 1
_REACH = 1000.0
_FINE = 241  # pictures from which even change is measured


class PathError(AtelierError):
    """A path that cannot be made or read: what came, what was expected, what to do."""


@dataclass(frozen=True)
class Frame:
    """One picture of a path: its code and what the decoder is told beside it."""

    z: tuple[float, ...]
    label: int | None = None
    seed: int = 0


# --- the way between stops ----------------------------------------------------------------------


def straight(stops: np.ndarray) -> np.ndarray:
    """The polyline through stops [S, D]."""
    return np.asarray(stops, float)


def geodesic(stops: np.ndarray, metric: Metric) -> np.ndarray:
    """From stop to stop [S, 2] on the shortest ways of a metric."""
    if stops.shape[1] != 2:
        raise PathError(f"a geodesic needs a plane; these codes have {stops.shape[1]} numbers")
    return _legs(stops, metric.geodesic)


def spherical(stops: np.ndarray, *, per_leg: int = 33) -> np.ndarray:
    """From stop to stop [S, D] on great circles around the origin, the radius changing evenly
    (Shoemake 1985). In many dimensions a Gaussian's codes lie near a shell, which a straight line
    leaves (White 2016, https://arxiv.org/abs/1609.04468)."""

    def leg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        share = np.linspace(0, 1, per_leg)[:, None]
        lengths = np.linalg.norm(a), np.linalg.norm(b)
        if min(lengths) < 1e-9:
            return (1 - share) * a + share * b
        u, v = a / lengths[0], b / lengths[1]
        angle = np.arccos(np.clip(u @ v, -1, 1))
        if math.sin(angle) < 1e-6:  # the same direction, or the opposite one: no circle is named
            return (1 - share) * a + share * b
        turn = (np.sin((1 - share) * angle) * u + np.sin(share * angle) * v) / math.sin(angle)
        return turn * ((1 - share) * lengths[0] + share * lengths[1])

    return _legs(np.asarray(stops, float), leg)


def drawn(stroke: np.ndarray, *, tolerance: float, per_piece: int = 8) -> np.ndarray:
    """A stroke [S, 2] as a smooth curve: simplified to within `tolerance`, then a centripetal
    Catmull-Rom spline through what is left (Yuksel et al. 2011), which makes no loops."""
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
        t = np.linspace(t1, t2, per_piece + 1)[1:, None]
        a = [
            (q - t) / (q - s) * p[k] + (t - s) / (q - s) * p[k + 1]
            for k, (s, q) in enumerate([(t0, t1), (t1, t2), (t2, t3)])
        ]
        b = [
            (q - t) / (q - s) * a[k] + (t - s) / (q - s) * a[k + 1]
            for k, (s, q) in enumerate([(t0, t2), (t1, t3)])
        ]
        curve.append((t2 - t) / (t2 - t1) * b[0] + (t - t1) / (t2 - t1) * b[1])
    return np.concatenate(curve)


def _legs(stops: np.ndarray, leg: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    parts = [leg(a, b) for a, b in pairwise(stops)]
    return np.concatenate([parts[0][:1], *(part[1:] for part in parts)])


# --- frames -------------------------------------------------------------------------------------


def frames(path: np.ndarray, n: int, *, spacing: str = "steps", decode: Decode) -> np.ndarray:
    """n codes [n, D] on a way [S, D], both ends included: at equal distances in the plane
    ("steps"), or so that the picture changes equally from each to the next ("change")."""
    if not 2 <= n <= MOST_FRAMES:
        raise PathError(f"{n} frames; expected 2 to {MOST_FRAMES}")
    if spacing == "steps":
        return resample(path, n)
    fine = resample(path, max(_FINE, 2 * n))
    # A little of plain distance keeps a stretch on which nothing changes from having no frames.
    change = pixel_distances(decode, fine)
    return resample_by(fine, change + 1e-3 * max(change.mean(), 1e-12), n)


# --- text ---------------------------------------------------------------------------------------


def to_json(
    path: Sequence[Frame],
    *,
    model: str,
    digest: str,
    kind: str,
    spacing: str,
    stops: Sequence[Sequence[float]] = (),
    guard: bool = True,
) -> str:
    """A path as JSON: the model, its digest, what the way was made from (`stops`, of a drawn way
    its stroke, and `guard`), and every frame's code, label and seed."""
    return json.dumps(
        {
            "format": FORMAT,
            "version": _VERSION,
            "model": model,
            "digest": digest,
            "kind": kind,
            "spacing": spacing,
            "guard": guard,
            "stops": [list(z) for z in stops],
            "frames": [{"z": list(f.z), "label": f.label, "seed": f.seed} for f in path],
        },
        indent=1,
    )


def to_csv(path: Sequence[Frame], *, model: str, digest: str) -> str:
    """A path as CSV: a line a frame, with the model, its digest, label, seed and code."""
    axes = [f"z{d + 1}" for d in range(len(path[0].z))]
    return csv_table.to_csv(
        ["frame", "model", "digest", "label", "seed", *axes],
        ([n, model, digest, f.label, f.seed, *f.z] for n, f in enumerate(path, 1)),
    )


def from_json(text: str | bytes) -> tuple[dict, list[Frame]]:
    """What `to_json` wrote: the facts (model, digest, kind, spacing, guard, stops) and the frames.
    Raises `PathError` that names the field."""
    if len(text) > MOST_TEXT:
        raise PathError(f"the path has {len(text):,} bytes; expected at most {MOST_TEXT:,}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PathError(f"the path is no JSON ({error}); expected a saved path") from error
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise PathError(f"format is not {FORMAT!r}; expected a path saved by Latent Atelier")
    if data.get("version") != _VERSION:
        raise PathError(f"version is {data.get('version')!r}; expected {_VERSION}")
    facts = {name: _text(data, name) for name in ("model", "digest")}
    for name, known in (("kind", KINDS), ("spacing", SPACINGS)):
        facts[name] = _text(data, name)
        if facts[name] not in known:
            raise PathError(f"{name} is {facts[name]!r}; expected one of {', '.join(known)}")
    entries = data.get("frames")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_FRAMES:
        raise PathError(f"frames must be a list of 1 to {MOST_FRAMES} frames")
    found = [_frame(entry, f"frames[{i}]") for i, entry in enumerate(entries)]
    facts["guard"] = data.get("guard", True)
    if not isinstance(facts["guard"], bool):
        raise PathError(f"guard is {facts['guard']!r:.40}; expected true or false")
    listed = data.get("stops", [])
    if not isinstance(listed, list) or len(listed) > MOST_FRAMES:
        raise PathError(f"stops must be a list of at most {MOST_FRAMES} codes")
    facts["stops"] = tuple(_code(z, f"stops[{i}]") for i, z in enumerate(listed))
    sizes = {len(z) for z in (*facts["stops"], *(frame.z for frame in found))}
    if len(sizes) > 1:
        raise PathError(f"the codes have {min(sizes)} to {max(sizes)} numbers; expected one size")
    return facts, found


def _text(data: Mapping, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise PathError(f"{name} is {str(value)[:40]!r}; expected a short text")
    return value


def _frame(entry: object, where: str) -> Frame:
    if not isinstance(entry, Mapping):
        raise PathError(f"{where} is no object; expected z, label and seed")
    if unknown := entry.keys() - {"z", "label", "seed"}:
        raise PathError(f"{where}.{min(unknown)} is unknown; expected z, label and seed")
    z, label, seed = entry.get("z"), entry.get("label"), entry.get("seed", 0)
    code = _code(z, f"{where}.z")
    if label is not None and not _is_count(label):
        raise PathError(f"{where}.label is {str(label)[:40]!r}; expected a class number or null")
    if not _is_count(seed):
        raise PathError(f"{where}.seed is {str(seed)[:40]!r}; expected a whole number from 0")
    return Frame(code, label, seed)


def _code(value: object, where: str) -> tuple[float, ...]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= 512
        or not all(map(_is_number, value))
    ):
        raise PathError(f"{where} must be a list of numbers between -1000 and 1000")
    return tuple(map(float, value))


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= _REACH
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
