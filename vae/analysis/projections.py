"""Projections of images [N, C, H, W] to two dimensions, and metrics of the result.

PCA takes a moment and is computed here. t-SNE (van der Maaten and Hinton 2008, by scikit-learn)
and UMAP (McInnes et al. 2018, by the optional package umap-learn) take from seconds to minutes and
cannot be interrupted, so they run in a process that can be killed (`isolation.reader`).
"""

import importlib.util
import io
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError
from ..formats.untrusted import untrusted
from ..isolation import reader
from ..progress import Progress, no_progress
from . import embedding_metrics

METHODS = ("pca", "tsne", "umap")  # the last one optional
MIN_IMAGES = 10
_MOST_EIGH = 1000  # numbers per vector whose whole covariance is decomposed
_TSNE_STEPS = 1000  # scikit-learn's default


class ReductionError(AtelierError):
    """A projection that cannot be computed."""


class LinearProjection(NamedTuple):
    """Affine coordinates of vectors [P]: y = (x - mean) axes^T, inverted by x = mean + y axes;
    `mean` [P], orthonormal `axes` [K, P], `explained_variance_ratio` [K]."""

    mean: np.ndarray
    axes: np.ndarray
    explained_variance_ratio: np.ndarray

    def transform(self, vectors: np.ndarray) -> np.ndarray:
        """Coordinates [N, K] of vectors [N, P]."""
        return (vectors - self.mean) @ self.axes.T

    def inverse_transform(self, points: np.ndarray) -> np.ndarray:
        """Vectors [N, P] at coordinates [N, K]."""
        return self.mean + points @ self.axes


class Projection(NamedTuple):
    """The `points` [N, 2] of N images and the `seconds` it took to find them; `linear` maps back
    to pixels in [0, 1], None for methods without an inverse."""

    points: np.ndarray
    seconds: float
    linear: LinearProjection | None = None


def available_methods() -> tuple[str, ...]:
    """The methods whose packages are installed."""
    return METHODS if importlib.util.find_spec("umap") else METHODS[:-1]


def pca(vectors: np.ndarray, components: int) -> LinearProjection:
    """The principal components of vectors [N, P], by scikit-learn; the largest entry of each is
    positive, so the same data give the same picture."""
    from sklearn.decomposition import PCA

    components = min(components, *vectors.shape)
    solver, dtype = "covariance_eigh", np.float64
    if vectors.shape[1] > _MOST_EIGH and components < min(vectors.shape):
        solver, dtype = "arpack", np.float32  # a covariance of pictures would fill the memory
    fitted = PCA(components, svd_solver=solver, random_state=0).fit(np.asarray(vectors, dtype))
    ratio = np.nan_to_num(fitted.explained_variance_ratio_)  # of identical vectors
    return LinearProjection(fitted.mean_, fitted.components_, ratio)


def select_dimensions(codes: np.ndarray, first: int, second: int) -> LinearProjection:
    """A permutation of codes [N, D] that puts two dimensions first."""
    variance = codes.var(0)
    order = [first, second, *(d for d in range(codes.shape[1]) if d not in (first, second))]
    ratio = variance[order] / max(float(variance.sum()), 1e-12)
    return LinearProjection(np.zeros(codes.shape[1]), np.eye(codes.shape[1])[order], ratio)


def project(
    images: np.ndarray,
    method: str,
    *,
    seed: int = 0,
    perplexity: int = 30,
    neighbours: int = 15,
    progress: Progress = no_progress,
) -> Projection:
    """Projects uint8 images [N, C, H, W] by their pixels.

    `perplexity` is a parameter of t-SNE, `neighbours` (n_neighbors) of UMAP. An exception raised
    by `progress` ends the computation. Raises `ReductionError`, and `DataError` for a failure.
    """
    if method not in METHODS:
        raise ReductionError(f"{method} is no method; expected one of {', '.join(METHODS)}")
    if method not in available_methods():
        raise ReductionError("UMAP needs the package umap-learn: pip install umap-learn")
    count, near = len(images), perplexity if method == "tsne" else neighbours
    if count < MIN_IMAGES:
        raise ReductionError(f"{count} images are too few; expected {MIN_IMAGES} or more")
    if method != "pca" and not 2 <= near < count:
        word = "perplexity" if method == "tsne" else "number of neighbours"
        raise ReductionError(f"a {word} of {near} with {count} images; expected 2 to {count - 1}")
    pixels = np.ascontiguousarray(images.reshape(count, -1))
    if method == "pca":
        started, vectors = time.perf_counter(), pixels / np.float32(255)
        linear = pca(vectors, 2)
        points = linear.transform(vectors).astype(np.float32)
        return Projection(points, time.perf_counter() - started, linear)
    options = {"pixels": pixels, "method": method, "seed": seed, "near": near, "progress": None}
    limits = {"seconds": threading.TIMEOUT_MAX, "memory": None}
    found = reader.call("analysis.projections.embed", options, progress=progress, **limits)
    return Projection(found[0].astype(np.float32), found[1])


def measure(
    images: np.ndarray, points: np.ndarray, labels: np.ndarray, *, progress: Progress = no_progress
) -> dict[str, float]:
    """Metrics of points [N, D] that represent images [N, C, H, W] with labels [N]; k-NN accuracies
    are leave-one-out, so that methods without an out-of-sample embedding can be compared."""
    metrics = {
        "trustworthiness": lambda: embedding_metrics.trustworthiness(images, points),
        "knn1": lambda: embedding_metrics.leave_one_out_accuracy(points, labels, 1),
        "knn5": lambda: embedding_metrics.leave_one_out_accuracy(points, labels, 5),
        "silhouette": lambda: embedding_metrics.silhouette(points, labels),
        "v_measure": lambda: embedding_metrics.v_measure(points, labels),
    }
    values = {}
    for done, (name, metric) in enumerate(metrics.items()):
        progress(done, len(metrics))
        values[name] = metric()
    return values


def embed(pixels: np.ndarray, method: str, seed: int, near: int, progress: Progress) -> Projection:
    """Projects uint8 pixels [N, P] by t-SNE or UMAP, in a process of its own, since it redirects
    what the libraries print. Raises `DataError`."""
    log = io.StringIO()
    with (
        untrusted(method, "failed", "choose other images"),
        redirect_stdout(log),
        redirect_stderr(log),
        ThreadPoolExecutor(1) as thread,
    ):
        if method == "tsne":
            from sklearn.manifold import TSNE

            options = {"random_state": seed, "max_iter": _TSNE_STEPS, "verbose": 2}
            reducer = TSNE(perplexity=near, **options)
        else:
            from umap import UMAP

            # With a seed UMAP is reproducible and therefore single-threaded.
            reducer = UMAP(n_neighbors=near, random_state=seed, n_jobs=1, verbose=True)
        progress(0, 1)
        started = time.perf_counter()
        fitting = thread.submit(reducer.fit_transform, pixels / np.float32(255))
        while wait([fitting], timeout=0.1).not_done:
            progress(*_parse_progress(log.getvalue()))
        return Projection(fitting.result(), time.perf_counter() - started)


def _parse_progress(log: str) -> tuple[int, int]:
    """Steps done and in total, from what t-SNE or UMAP printed last."""
    if found := re.findall(r"Iteration (\d+):", log):
        return int(found[-1]), _TSNE_STEPS
    if found := re.findall(r"(\d+)/(\d+) \[", log):
        return int(found[-1][0]), int(found[-1][1])
    return 0, 1
