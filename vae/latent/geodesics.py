"""The pull-back metric of a decoder over the plane, and its geodesics.

A decoder f (codes -> pixel means) pulls the Euclidean metric of pixel space back to the plane: a
small step dz changes the image by sqrt(dz^T G(z) dz) with G = J^T J and J = df/dz (Tosi et al.
2014, https://arxiv.org/abs/1411.7432). Geodesics are the shortest paths under G: along them the
image changes as little as possible between two codes.

G alone is small where the decoder saw no data and its output hardly changes, so its geodesics cut
through low-density regions. Arvanitidis et al. (2018, https://arxiv.org/abs/1710.11379) let the
decoder's variance grow away from the data, which adds J_sigma^T J_sigma to the metric. The
decoders here have no variance of their own, so a penalty on low density is added directly:

    G'(z) = J^T J + PENALTY_WEIGHT * g * e(z)^2 * I,   e(z) = 1 / (1 + density(z) / LOW_DENSITY)

with the density relative to the median item's and g the median of trace(G) / 2 where e < 0.5.
e is near 0 among items and 1 far from them.
"""

from collections.abc import Callable
from itertools import product
from math import gcd

import numpy as np
import torch
from scipy.linalg import solveh_banded
from scipy.ndimage import zoom
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from ..models.base import Autoencoder, device_of
from .density import LOW_DENSITY, Area, Field, RelativeDensity, sample_field
from .polylines import resample, resample_by

Decode = Callable[[Tensor], Tensor]  # codes [B, 2] -> pixel means [B, P]

PENALTY_WEIGHT = 4.0
GRID_SIDE = 72  # nodes per side of the graph
SEGMENTS = 64  # of a geodesic
_UPSAMPLING = 3  # grid cells of the metric per cell of the graph
_STEP = 1e-3  # of the central differences: truncation and float32 rounding are about equal there
_EDGE_REACH = 3  # cells an edge may span: 32 directions, paths at most 1.3 % too long
_ITERATIONS = 30  # of the relaxation, rejected steps included
_LENGTH_SAMPLES = 257  # decoded images from which a length is measured


def pixel_means(model: Autoencoder, *, label: int | None = None, seed: int = 0) -> Decode:
    """The decoder as a function of the code alone, for one label and one noise seed."""

    @torch.inference_mode()
    def decode(z: Tensor) -> Tensor:
        return model.picture(z.to(device_of(model)), label, seed).flatten(1).cpu()

    return decode


def jacobian_metric(decode: Decode, z: np.ndarray, *, step: float = _STEP) -> np.ndarray:
    """Entries 11, 12 and 22 [N, 3] of G = J^T J at codes [N, 2], by central differences."""
    parts = []
    for part in torch.as_tensor(z).split(1024):
        shift = torch.eye(2, dtype=part.dtype) * step
        j1, j2 = ((decode(part + s) - decode(part - s)) / (2 * step) for s in shift)
        parts.append(torch.stack([(j1 * j1).sum(1), (j1 * j2).sum(1), (j2 * j2).sum(1)], 1))
    return torch.cat(parts).double().numpy()


def density_penalty(codes: np.ndarray) -> Field:
    """The penalty e(z) on low density, from 0 to 1, over `bounds(codes)` of codes [N, 2]."""
    density = RelativeDensity.fit(codes)
    relative = density.field.values / density.median
    return Field(1 / (1 + relative / LOW_DENSITY), density.field.bounds)


def pixel_length(decode: Decode, path: np.ndarray) -> float:
    """Path length in pixel space: the Euclidean length of the curve that f draws along a path
    [S, D], measured on decoded images."""
    return float(pixel_distances(decode, resample(path, _LENGTH_SAMPLES)).sum())


def pixel_distances(decode: Decode, codes: np.ndarray) -> np.ndarray:
    """Euclidean distances [N - 1] between the images of consecutive codes [N, D]."""
    images = decode(torch.as_tensor(codes, dtype=torch.float32))
    return (images[1:] - images[:-1]).norm(dim=1).double().numpy()


