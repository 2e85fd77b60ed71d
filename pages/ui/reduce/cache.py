"""Layouts and their metrics, computed by jobs and shared by all sessions.

Keys are names, digests and settings. PCA and the codes stored with a checkpoint are available at
once; everything else is computed by jobs, one at a time of each kind, for all sessions.
"""

import json
import threading
import time
from typing import NamedTuple

import numpy as np
import streamlit as st

from vae import latent
from vae.analysis import projections
from vae.checkpoint.artifacts import load_codes
from vae.data.dataset import evenly_spaced
from vae.explorer.map_data import packed_labels

from ..runtime import cache, routes
from ..runtime.jobs import Job, start_job
from ..runtime.map_assets import MapAssets, column_urls
from ..runtime.recently_used import RecentlyUsed
from .settings import PRINCIPAL, pair

_TIMED = 100  # images whose encoding is timed, to estimate the time for all of them
_BATCH = 100  # images between two checks whether to stop


class LayoutRequest(NamedTuple):
    """A layout of `count` images by a method: "pca", "tsne", "umap", "model" (a plane of a
    model's codes) or "all" (all its latents). `neighbours` is the perplexity of t-SNE or the
    number of neighbours of UMAP, `axes` the plane of the codes."""

    method: str
    images: cache.Images
    count: int
    name: str = ""
    digest: str = ""
    axes: str = ""
    seed: int = 0
    neighbours: int = 0

    @property
    def slow(self) -> bool:
        """Whether it runs in a separate process, while others are measured."""
        return self.method in ("tsne", "umap")


class Layout(NamedTuple):
    """`points` [n, K] of the shown items, the plane first; `frame` maps them back to codes or
    pixels, None where there is no inverse; `seconds` is None where they were stored before."""

    points: np.ndarray
    frame: projections.LinearProjection | None
    seconds: float | None


_results: RecentlyUsed[tuple, object] = RecentlyUsed(64)
# One job computes at a time, and one more waits for a separate process.
_locks = {slow: threading.Lock() for slow in (False, True)}


def items(request: LayoutRequest) -> np.ndarray:
    """Indices of the shown images, evenly spaced."""
    return evenly_spaced(len(cache.dataset(request.images).shown.images), request.count)


@st.cache_resource(max_entries=8, show_spinner="Computing the principal components")
def _pca(images: cache.Images, count: int) -> projections.Projection:
    shown = cache.dataset(images).shown
    return projections.project(shown.images[evenly_spaced(len(shown.images), count)], "pca")


@st.cache_resource(max_entries=16, show_spinner=False)
def _stored_codes(name: str, digest: str) -> np.ndarray | None:
    """Codes stored with the checkpoint; None for a conditional model, whose stored codes depend on
    the label and would make the comparison unfair."""
    ck = cache.checkpoint(name, digest)
    if ck.config.model.classes:
        return None
    stored = load_codes(ck, cache.display_dataset(name, digest).shown.digest)
    return None if stored is None else stored.get("mean")


def layout(request: LayoutRequest) -> Layout | None:
    """The layout if it is known or can be computed at once, else None."""
    if request.method == "pca":
        found = _pca(request.images, request.count)
        return Layout(found.points, found.linear, found.seconds)
    if request.method in ("model", "all"):
        stored = _stored_codes(request.name, request.digest)
        if stored is not None:
            return _plane(request, stored[items(request)], None)
        known = _results.get(_encoding(request))
        return None if known is None else _plane(request, *known)
    return _results.get(request)


