"""How fast pictures change over the plane, and the shortest ways through it.

A decoder f (codes -> pixel means) carries the Euclidean distance between pictures back to the
plane: a small step dz changes the picture by sqrt(dz^T G(z) dz) with G = J^T J and J = df/dz
(Tosi et al. 2014, https://arxiv.org/abs/1411.7432). Shortest paths of G are geodesics: a walk on
one shows as little change as a walk between two pictures can.

G alone is small where the decoder saw no data, because it repeats itself there, so its geodesics
cut through holes. Arvanitidis et al. (2018, https://arxiv.org/abs/1710.11379) let the decoder's
variance grow away from the data, which adds J_sigma^T J_sigma to the metric and makes holes long.
These decoders have no variance of their own, so the same is done directly:

    G'(z) = J^T J + GUARD * g * e(z)^2 * I,   e(z) = 1 / (1 + density(z) / (THIN * typical))

with `typical` the density at the median item and g the median of trace(G) / 2 where there are
items. e is near 0 among items and 1 in a hole.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

import numpy as np
import torch
from scipy.linalg import solveh_banded
from scipy.ndimage import zoom
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from ..models.base import Autoencoder
from .density import Field, at, bounds, density
from .traversal import THIN

Area = tuple[float, float, float, float]  # z1 min, z1 max, z2 min, z2 max
Decode = Callable[[Tensor], Tensor]  # codes [B, 2] -> pixel means [B, P]

GUARD = 4.0
SIDE = 72
SEGMENTS = 64  # of a geodesic
_FINER = 3  # nodes of the field between those of the graph
_STEP = 1e-3  # of the central differences; in float32 their two errors are about equal there
_REACH = 3  # grid steps an edge may span: 32 directions, at most 1.3 % longer than any other
_ROUNDS = 30  # of the refinement, of which some are refused
_SAMPLES = 257  # pictures from which a length is measured


def pixel_means(model: Autoencoder, *, label: int | None = None, seed: int = 0) -> Decode:
    """The decoder as a function of the code alone: told a label, with one detail seed."""

    @torch.inference_mode()
    def decode(z: Tensor) -> Tensor:
        return model.picture(z, label, seed).flatten(1)

    return decode


def jacobian_metric(decode: Decode, z: np.ndarray, *, step: float = _STEP) -> np.ndarray:
    """G = J^T J at codes [N, 2] as [N, 3]: its entries 11, 12, 22. By central differences."""
    codes = torch.as_tensor(z)
    parts = []
    for part in codes.split(1024):
        shift = torch.eye(2, dtype=part.dtype) * step
        j1, j2 = ((decode(part + s) - decode(part - s)) / (2 * step) for s in shift)
        parts.append(torch.stack([(j1 * j1).sum(1), (j1 * j2).sum(1), (j2 * j2).sum(1)], 1))
    return torch.cat(parts).double().numpy()


def emptiness(codes: np.ndarray) -> Field:
    """e(z) above, over `bounds(codes)` of codes [N, 2]."""
    field = density(codes, bounds(codes))
    typical = max(float(np.median(at(field, codes))), 1e-12)
    return Field(1 / (1 + field.values / (THIN * typical)), field.bounds)


def picture_length(decode: Decode, path: np.ndarray) -> float:
    """How much the picture changes on a way [S, D], summed over it: the length, in pixel values
    (root of the sum of squares), of the curve that f draws. Measured on decoded pictures."""
    return float(picture_steps(decode, densify(path, _SAMPLES)).sum())


def picture_steps(decode: Decode, codes: np.ndarray) -> np.ndarray:
    """Distance [N - 1] between the pictures of neighbours among codes [N, D]."""
    pictures = decode(torch.as_tensor(codes, dtype=torch.float32))
    return (pictures[1:] - pictures[:-1]).norm(dim=1).double().numpy()


def densify(path: np.ndarray, n: int) -> np.ndarray:
    """n codes at equal distances along a polyline [S, D]."""
    steps = np.sqrt(np.square(np.diff(path, axis=0)).sum(1))
    return along(path, steps, n)


def along(path: np.ndarray, steps: np.ndarray, n: int) -> np.ndarray:
    """n codes on a polyline [S, D] at equal travel, where piece i takes `steps[i]`."""
    travel = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, travel[-1], n)
    return np.stack([np.interp(wanted, travel, values) for values in path.T], 1)


class Metric:
    """The field G over a rectangle of the plane, and the graph on which geodesics are found.

    Prepared once a model; a query then takes some milliseconds. Outside the rectangle G is taken
    from its edge. `empty` switches the guard on (`emptiness`).
    """

    def __init__(
        self, decode: Decode, area: Area, *, empty: Field | None = None, side: int = SIDE
    ) -> None:
        self.decode, self.area, self.side = decode, area, side
        x0, x1, y0, y1 = area
        xs, ys = np.linspace(x0, x1, side), np.linspace(y0, y1, side)
        self._origin = np.array([x0, y0])
        self._coarse = np.array([xs[1] - xs[0], ys[1] - ys[0]])
        nodes = np.stack(np.meshgrid(xs, ys), 2).reshape(-1, 2)
        pulled = jacobian_metric(decode, nodes.astype(np.float32))
        self.speed = Field(_log_speed(pulled).reshape(side, side).astype(np.float32), area)
        if empty is not None:
            holes = at(empty, nodes) + (at(Field(np.ones_like(empty.values), area), nodes) == 0)
            holes = np.clip(holes, 0, 1)
            typical = np.median((pulled[holes < 0.5, 0] + pulled[holes < 0.5, 2]) / 2)
            guard = GUARD * (typical if np.isfinite(typical) else 1.0) * holes**2
            pulled = pulled + guard[:, None] * np.array([1.0, 0.0, 1.0])
        # Entries of a Cholesky factor may be interpolated freely: L L^T stays a metric.
        factor = _cholesky(pulled).reshape(side, side, 3)
        self._columns = (side - 1) * _FINER + 1
        l11, l21, l22 = (
            zoom(factor[..., k], self._columns / side, order=3, mode="nearest").ravel()
            for k in range(3)
        )
        self._g = np.stack([l11**2, l11 * l21, l21**2 + l22**2], 1)
        self._cell = self._coarse / _FINER
        self._nodes = nodes
        self._graph = self._edges(nodes)

    # --- the field ------------------------------------------------------------------------------

    def _corners(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """G' [N, 3] at the four nodes around codes [N, 2], and shares [N, 1] right and up."""
        where = np.clip((z - self._origin) / self._cell, 0, self._columns - 1 - 1e-9)
        low = where.astype(np.intp)
        share, first = where - low, low[:, 1] * self._columns + low[:, 0]
        nodes = (first, first + 1, first + self._columns, first + self._columns + 1)
        return *(self._g[i] for i in nodes), share[:, :1], share[:, 1:]

    def at(self, z: np.ndarray) -> np.ndarray:
        """G' [N, 3] (11, 12, 22) at codes [N, 2], bilinear between nodes."""
        a, b, c, d, right, up = self._corners(z)
        low, high = a + right * (b - a), c + right * (d - c)
        return low + up * (high - low)

    def _with_slopes(self, z: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """G' at codes [N, 2] and its derivatives by z1 and by z2, [N, 3] each."""
        a, b, c, d, right, up = self._corners(z)
        low, high = a + right * (b - a), c + right * (d - c)
        by_z1 = ((b - a) + up * ((d - c) - (b - a))) / self._cell[0]
        return low + up * (high - low), (by_z1, (high - low) / self._cell[1])

    def steps(self, path: np.ndarray, *, samples: int = 4) -> np.ndarray:
        """Length [S - 1] of each piece of a way [S, 2] in the field."""
        start, move = path[:-1], np.diff(path, axis=0)
        lengths = np.zeros(len(move))
        for share in (np.arange(samples) + 0.5) / samples:
            lengths += np.sqrt(np.maximum(_quadratic(self.at(start + share * move), move), 0))
        return lengths / samples

    def field_length(self, path: np.ndarray) -> float:
        """Length of a way [S, 2] in the field, guard included: what a geodesic keeps small."""
        return float(self.steps(path).sum())

    def length(self, path: np.ndarray) -> float:
        """How much the picture changes on a way [S, 2], from decoded pictures."""
        return picture_length(self.decode, path)

    # --- the shortest way -----------------------------------------------------------------------

    def _edges(self, nodes: np.ndarray) -> csr_matrix:
        index = np.arange(self.side**2).reshape(self.side, self.side)
        reach = range(-_REACH, _REACH + 1)
        starts, ends = [], []
        for dy in range(_REACH + 1):
            for dx in reach:
                if gcd(dy, dx) != 1 or (dy == 0 and dx < 0):
                    continue
                rows = slice(0, self.side - dy)
                columns = slice(max(0, -dx), self.side - max(0, dx))
                starts.append(index[rows, columns].ravel())
                ends.append(starts[-1] + dy * self.side + dx)
        a, b = np.concatenate(starts), np.concatenate(ends)
        pieces = np.stack([nodes[a], nodes[b]], 1).reshape(-1, 2)
        lengths = self.steps(pieces, samples=3)[::2]
        size = self.side**2
        half = csr_matrix((lengths, (a, b)), shape=(size, size))
        return (half + half.T).tocsr()

    def geodesic(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The shortest way [SEGMENTS + 1, 2] between two codes in the field, both included.

        Found on the graph, then made smooth by Newton-like steps on its energy. Symmetric, and
        never longer in the field than the straight line.
        """
        start, end = np.asarray(start, float), np.asarray(end, float)
        if tuple(start) > tuple(end):  # the same way back, whatever ties the graph holds
            return self.geodesic(end, start)[::-1]
        straight = densify(np.stack([start, end]), SEGMENTS + 1)
        if np.array_equal(start, end):
            return straight
        found = self._refined(self._on_graph(start, end))
        candidates = [found, straight]
        return min(candidates, key=self.field_length)

    def _node(self, z: np.ndarray) -> int:
        column, row = np.clip(np.rint((z - self._origin) / self._coarse), 0, self.side - 1).astype(
            int
        )
        return int(row * self.side + column)

    def _on_graph(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        first, last = self._node(start), self._node(end)
        _, before = dijkstra(self._graph, indices=first, return_predecessors=True)
        chain = [last]
        while chain[-1] != first:
            chain.append(int(before[chain[-1]]))
        path = np.concatenate([[start], self._nodes[chain[-2:0:-1]], [end]])
        return along(path, self.steps(path), SEGMENTS + 1)

    def _refined(self, path: np.ndarray) -> np.ndarray:
        """Lowers the energy sum d^T G'(middle) d of a way with its ends held (Levenberg-Marquardt:
        the Hessian at a frozen field, block tridiagonal, plus a weight that grows when a step was
        of no use)."""
        for _ in range(2):  # the graph's corners
            path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
        energy, weight = self._energy(path), 0.1
        slope, bands = self._derivatives(path)
        for _ in range(_ROUNDS):
            damped = bands.copy()
            damped[0] += weight * bands[0].mean()
            step = solveh_banded(damped, slope.ravel(), lower=True, check_finite=False)
            moved = path.copy()
            moved[1:-1] -= step.reshape(-1, 2)
            lower = self._energy(moved)
            if lower >= energy:
                weight *= 6
                continue
            gain, path, energy, weight = (energy - lower) / energy, moved, lower, weight / 3
            if gain < 2e-4:
                break
            slope, bands = self._derivatives(path)
        return path

    def _energy(self, path: np.ndarray) -> float:
        middle, move = (path[1:] + path[:-1]) / 2, path[1:] - path[:-1]
        return float(_quadratic(self.at(middle), move).sum())

    def _derivatives(self, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient [S - 2, 2] of the energy at the inner codes, and bands [4, 2 (S - 2)] of its
        Hessian with the field held fixed, as `solveh_banded` wants them."""
        middle, move = (path[1:] + path[:-1]) / 2, path[1:] - path[:-1]
        g, slopes = self._with_slopes(middle)
        pull = np.stack([g[:, 0] * move[:, 0] + g[:, 1] * move[:, 1],
                         g[:, 1] * move[:, 0] + g[:, 2] * move[:, 1]], 1)  # fmt: skip
        bend = np.stack([_quadratic(s, move) for s in slopes], 1) / 2
        gradient = 2 * (pull[:-1] - pull[1:]) + bend[:-1] + bend[1:]
        both = 2 * (g[:-1] + g[1:])
        bands = np.zeros((4, 2 * len(both)))
        bands[0, 0::2], bands[0, 1::2] = both[:, 0], both[:, 2]
        bands[1, 0::2] = both[:, 1]
        next_ = -2 * g[1:-1]
        bands[1, 1:-1:2] = next_[:, 1]
        bands[2, 0:-2:2], bands[2, 1:-1:2] = next_[:, 0], next_[:, 2]
        bands[3, 0:-2:2] = next_[:, 1]
        return gradient, bands


def _quadratic(g: np.ndarray, d: np.ndarray) -> np.ndarray:
    """d^T G d [N] for G [N, 3] and d [N, 2]."""
    return g[:, 0] * d[:, 0] ** 2 + 2 * g[:, 1] * d[:, 0] * d[:, 1] + g[:, 2] * d[:, 1] ** 2


def _log_speed(g: np.ndarray) -> np.ndarray:
    """log sqrt det G [N]: by how much the decoder stretches a small patch of the plane."""
    determinant = np.maximum(g[:, 0] * g[:, 2] - g[:, 1] ** 2, 1e-12)
    return 0.5 * np.log(determinant)


def _cholesky(g: np.ndarray) -> np.ndarray:
    """Entries 11, 21, 22 [N, 3] of the lower factor L of G = L L^T; a flat place gets a little."""
    floor = 1e-6 * max(float(np.median(g[:, 0] + g[:, 2])), 1e-9)
    l11 = np.sqrt(g[:, 0] + floor)
    l21 = g[:, 1] / l11
    return np.stack([l11, l21, np.sqrt(np.maximum(g[:, 2] + floor - l21**2, floor))], 1)
