"""What the Anomalies page has scored: found once, in a job, and kept for everyone who asks again.

Keys are names, digests and choices, never arrays or models.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae import anomaly, calibration, corruptions, images, residuals, screening, submitted
from vae.latent import Codes
from vae.screening import Images, Normality

from . import cache, routes
from .inquiry import OTHER_DATA, Choices, Inquiry
from .jobs import Job

MOST_NORMAL = {"code": 10_000, "bound": 1_000, "search": 100}
MOST_SUSPECTS = {"code": 500, "bound": 500, "search": 100}
MOST_OWN = {"code": submitted.MOST_FILES, "bound": 2_000, "search": 100}
_LEARNED = 2_000  # training images that what is normal is fitted to
_MOST_KEPT = 12
_FULL_HEAT = 1.5  # expected standard deviations that are drawn in full colour

_found: OrderedDict["Question", "Answer"] = OrderedDict()
_uploads: OrderedDict[str, tuple[tuple[str, bytes], ...]] = OrderedDict()
_lock = threading.Lock()


class Question(NamedTuple):
    """All that decides about scores; `own` is the digest of uploaded files."""

    name: str
    digest: str
    score: str
    suspects: str
    which: str
    seed: int
    only: int | None
    own: str


class Group(NamedTuple):
    """Scored images: `scores` and `plain` [N] (those with the artefact), `items` [N] their numbers
    in the `count` images that they were evenly taken from, how each is `named`, their codes."""

    images: np.ndarray
    scores: np.ndarray
    plain: np.ndarray
    items: np.ndarray
    count: int
    named: list[str]
    codes: Codes


class Answer(NamedTuple):
    """`suspects` is empty where none were asked for; `refused` are files and reasons."""

    normal: Group
    suspects: Group
    refused: list[tuple[str, str]]


def choices(entry: vae.Entry) -> Choices:
    """What can be asked of a model."""
    model = cache.checkpoint(entry.name, entry.digest).model
    data = cache.shown(entry.name, entry.digest)
    others = [name for name in OTHER_DATA if name != data.name]
    return Choices(anomaly.offered(model), data.class_names, others)


def question(entry: vae.Entry, asked: Inquiry, own: str) -> Question:
    which = {"data": asked.which, "class": str(asked.label), "damage": asked.damage}
    return Question(
        entry.name,
        entry.digest,
        asked.score,
        asked.suspects,
        which.get(asked.suspects, ""),
        asked.seed if asked.suspects == "damage" else 0,
        asked.only,
        own if asked.suspects == "own" else "",
    )


def keep_upload(files: list[tuple[str, bytes]]) -> str:
    """Remembers uploaded files for the job; returns their digest."""
    sha = hashlib.sha256()
    for name, content in files:
        sha.update(f"{name}\0{len(content)}\0".encode() + content)
    with _lock:
        _uploads[sha.hexdigest()] = tuple(files)
        _uploads.move_to_end(sha.hexdigest())
        while len(_uploads) > _MOST_KEPT // 3:
            _uploads.popitem(last=False)
    return sha.hexdigest()


def known(asked: Question) -> Answer | None:
    with _lock:
        return _found.get(asked)


def begin(asked: Question) -> Job:
    """Starts scoring. All that Streamlit caches is read here, before the thread."""
    ck = cache.checkpoint(asked.name, asked.digest)
    data = cache.shown(asked.name, asked.digest)
    other = None
    if asked.suspects == "data":
        other = cache.dataset(asked.which, ck.model.image_shape[1])
    aggregate = None
    if anomaly.SCORES[asked.score].needs(ck.model) == "aggregate":
        aggregate = cache.aggregate_posterior(asked.name, asked.digest)
    kept = None  # the codes of a model that is told labels were found with them, no score is
    if ck.model.extra_kind != "label":
        kept = cache.codes(asked.name, asked.digest)
    files = _uploads.get(asked.own, ())

    def work(progress) -> bytes:
        answer = _answered(asked, ck.model, data, other, aggregate, kept, files, progress)
        with _lock:
            _found[asked] = answer
            while len(_found) > _MOST_KEPT:
                _found.popitem(last=False)
        return b""

    title = anomaly.SCORES[asked.score].title
    return Job(
        work,
        name=f"Scoring by “{title}”",
        file="",
        media_type="",
        expected=(vae.DataError, calibration.CalibrationError),
    )


def _answered(asked, model, data, other, aggregate, kept, files, progress) -> Answer:
    effort = anomaly.SCORES[asked.score].effort
    labels = data.test.labels
    held_out = int(asked.which) if asked.suspects == "class" else None
    normal_rows, learned = _normal(labels, asked.only, held_out), data.train.images
    if asked.only is not None or held_out is not None:
        learned = learned[_normal(data.train.labels, asked.only, held_out)]
        aggregate = None  # fitted anew, without what is not normal here
    refused: list[tuple[str, str]] = []
    most = MOST_NORMAL[effort] if kept is not None else min(2_000, MOST_NORMAL[effort])
    rows = normal_rows[screening.spread(len(normal_rows), most)]
    normal = Images(data.test.images[rows], _part(kept, rows))
    names = [data.class_names[k] for k in labels[rows]]
    few = MOST_SUSPECTS[effort]
    if asked.suspects == "own":
        read = submitted.read(submitted.entries(files), model.image_shape, watch=progress)
        refused = [(p, why) for p, why in zip(read.paths, read.refused, strict=True) if why]
        items = screening.spread(len(read.images), MOST_OWN[effort])
        count, suspects = len(read.images), Images(read.images[items])
        told = [read.accepted[k] for k in items]
    elif asked.suspects == "data":
        pictures, of = _whole(other)
        items = screening.spread(len(pictures), few)
        count, suspects = len(pictures), Images(_like(pictures[items], model.image_shape))
        told = [other.class_names[k] for k in of[items]]
    elif asked.suspects == "class":
        own = np.flatnonzero(labels == held_out)
        items = own[screening.spread(len(own), most)]  # their codes are known, as those of normal
        count, suspects = len(own), Images(data.test.images[items], _part(kept, items))
        told = [data.class_names[held_out]] * len(items)
    elif asked.suspects == "damage":
        items = normal_rows[screening.spread(len(normal_rows), few)]
        worse = corruptions.damaged(data.test.images[items], asked.which, seed=asked.seed)
        count, suspects = len(normal_rows), Images(worse)
        told = [data.class_names[k] for k in labels[items]]
    else:
        items, count, told = rows[:0], 0, []
        suspects = Images(data.test.images[:0])
    few_learned = learned[screening.spread(len(learned), _LEARNED)]
    first, second = screening.screen(
        model,
        asked.score,
        [normal, suspects],
        Normality(few_learned, aggregate),
        watch=progress,
    )
    return Answer(
        Group(normal.images, *first[:2], rows, len(normal_rows), names, first.codes),
        Group(suspects.images, *second[:2], items, count, told, second.codes),
        refused,
    )


def _normal(labels: np.ndarray, only: int | None, held_out: int | None) -> np.ndarray:
    """Rows of the images that count as normal."""
    if only is not None:
        return np.flatnonzero(labels == only)
    return np.flatnonzero(labels != held_out) if held_out is not None else np.arange(len(labels))


def _part(codes: Codes | None, rows: np.ndarray) -> Codes | None:
    return codes and Codes(*(v if v is None else v[rows] for v in codes))


def _whole(data: vae.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a data set that no model here learned from: both splits of a small one,
    the test split of a large one."""
    if len(data.train.images) > 5_000:
        return data.test
    return tuple(np.concatenate(parts) for parts in zip(data.train, data.test, strict=True))