class Metric:
    """The metric G' on a grid over a rectangle of the plane, and the graph for its geodesics.

    It is prepared once per model; a geodesic then takes some milliseconds. Outside the rectangle
    G' is that of the nearest edge. `penalty` is a field from 0 to 1 (`density_penalty`).
    """

    def __init__(
        self, decode: Decode, area: Area, *, penalty: Field | None = None, side: int = GRID_SIDE
    ) -> None:
        self.decode, self.area, self.side = decode, area, side
        x0, x1, y0, y1 = area
        xs, ys = np.linspace(x0, x1, side), np.linspace(y0, y1, side)
        self._origin = np.array([x0, y0])
        self._graph_cell = np.array([xs[1] - xs[0], ys[1] - ys[0]])
        nodes = np.stack(np.meshgrid(xs, ys), 2).reshape(-1, 2)
        pulled = jacobian_metric(decode, nodes.astype(np.float32))
        # log sqrt(det G), the magnification factor of areas (Bishop et al. 1997)
        determinant = np.maximum(pulled[:, 0] * pulled[:, 2] - pulled[:, 1] ** 2, 1e-12)
        log_magnification = 0.5 * np.log(determinant).reshape(side, side)
        self.log_magnification = Field(log_magnification.astype(np.float32), area)
        if penalty is not None:
            e = sample_field(penalty, nodes, outside=1.0)
            scale = np.median((pulled[e < 0.5, 0] + pulled[e < 0.5, 2]) / 2)
            weight = PENALTY_WEIGHT * (scale if np.isfinite(scale) else 1.0)
            pulled = pulled + (weight * e**2)[:, None] * np.array([1.0, 0.0, 1.0])
        # Cholesky factors may be interpolated: L L^T stays positive definite.
        factor = _cholesky(pulled).T.reshape(3, side, side)
        self._columns = (side - 1) * _UPSAMPLING + 1
        zoomed = {"zoom": self._columns / side, "order": 3, "mode": "nearest"}
        l11, l21, l22 = (zoom(entries, **zoomed).ravel() for entries in factor)
        self._g = np.stack([l11**2, l11 * l21, l21**2 + l22**2], 1)
        self._cell = self._graph_cell / _UPSAMPLING
        self._nodes, self._graph = nodes, self._edges(nodes)

    def _corners(self, z: np.ndarray) -> tuple[np.ndarray, ...]:
        """G' [N, 3] at the four nodes around codes [N, 2], and the position [N, 1] between them in
        z1 and in z2, from 0 to 1."""
        position = np.clip((z - self._origin) / self._cell, 0, self._columns - 1 - 1e-9)
        low = position.astype(np.intp)
        fraction, first = position - low, low[:, 1] * self._columns + low[:, 0]
        nodes = (first, first + 1, first + self._columns, first + self._columns + 1)
        return *(self._g[i] for i in nodes), fraction[:, :1], fraction[:, 1:]

    def tensor(self, z: np.ndarray) -> np.ndarray:
        """Entries 11, 12 and 22 [N, 3] of G' at codes [N, 2], bilinear between nodes."""
        a, b, c, d, right, up = self._corners(z)
        low, high = a + right * (b - a), c + right * (d - c)
        return low + up * (high - low)

    def _with_gradient(self, z: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """G' at codes [N, 2] and its derivatives with respect to z1 and z2, [N, 3] each."""
        a, b, c, d, right, up = self._corners(z)
        low, high = a + right * (b - a), c + right * (d - c)
        by_z1 = ((b - a) + up * ((d - c) - (b - a))) / self._cell[0]
        return low + up * (high - low), (by_z1, (high - low) / self._cell[1])

    def segment_lengths(self, path: np.ndarray, *, samples: int = 4) -> np.ndarray:
        """Lengths [S - 1] under G' of the segments of a path [S, 2]."""
        start, move = path[:-1], np.diff(path, axis=0)
        lengths = np.zeros(len(move))
        for t in (np.arange(samples) + 0.5) / samples:
            lengths += np.sqrt(np.maximum(_quadratic(self.tensor(start + t * move), move), 0))
        return lengths / samples

    def metric_length(self, path: np.ndarray) -> float:
        """Length of a path [S, 2] under G', which a geodesic minimises."""
        return float(self.segment_lengths(path).sum())

    def _edges(self, nodes: np.ndarray) -> csr_matrix:
        index = np.arange(self.side**2).reshape(self.side, self.side)
        starts, ends = [], []
        for dy, dx in product(range(_EDGE_REACH + 1), range(-_EDGE_REACH, _EDGE_REACH + 1)):
            if gcd(dy, dx) == 1 and (dy, dx) > (0, 0):
                columns = slice(max(0, -dx), self.side - max(0, dx))
                starts.append(index[: self.side - dy, columns].ravel())
                ends.append(starts[-1] + dy * self.side + dx)
        a, b = np.concatenate(starts), np.concatenate(ends)
        pieces = np.stack([nodes[a], nodes[b]], 1).reshape(-1, 2)
        lengths = self.segment_lengths(pieces, samples=3)[::2]
        half = csr_matrix((lengths, (a, b)), shape=(index.size, index.size))
        return (half + half.T).tocsr()

    def geodesic(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The geodesic [SEGMENTS + 1, 2] between two codes, both included. The shortest path on
        the graph, relaxed by Newton-like steps on its energy. It is symmetric and never longer
        under G' than the straight line."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        if tuple(start) > tuple(end):  # symmetric even where the graph has ties
            return self.geodesic(end, start)[::-1]
        straight = resample(np.stack([start, end]), SEGMENTS + 1)
        if np.array_equal(start, end):
            return straight
        relaxed = self._relax(self._shortest_on_graph(start, end))
        return min(relaxed, straight, key=self.metric_length)

    def _node(self, z: np.ndarray) -> int:
        nearest = np.rint((z - self._origin) / self._graph_cell)
        column, row = np.clip(nearest, 0, self.side - 1).astype(int)
        return int(row * self.side + column)

    def _shortest_on_graph(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        first, last = self._node(start), self._node(end)
        _, predecessors = dijkstra(self._graph, indices=first, return_predecessors=True)
        chain = [last]
        while chain[-1] != first:
            chain.append(int(predecessors[chain[-1]]))
        path = np.concatenate([[start], self._nodes[chain[-2:0:-1]], [end]])
        return resample_by(path, self.segment_lengths(path), SEGMENTS + 1)

    def _relax(self, path: np.ndarray) -> np.ndarray:
        """Lowers the energy sum d^T G'(midpoint) d of a path with fixed ends, by
        Levenberg-Marquardt: the block tridiagonal Hessian of a constant G', damped more after
        every rejected step."""
        for _ in range(2):  # smooth the corners of the graph
            path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
        energy, damping = self._energy(path), 0.1
        gradient, bands = self._derivatives(path)
        for _ in range(_ITERATIONS):
            damped = bands.copy()
            damped[0] += damping * bands[0].mean()
            step = solveh_banded(damped, gradient.ravel(), lower=True, check_finite=False)
            moved = path.copy()
            moved[1:-1] -= step.reshape(-1, 2)
            lower = self._energy(moved)
            if lower >= energy:
                damping *= 6
                continue
            gain = (energy - lower) / energy
            path, energy, damping = moved, lower, damping / 3
            if gain < 2e-4:
                break
            gradient, bands = self._derivatives(path)
        return path

    def _energy(self, path: np.ndarray) -> float:
        midpoint, move = (path[1:] + path[:-1]) / 2, np.diff(path, axis=0)
        return float(_quadratic(self.tensor(midpoint), move).sum())

    def _derivatives(self, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient [S - 2, 2] of the energy with respect to the inner codes, and the bands
        [4, 2 (S - 2)] of its Hessian for a constant G', as `solveh_banded` takes them."""
        midpoint, move = (path[1:] + path[:-1]) / 2, path[1:] - path[:-1]
        g, derivatives = self._with_gradient(midpoint)
        pull = np.stack([g[:, 0] * move[:, 0] + g[:, 1] * move[:, 1],
                         g[:, 1] * move[:, 0] + g[:, 2] * move[:, 1]], 1)  # fmt: skip
        bend = np.stack([_quadratic(s, move) for s in derivatives], 1) / 2
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


def _cholesky(g: np.ndarray) -> np.ndarray:
    """Entries 11, 21, 22 [N, 3] of the lower factor L of G = L L^T, G slightly regularised."""
    floor = 1e-6 * max(float(np.median(g[:, 0] + g[:, 2])), 1e-9)
    l11 = np.sqrt(g[:, 0] + floor)
    l21 = g[:, 1] / l11
    return np.stack([l11, l21, np.sqrt(np.maximum(g[:, 2] + floor - l21**2, floor))], 1)