@st.cache_resource(max_entries=32, show_spinner=False)
def assets(request: LayoutRequest) -> MapAssets:
    """A finished layout for the browser: its items and, where there is an inverse, the frame:
    float32 mean [P], then axes [K, P], with pixels in the order [H, W, C]."""
    found, chosen = layout(request), items(request)
    data = cache.dataset(request.images)
    labels, n_classes = data.shown.labels[chosen], len(data.class_names)
    points, frame, shape = found.points, found.frame, data.shown.images.shape[1:]
    block = [points.astype("<f4"), chosen.astype("<u4"), packed_labels(labels, n_classes)]
    urls = {"points": routes.publish(b"".join(np.ascontiguousarray(b).tobytes() for b in block))}
    if paths := data.shown_metadata.paths:
        urls["files"] = routes.publish(json.dumps(paths).encode(), "application/json")
    columns = cache.columns(request.images)
    urls |= column_urls(columns, chosen, points[:, :2], urls["points"])
    central = latent.central_items(points[:, :2], labels, n_classes)
    facts = {
        "latentSize": points.shape[1],
        "count": len(points),
        "total": len(data.shown.labels),
        "heldOut": len(data.test.labels),
        "sampled": True,
        "numbered": True,
        "posterior": False,
        "classes": list(data.class_names),
        "columns": list(columns),
        "image": list(shape),
        "bounds": list(latent.bounds(points)),
        "centres": [
            None if np.isnan(c).any() else c.round(4).tolist()
            for c in latent.encoding.class_centres(points[:, :2], labels, n_classes)
        ],
        "first": next(i for i in central if i is not None),
        "extents": np.percentile(points, (0.5, 99.5), axis=0).T.round(4).tolist(),
    }
    if frame is not None:
        rows = np.vstack([frame.mean, frame.axes])
        if request.method == "pca":
            rows = rows.reshape(-1, *shape).transpose(0, 2, 3, 1)
        urls["frame"] = routes.publish(np.ascontiguousarray(rows, "<f4").tobytes())
        facts["share"] = frame.explained_variance_ratio.round(4).tolist()
        facts["order"] = np.abs(frame.axes).argmax(1).tolist()
    return MapAssets(urls, facts)


def _plane(request: LayoutRequest, codes: np.ndarray, seconds: float | None) -> Layout:
    """The requested plane of codes [n, D], with the other latent dimensions."""
    if request.axes == PRINCIPAL:
        frame = projections.pca(codes, codes.shape[1])
    else:
        frame = projections.select_dimensions(codes, *pair(request.axes))
    return Layout(frame.transform(codes).astype(np.float32), frame, seconds)


def metrics(request: LayoutRequest) -> dict[str, float] | None:
    """The metrics of a layout and its `seconds`; None before they are measured."""
    return _results.get(("metrics", request))


def start(request: LayoutRequest) -> Job:
    """Starts computing a layout and its metrics."""
    ready, chosen = layout(request), items(request)
    shown = cache.dataset(request.images).shown
    images, labels = shown.images[chosen], shown.labels[chosen]
    model = cache.checkpoint(request.name, request.digest).model if request.name else None

    def work(progress) -> bytes:
        lock = _locks[request.slow]
        while not lock.acquire(timeout=0.2):
            progress(0, 1)
        try:
            found = ready or _compute(request, images, model, progress)
            points = found.points if request.method == "all" else found.points[:, :2]
            measured = projections.measure(images, points, labels, progress=progress)
            seconds = found.seconds
            if seconds is None:  # stored codes: estimate the time to encode
                sample = images[:_TIMED]
                seconds = len(images) * _seconds_per_image(request, model, sample, progress)
            _results["metrics", request] = measured | {"seconds": seconds}
        finally:
            lock.release()
        return b""

    return start_job(work, name=request.method)


def _encoding(request: LayoutRequest) -> tuple:
    return ("codes", request.images, request.count, request.digest)


def _compute(request: LayoutRequest, images: np.ndarray, model, progress) -> Layout:
    """Computes a layout, or returns the one that another session has computed meanwhile."""
    if request.method in ("model", "all"):
        key = _encoding(request)
        known = _results[key] = _results.get(key) or _encode(model, images, progress)
        return _plane(request, *known)
    found = _results.get(request)
    if found is None:
        options = dict.fromkeys(("perplexity", "neighbours"), request.neighbours)
        options |= {"seed": request.seed, "progress": progress}
        computed = projections.project(images, request.method, **options)
        found = _results[request] = Layout(computed.points, None, computed.seconds)
    return found


def _seconds_per_image(request: LayoutRequest, model, sample: np.ndarray, progress) -> float:
    """Seconds that encoding one image takes, timed once per model."""
    key = ("seconds per image", request.digest)
    known = _results.get(key)
    if known is None:
        known = _results[key] = _encode(model, sample, progress)[1] / len(sample)
    return known


def _encode(model, images: np.ndarray, progress) -> tuple[np.ndarray, float]:
    """Codes, without labels, and the seconds that encoding took."""
    started, parts = time.perf_counter(), []
    for first in range(0, len(images), _BATCH):
        progress(first, len(images))
        parts.append(latent.encode_images(model, images[first : first + _BATCH]).mean)
    return np.concatenate(parts), time.perf_counter() - started