def _like(pictures: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Grey images for a model of colour ones, and the other way round."""
    if pictures.shape[1] == shape[0]:
        return pictures
    if pictures.shape[1] == 1:
        return np.repeat(pictures, shape[0], 1)
    return pictures.mean(1, keepdims=True).round().astype(np.uint8)


# --- what is shown of an answer ------------------------------------------------------------------


@st.cache_data(max_entries=32, show_spinner=False)
def sorted_scores(asked: Question, _of: Answer) -> tuple[str, str]:
    """URLs of the sorted scores, float64, of normal images and suspects."""
    return tuple(
        routes.publish(np.sort(group.scores).astype("<f8").tobytes())
        for group in (_of.normal, _of.suspects)
    )


@st.cache_data(max_entries=32, show_spinner=False)
def curves(asked: Question, _of: Answer) -> tuple[calibration.Curves, float]:
    """The curves, and the area under the ROC of the score with the artefact."""
    plain = calibration.curves(_of.normal.plain, _of.suspects.plain).auroc
    return calibration.curves(_of.normal.scores, _of.suspects.scores), plain


@st.cache_data(max_entries=64, show_spinner=False)
def pictures(asked: Question, listed: str, rows: tuple[int, ...], _of: Answer) -> str:
    """URL of a sprite: a row for each of these images, with its reconstruction and heat map."""
    group: Group = getattr(_of, listed)
    chosen = list(rows)
    model = cache.checkpoint(asked.name, asked.digest).model
    some, codes = group.images[chosen], _part(group.codes, np.array(chosen))
    back = residuals.reconstructions(model, some, codes)
    hot = images.heated(some, residuals.heat(model, some, codes) / _FULL_HEAT)
    colour = [np.repeat(p, 3, 1) if p.shape[1] == 1 else p for p in (some, back)]
    tiles = np.stack([*colour, hot], 1).reshape(-1, *hot.shape[1:]).transpose(0, 2, 3, 1)
    return routes.publish(images.png(images.mosaic(tiles, 3)), "image/png")
