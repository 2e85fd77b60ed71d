"""What the Anomalies page has scored: found once, in a job, and kept for everyone who asks again.

Keys are names, digests and choices, never arrays or models.
"""

import hashlib
import threading
from collections import OrderedDict

import numpy as np
import streamlit as st

import vae
from vae import anomaly
from vae.anomaly import residuals, thresholds
from vae.pictures import grid

from ..runtime import cache, routes
from ..runtime.jobs import Job
from .scores import Answer, Group, Question, answered, part_of
from .settings import OTHER_DATA, Choices

_MOST_KEPT, _MOST_UPLOADS = 8, 2
_FULL_HEAT = 1.5  # expected standard deviations that are drawn in full colour

_found: OrderedDict[Question, Answer] = OrderedDict()
_uploads: OrderedDict[str, tuple[tuple[str, bytes], ...]] = OrderedDict()
_lock = threading.Lock()


def choices(entry: vae.Entry) -> Choices:
    """What can be asked of a model."""
    model = cache.checkpoint(entry.name, entry.digest).model
    data = cache.shown(entry.name, entry.digest)
    others = [name for name in OTHER_DATA if name != data.name]
    return Choices(anomaly.supported_scores(model), data.class_names, others)


def keep_upload(files: list[tuple[str, bytes]]) -> str:
    """Remembers uploaded files for the job; returns their digest."""
    sha = hashlib.sha256()
    for name, content in files:
        sha.update(f"{name}\0{len(content)}\0".encode() + content)
    with _lock:
        _uploads[sha.hexdigest()] = tuple(files)
        _uploads.move_to_end(sha.hexdigest())
        while len(_uploads) > _MOST_UPLOADS:
            _uploads.popitem(last=False)
    return sha.hexdigest()


def holds(digest: str) -> bool:
    """Whether these files can still be read: only the last ones are kept."""
    return digest in _uploads


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
    if anomaly.SCORES[asked.score].requires(ck.model) == "aggregate":
        aggregate = cache.aggregate_posterior(asked.name, asked.digest)
    kept = None  # the codes of a model that is told labels were found with them, no score is
    if not ck.model.classes:
        kept = cache.codes(asked.name, asked.digest)
    files = _uploads.get(asked.own, ())

    def work(progress) -> bytes:
        answer = answered(asked, ck.model, data, other, aggregate, kept, files, progress)
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
        expected=(vae.DataError, thresholds.CalibrationError),
    )


# --- what is shown of an answer ------------------------------------------------------------------


@st.cache_data(max_entries=32, show_spinner=False)
def sorted_scores(asked: Question, _of: Answer) -> tuple[str, str]:
    """URLs of the sorted scores, float64, of normal images and suspects."""
    return tuple(
        routes.publish(np.sort(group.scores).astype("<f8").tobytes())
        for group in (_of.normal, _of.suspects)
    )


@st.cache_data(max_entries=32, show_spinner=False)
def curves(asked: Question, _of: Answer) -> tuple[thresholds.Curves, float]:
    """The curves, and the area under the ROC of the score with the artefact."""
    plain = thresholds.curves(_of.normal.plain, _of.suspects.plain).auroc
    return thresholds.curves(_of.normal.scores, _of.suspects.scores), plain


@st.cache_data(max_entries=64, show_spinner=False)
def pictures(asked: Question, listed: str, rows: tuple[int, ...], _of: Answer) -> str:
    """URL of a sprite: a row for each of these images, with its reconstruction and heat map."""
    group: Group = getattr(_of, listed)
    chosen = list(rows)
    model = cache.checkpoint(asked.name, asked.digest).model
    some, codes = group.images[chosen], part_of(group.codes, np.array(chosen))
    back = residuals.reconstructions(model, some, codes)
    hot = grid.heated(some, residuals.heatmaps(model, some, codes) / _FULL_HEAT)
    colour = [np.repeat(p, 3, 1) if p.shape[1] == 1 else p for p in (some, back)]
    tiles = np.stack([*colour, hot], 1).reshape(-1, *hot.shape[1:]).transpose(0, 2, 3, 1)
    return routes.publish(grid.png(grid.mosaic(tiles, 3)), "image/png")
