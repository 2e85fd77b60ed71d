"""Other ways to lay images [N, C, H, W] out in two dimensions, and how well a layout keeps them.

PCA is computed here, at once. t-SNE (van der Maaten and Hinton 2008, as scikit-learn has it) and
UMAP (McInnes et al. 2018, the optional package umap-learn) take from seconds to minutes and cannot
be interrupted, so they run in a process of their own, which can: `embedding_process.py`.
"""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError
from . import embedding_process

METHODS = ("pca", "tsne", "umap")
LEAST = 10  # images below which there is nothing to lay out
Progress = Callable[[int, int], None]


class ReductionError(AtelierError):
    """A projection that cannot be: one sentence with what came and what was expected."""


class Linear(NamedTuple):
    """Affine coordinates of points [P]: y = (x - mean) axes^T, and back x = mean + y axes.

    `mean` [P], orthonormal `axes` [K, P], and the `share` [K] of the variance that each holds.
    """

    mean: np.ndarray
    axes: np.ndarray
    share: np.ndarray

    def places(self, points: np.ndarray) -> np.ndarray:
        return (points - self.mean) @ self.axes.T

    def back(self, places: np.ndarray) -> np.ndarray:
        return self.mean + places @ self.axes


class Projection(NamedTuple):
    """Where N images lie, `places` [N, 2], and the `seconds` that finding it took; `linear` is the
    way back to pixels in [0, 1], where there is one."""

    places: np.ndarray
    seconds: float
    linear: Linear | None = None


def available() -> tuple[str, ...]:
    """The methods that can run here."""
    here = importlib.util.find_spec("umap") is not None
    return METHODS if here else tuple(m for m in METHODS if m != "umap")


def principal(points: np.ndarray, components: int) -> Linear:
    """The principal components of points [N, P]; signs such that each one's largest entry is
    positive, so that the same data always gives the same picture."""
    points = np.asarray(points, np.float64)
    mean = points.mean(0)
    values, vectors = np.linalg.eigh(np.cov(points, rowvar=False).reshape(points.shape[1], -1))
    order = np.argsort(values)[::-1][:components]
    axes = vectors[:, order].T
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    share = values[order].clip(0) / max(float(values.clip(0).sum()), 1e-12)
    return Linear(mean, axes, share)


def chosen(codes: np.ndarray, first: int, second: int) -> Linear:
    """Two dimensions of codes [N, D] as the plane, the others behind them."""
    variance = codes.var(0)
    others = [d for d in range(codes.shape[1]) if d not in (first, second)]
    order = [first, second, *others]
    share = variance[order] / max(float(variance.sum()), 1e-12)
    return Linear(np.zeros(codes.shape[1]), np.eye(codes.shape[1])[order], share)


def project(
    images: np.ndarray,
    method: str,
    *,
    seed: int = 0,
    perplexity: int = 30,
    neighbours: int = 15,
    progress: Progress = lambda done, of: None,
) -> Projection:
    """Lays out uint8 images [N, C, H, W] by their pixels.

    `perplexity` is of t-SNE, `neighbours` of UMAP: about how many images each one keeps close.
    `progress(done, of)` may raise to stop. Raises `ReductionError`.
    """
    if method not in METHODS:
        raise ReductionError(f"{method} is no method; expected one of {', '.join(METHODS)}")
    if method not in available():
        raise ReductionError("UMAP needs the package umap-learn: pip install umap-learn")
    count, near = len(images), perplexity if method == "tsne" else neighbours
    if count < LEAST:
        raise ReductionError(f"{count} images are too few to lay out; expected {LEAST} or more")
    if method != "pca" and not 2 <= near < count:
        word = "perplexity" if method == "tsne" else "number of neighbours"
        raise ReductionError(f"a {word} of {near} with {count} images; expected 2 to {count - 1}")
    flat = np.ascontiguousarray(images.reshape(count, -1))
    if method == "pca":
        begun = time.perf_counter()
        points = flat / np.float32(255)
        linear = principal(points, 2)
        places = linear.places(points).astype(np.float32)
        return Projection(places, time.perf_counter() - begun, linear)
    return _apart(flat, [method, str(seed), str(near)], progress)


def measure(
    images: np.ndarray,
    places: np.ndarray,
    labels: np.ndarray,
    *,
    progress: Progress = lambda done, of: None,
) -> dict[str, float]:
    """Numbers of a layout `places` [N, D] of images [N, C, H, W] with labels [N].

    Neighbours vote leave-one-out among these very items, so that a method that cannot place new
    images is measured as all others are. `progress` may raise to stop between two numbers.
    """
    from . import embedding_metrics

    steps = {
        "trustworthiness": lambda: embedding_metrics.trustworthiness(images, places),
        "knn1": lambda: embedding_metrics.leave_one_out_accuracy(places, labels, 1),
        "knn5": lambda: embedding_metrics.leave_one_out_accuracy(places, labels, 5),
        "silhouette": lambda: embedding_metrics.silhouette(places, labels),
        "v_measure": lambda: embedding_metrics.v_measure(places, labels),
    }
    found = {}
    for done, (name, step) in enumerate(steps.items()):
        progress(done, len(steps))
        found[name] = step()
    return found


def _apart(flat: np.ndarray, arguments: list[str], progress: Progress) -> Projection:
    """Runs a method in a process of its own and follows it; ends it when `progress` raises."""
    # -P keeps this folder, whose files have plain names, out of what the process can import.
    child = subprocess.Popen(
        [sys.executable, "-P", embedding_process.__file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, found, state = bytearray(), bytearray(), [0, 1]
    threads = [
        threading.Thread(
            target=_feed, args=(child.stdin, embedding_process.npy_bytes(flat)), daemon=True
        ),
        threading.Thread(target=_listen, args=(child.stderr, said, state), daemon=True),
        threading.Thread(target=lambda: found.extend(child.stdout.read()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        while child.poll() is None:
            progress(*state)
            threads[2].join(0.1)
    finally:
        child.kill()
        child.wait()
        for thread in threads:
            thread.join()
        for pipe in (child.stdin, child.stdout, child.stderr):
            with suppress(OSError):  # of what it did not want to read
                pipe.close()
    if child.returncode != 0:
        reason = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise ReductionError(f"{arguments[0]} ended without a result: {reason[0]}")
    packed = np.load(io.BytesIO(bytes(found)), allow_pickle=False)
    return Projection(packed[:-1].astype(np.float32), float(packed[-1, 0]))


def _feed(pipe, data: bytes) -> None:
    with suppress(OSError):  # it was ended, or says on stderr why it ended
        pipe.write(data)
        pipe.close()


def _listen(pipe, said: bytearray, state: list[int]) -> None:
    """Keeps the end of what is said, and reads from it how far the work has come."""
    while part := pipe.read1(4096):
        said.extend(part)
        del said[:-8192]
        words = said.decode(errors="replace")
        if found := re.findall(r"Iteration (\d+):", words):
            state[:] = [int(found[-1]), embedding_process.TSNE_STEPS]
        elif found := re.findall(r"(\d+)/(\d+) \[", words):
            state[:] = [int(v) for v in found[-1]]
