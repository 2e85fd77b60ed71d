"""What the Reduce page keeps: layouts and their numbers, found by jobs, shared by all sessions.

Keys are names, digests and settings. PCA and codes that lie beside a checkpoint are there at once;
everything else is computed by jobs, one at a time of each kind, whoever asked.
"""

import threading
import time
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import streamlit as st

from vae import latent
from vae.analysis import projections
from vae.checkpoint.artifacts import load_codes
from vae.data.subsample import evenly

from ..runtime import cache, routes
from ..runtime.jobs import Job
from ..runtime.map_assets import MapAssets
from .settings import PRINCIPAL, pair

_KEPT = 64
_TIMED = 100  # images whose encoding is timed, to say how long all of them take
_BATCH = 100  # images between two looks at whether to stop


class Ask(NamedTuple):
    """One layout: of which images and, for "model" and "all" (its latents, all of them), by which
    model; `near` is a perplexity or a number of neighbours, `axes` the plane of the codes."""

    method: str
    data: str
    size: int
    count: int
    name: str = ""
    digest: str = ""
    axes: str = ""
    seed: int = 0
    near: int = 0

    @property
    def slow(self) -> bool:
        """Whether it is laid out in a process of its own, beside which others are measured."""
        return self.method in ("tsne", "umap")


class Layout(NamedTuple):
    """`points` [n, K] of the shown items, the plane first; `frame` leads back from them, and
    `seconds` is None where they were there before."""

    points: np.ndarray
    frame: projections.Linear | None
    seconds: float | None


