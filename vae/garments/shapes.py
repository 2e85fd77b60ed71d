"""Shapes of many garments at once: chains of lines and cubic Bezier curves, in millimetres.

All garments of a batch have the same pieces; only the coordinates differ, so that a point is an
array [N, 2]. x is 0 at the centre line and grows to the right, y is 0 at the highest point of the
shoulder, or at the waist, and grows downwards. What is on both sides is described once, for x > 0,
and mirrored.
"""

from dataclasses import dataclass, replace

import numpy as np

Number = float | np.ndarray  # of all garments, or [N] of each


class Path:
    """A path that is drawn point by point: `start` [N, 2], and its `pieces`, [N, 1, 2] for a line
    to a point and [N, 3, 2] for a curve by two handles and its end."""

    def __init__(self, x: Number, y: Number) -> None:
        self.start = _point(x, y)
        self.pieces: list[np.ndarray] = []

    @property
    def end(self) -> np.ndarray:
        return self.pieces[-1][:, -1] if self.pieces else self.start

    def line(self, x: Number, y: Number) -> "Path":
        """Adds a line to a point."""
        return self._add(_point(x, y))

    def curve(self, *handles_and_end: tuple[Number, Number]) -> "Path":
        """Adds a curve by two handles and its end."""
        return self._add(*(_point(x, y) for x, y in handles_and_end))

    def bow(self, x: Number, y: Number, right: Number = 0.0, down: Number = 0.0) -> "Path":
        """Adds a curve to a point whose two handles, at thirds of the way, are moved aside."""
        (x0, y0), away = self.end.T, (right, down)
        thirds = (
            (x0 + (x - x0) * t + away[0], y0 + (y - y0) * t + away[1]) for t in (1 / 3, 2 / 3)
        )
        return self.curve(*thirds, (x, y))

    def join(self, other: "Path") -> "Path":
        """Adds a path that begins where this one ends, or a line to it."""
        if not _same(other.start, self.end):
            self.pieces.append(other.start[:, None])
        self.pieces += other.pieces
        return self

    def reversed(self) -> "Path":
        """From its end to its start."""
        found, points = Path(0.0, 0.0), [self.start, *(piece[:, -1] for piece in self.pieces)]
        found.start = points[-1]
        for before, piece in zip(points[-2::-1], self.pieces[::-1], strict=True):
            found._add(*piece[:, -2::-1].transpose(1, 0, 2), before)
        return found

    def mirrored(self) -> "Path":
        """On the other side of the centre line."""
        found = Path(0.0, 0.0)
        found.start = self.start * (-1, 1)
        found.pieces = [piece * (-1, 1) for piece in self.pieces]
        return found

    def both_sides(self) -> "Path":
        """The path and its mirror image as one, of a path that starts on the centre line, ends on
        it, or both; then it is closed."""
        other = self.mirrored().reversed()
        return self.reversed().reversed().join(other) if self._ends_inside() else other.join(self)

    def points(self, steps: int) -> np.ndarray:
        """Points on the path [N, M, 2], `steps` of each curve."""
        t = np.arange(1, steps + 1)[:, None] / steps
        rest = 1 - t
        weights = rest * rest * rest, 3 * t * rest * rest, 3 * t * t * rest, t * t * t
        found, at = [self.start[:, None]], self.start
        for piece in self.pieces:
            if piece.shape[1] == 3:
                ends = at, *piece.transpose(1, 0, 2)
                found.append(sum(w * p[:, None] for w, p in zip(weights, ends, strict=True)))
            else:
                found.append(piece)
            at = piece[:, -1]
        if len(self.pieces) > 1 and _same(self.start, self.end):
            found.pop(0)  # a closed path has no point twice
        count = max(map(len, found))
        return np.concatenate([np.broadcast_to(p, (count, *p.shape[1:])) for p in found], axis=1)

    def _add(self, *points: np.ndarray) -> "Path":
        count = max(map(len, points))
        points = [np.broadcast_to(point, (count, 2)) for point in points]
        self.pieces.append(np.stack(points, axis=1))
        return self

    def _ends_inside(self) -> bool:
        return not self.end[:, 0].any()


@dataclass(frozen=True)
class Shape:
    """A path with a name that is filled, drawn as a line, or both.

    `fill` is "cloth" (the colour with the pattern), "plain" (the colour alone), "accent", "inside"
    (what is seen of the inside) or "" for none; `line` is "outline", "seam", "stitch" or "".
    `grain` [N, 2] is the unit vector across which stripes run, None for straight down.
    """

    name: str
    path: Path
    fill: str = ""
    line: str = ""
    closed: bool = True
    grain: np.ndarray | None = None

    def mirrored(self) -> "Shape":
        grain = None if self.grain is None else self.grain * (-1, 1)
        name = self.name.replace("right", "left")
        return replace(self, name=name, path=self.path.mirrored(), grain=grain)


def pair(shape: Shape) -> list[Shape]:
    """A shape on the right and its mirror image on the left; the name says "right"."""
    return [shape, shape.mirrored()]


def banded(name: str, edge: Path, band: Path, fill: str, line: str = "stitch") -> list[Shape]:
    """A band at the border of a part: its `edge` inside the part is a seam; if it is filled, its
    outline is drawn again."""
    seam = Shape(f"{name} seam", edge, "", line if line != "stitch" or not fill else "seam", False)
    return [Shape(name, band, fill, "outline"), seam] if fill else [seam]


def rectangle(left: Number, top: Number, right: Number, bottom: Number) -> Path:
    return Path(left, top).line(right, top).line(right, bottom).line(left, bottom)


def disc(x: Number, y: Number, radius: float) -> Path:
    """A circle of four curves, which differ from it by less than 0.03 % of the radius."""
    r, k = radius, 0.5523 * radius
    return (
        Path(x + r, y)
        .curve((x + r, y + k), (x + k, y + r), (x, y + r))
        .curve((x - k, y + r), (x - r, y + k), (x - r, y))
        .curve((x - r, y - k), (x - k, y - r), (x, y - r))
        .curve((x + k, y - r), (x + r, y - k), (x + r, y))
    )


def unit(x: Number, y: Number) -> np.ndarray:
    """Unit vectors [N, 2]."""
    return _point(x, y) / np.sqrt(np.square(x) + np.square(y)).reshape(-1, 1)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(*np.broadcast_arrays(a, b))


def _point(x: Number, y: Number) -> np.ndarray:
    return np.stack(np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y)), axis=1).astype(float)