class _Store:
    """Results by question; the least recently used leaves."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple, object] = OrderedDict()
        self._lock = threading.Lock()
        # One job computes at a time, beside one that only watches a process of its own.
        self.turns = {slow: threading.Lock() for slow in (False, True)}

    def get(self, key: tuple) -> object | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: tuple, value: object) -> None:
        with self._lock:
            self._found[key] = value
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _store() -> _Store:
    return _Store()


def items(ask: Ask) -> np.ndarray:
    """Which test images are shown: indices, evenly spread."""
    return evenly(len(cache.dataset(ask.data, ask.size).test.images), ask.count)


@st.cache_resource(max_entries=8, show_spinner="Finding the principal components")
def _pca(data: str, size: int, count: int) -> projections.Projection:
    test = cache.dataset(data, size).test
    return projections.project(test.images[evenly(len(test.images), count)], "pca")


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept_codes(name: str, digest: str) -> np.ndarray | None:
    """Codes beside the checkpoint; of a model that is told labels they know the label, so that
    they would be no fair layout."""
    ck = cache.checkpoint(name, digest)
    if ck.model.extra_kind == "label":
        return None
    kept = load_codes(ck, cache.shown(name, digest).test.digest)
    return None if kept is None else kept.get("mean")


def layout(ask: Ask) -> Layout | None:
    """The layout, where it is there or can be had at once."""
    if ask.method == "pca":
        found = _pca(ask.data, ask.size, ask.count)
        return Layout(found.places, found.linear, found.seconds)
    if ask.method in ("model", "all"):
        kept = _kept_codes(ask.name, ask.digest)
        if kept is not None:
            codes, seconds = kept[items(ask)], None
        else:
            codes, seconds = _store().get(_encoding(ask)) or (None, None)
        if codes is None:
            return None
        frame = plane(codes, ask.axes)
        return Layout(frame.places(codes).astype(np.float32), frame, seconds)
    return _store().get(ask)


@st.cache_resource(max_entries=32, show_spinner=False)
def assets(ask: Ask) -> MapAssets:
    """What the browser needs of a layout that is there: its items and, where there is a way back,
    the frame: float32 mean [P], then axes [K, P]; pixels stand as [H, W, C], as they are drawn."""
    found, chosen = layout(ask), items(ask)
    data = cache.dataset(ask.data, ask.size)
    labels = data.test.labels[chosen]
    points, frame, shape = found.points, found.frame, data.test.images.shape[1:]
    block = [points.astype("<f4"), chosen.astype("<u4"), labels.astype(np.uint8)]
    urls = {"points": routes.publish(b"".join(np.ascontiguousarray(b).tobytes() for b in block))}
    facts = {
        "latent": points.shape[1],
        "count": len(points),
        "sampled": True,
        "posterior": False,
        "classes": list(data.class_names),
        "image": list(shape),
        "bounds": list(latent.bounds(points)),
        "centres": [
            None if np.isnan(c).any() else c.round(4).tolist()
            for c in latent.class_centres(points[:, :2], labels, len(data.class_names))
        ],
        "first": next(
            i
            for i in latent.central_items(points[:, :2], labels, len(data.class_names))
            if i is not None
        ),
        "extents": np.percentile(points, (0.5, 99.5), axis=0).T.round(4).tolist(),
    }
    if frame is not None:
        rows = np.vstack([frame.mean, frame.axes])
        if ask.method == "pca":
            rows = rows.reshape(-1, *shape).transpose(0, 2, 3, 1)
        urls["frame"] = routes.publish(np.ascontiguousarray(rows, "<f4").tobytes())
        facts["share"] = frame.share.round(4).tolist()
        facts["order"] = np.abs(frame.axes).argmax(1).tolist()
    return MapAssets(urls, facts)


def plane(codes: np.ndarray, axes: str) -> projections.Linear:
    """The plane of codes [n, D] that is asked for, with what stands behind it."""
    if axes == PRINCIPAL:
        return projections.principal(codes, codes.shape[1])
    return projections.chosen(codes, *pair(axes))


def numbers(ask: Ask) -> dict[str, float] | None:
    """What was measured of a layout, with its `seconds`; None where nothing was yet."""
    return _store().get(("numbers", ask))


def start(ask: Ask) -> Job:
    """Begins to lay out and to measure."""
    ready, store, test = layout(ask), _store(), cache.dataset(ask.data, ask.size).test
    chosen = items(ask)
    images, labels = test.images[chosen], test.labels[chosen]
    model = cache.checkpoint(ask.name, ask.digest).model if ask.name else None

    def work(progress) -> bytes:
        turn = store.turns[ask.slow]
        while not turn.acquire(timeout=0.2):
            progress(0, 1)
        try:
            found = ready or _found(ask, store, images, model, progress)
            points = found.points if ask.method == "all" else found.points[:, :2]
            told = projections.measure(images, points, labels, progress=progress)
            seconds = found.seconds
            if seconds is None:  # codes that were there before: how long they would take
                seconds = len(images) * _pace(ask, store, model, images[:_TIMED], progress)
            store.put(("numbers", ask), told | {"seconds": seconds})
        finally:
            turn.release()
        return b""

    return Job(work, name=ask.method, file="", media_type="", expected=projections.ReductionError)


def _encoding(ask: Ask) -> tuple:
    return ("codes", ask.data, ask.size, ask.count, ask.digest)


def _found(ask: Ask, store: _Store, images: np.ndarray, model, progress) -> Layout:
    """Lays out, or takes what another session found meanwhile."""
    if ask.method in ("model", "all"):
        known = store.get(_encoding(ask)) or _encode(model, images, progress)
        store.put(_encoding(ask), known)
        frame = plane(known[0], ask.axes)
        return Layout(frame.places(known[0]).astype(np.float32), frame, known[1])
    found = store.get(ask)
    if found is None:
        done = projections.project(
            images,
            ask.method,
            seed=ask.seed,
            perplexity=ask.near,
            neighbours=ask.near,
            progress=progress,
        )
        found = Layout(done.places, None, done.seconds)
        store.put(ask, found)
    return found


def _pace(ask: Ask, store: _Store, model, some: np.ndarray, progress) -> float:
    """Seconds that encoding one image takes, timed once a model."""
    known = store.get(("pace", ask.digest))
    if known is None:
        known = _encode(model, some, progress)[1] / len(some)
        store.put(("pace", ask.digest), known)
    return known


def _encode(model, images: np.ndarray, progress) -> tuple[np.ndarray, float]:
    """Codes, not told any label, and the seconds that they took."""
    begun, parts = time.perf_counter(), []
    for first in range(0, len(images), _BATCH):
        progress(first, len(images))
        parts.append(latent.encode_images(model, images[first : first + _BATCH]).mean)
    return np.concatenate(parts), time.perf_counter() - begun
