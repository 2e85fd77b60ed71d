"""The images of an anomaly request, and their scores. Pure: no Streamlit here."""

from typing import NamedTuple

import numpy as np

import vae
from vae import anomaly
from vae.anomaly import corruptions, screening
from vae.anomaly.screening import Images, NormalData
from vae.config import Preparation
from vae.data import uploads
from vae.data.dataset import evenly_spaced
from vae.data.uploads import Files
from vae.isolation import reader
from vae.latent.encoding import Codes
from vae.nn.distributions import Mixture
from vae.progress import Progress

from .settings import AnomalySettings

# The largest number of scored images by what a score costs.
MAX_NORMAL = {"code": 10_000, "bound": 1_000, "search": 100}
MAX_CANDIDATES = {"code": 500, "bound": 500, "search": 100}
MAX_UPLOADED = {"code": uploads.MAX_FILES, "bound": 2_000, "search": 100}
_MAX_ENCODED = 2_000  # normal images, where their codes must be computed first
_MAX_FITTED = 2_000  # training images that a score is fitted to


class ScoreRequest(NamedTuple):
    """All that determines the scores. `source` is the data set, class or corruption of the
    candidates, `upload` the digest of uploaded files."""

    name: str
    digest: str
    score: str
    candidates: str
    source: str
    seed: int
    only: int | None
    upload: str


class Group(NamedTuple):
    """Scored images: `scores` [N], `baseline` [N] (the plain reconstruction error), `items`
    [N] (their indices among the `count` images that they were sampled from), `names`, codes."""

    images: np.ndarray
    scores: np.ndarray
    baseline: np.ndarray
    items: np.ndarray
    count: int
    names: list[str]
    codes: Codes


class ScoreResult(NamedTuple):
    """`candidates` is empty without candidates; `rejected` lists files and reasons."""

    normal: Group
    candidates: Group
    rejected: list[tuple[str, str]]


class _Sample(NamedTuple):
    """Images before they are scored; the fields of `Group`."""

    images: Images
    items: np.ndarray
    count: int
    names: list[str]

    def scored(self, screened: screening.Screened) -> Group:
        scores, baseline, codes = screened
        return Group(self.images.images, scores, baseline, *self[1:], codes)


def score_request(entry: vae.Entry, settings: AnomalySettings, upload: str) -> ScoreRequest:
    sources = {"data": settings.dataset, "class": str(settings.label), "damage": settings.damage}
    return ScoreRequest(
        entry.name,
        entry.digest,
        settings.score,
        settings.candidates,
        sources.get(settings.candidates, ""),
        settings.seed if settings.candidates == "damage" else 0,
        settings.only,
        upload if settings.candidates == "own" else "",
    )


def compute_scores(
    request: ScoreRequest,
    model: vae.Autoencoder,
    data: vae.Dataset,
    *,
    other: vae.Dataset | None,
    aggregate: Mixture | None,
    codes: Codes | None,
    files: Files,
    how: Preparation,
    progress: Progress,
) -> ScoreResult:
    """Scores the images of a request.

    `other` is the candidates' data set, `aggregate` the aggregate posterior, `codes` those of the
    test images, `files` the uploaded ones and `how` they are prepared; each is needed for some
    requests only. `progress` may raise to stop.
    """
    cost = anomaly.SCORES[request.score].cost
    labels, fitted = data.test.labels, data.train.images
    held_out = int(request.source) if request.candidates == "class" else None
    normal_rows = _normal(labels, request.only, held_out)
    if request.only is not None or held_out is not None:
        fitted = fitted[_normal(data.train.labels, request.only, held_out)]
        aggregate = None  # fitted again to the normal classes
    most = MAX_NORMAL[cost] if codes is not None else min(_MAX_ENCODED, MAX_NORMAL[cost])

    def test_images(rows: np.ndarray, limit: int) -> _Sample:
        some = rows[evenly_spaced(len(rows), limit)]
        images = data.test.images if len(some) == len(labels) else data.test.images[some]
        names = [data.class_names[k] for k in labels[some]]
        return _Sample(Images(images, codes_of(codes, some)), some, len(rows), names)

    normal = test_images(normal_rows, most)
    rejected: list[tuple[str, str]] = []
    if request.candidates == "own":
        candidates, rejected = _uploaded(files, how, MAX_UPLOADED[cost], progress)
    elif request.candidates == "data":
        candidates = _other_data(other, MAX_CANDIDATES[cost])
    elif request.candidates == "class":
        candidates = test_images(np.flatnonzero(labels == held_out), most)
    elif request.candidates == "damage":
        candidates = test_images(normal_rows, MAX_CANDIDATES[cost])
        worse = corruptions.corrupt(candidates.images.images, request.source, seed=request.seed)
        candidates = candidates._replace(images=Images(worse))
    else:
        candidates = test_images(normal_rows[:0], 0)
    screened = screening.screen(
        model,
        request.score,
        [normal.images, candidates.images],
        NormalData(fitted[evenly_spaced(len(fitted), _MAX_FITTED)], aggregate),
        progress=progress,
    )
    return ScoreResult(normal.scored(screened[0]), candidates.scored(screened[1]), rejected)


def _uploaded(
    files: Files, how: Preparation, limit: int, progress: Progress
) -> tuple[_Sample, list[tuple[str, str]]]:
    read = reader.read_batch(files, how, progress=progress)
    rejected = [(path, why) for path, why in zip(read.paths, read.errors, strict=True) if why]
    items = evenly_spaced(len(read.images), limit)
    names = [read.accepted[k] for k in items]
    return _Sample(Images(read.images[items]), items, len(read.images), names), rejected


def _other_data(data: vae.Dataset, limit: int) -> _Sample:
    """Images of a data set that no model here was trained on: of both splits if it is small, of
    the test split if it is large."""
    images, labels = data.test
    if len(data.train.images) <= 5_000:
        images, labels = map(np.concatenate, zip(data.train, data.test, strict=True))
    items = evenly_spaced(len(images), limit)
    names = [data.class_names[k] for k in labels[items]]
    return _Sample(Images(images[items]), items, len(images), names)


def _normal(labels: np.ndarray, only: int | None, held_out: int | None) -> np.ndarray:
    """Rows of the images that count as normal."""
    if only is not None:
        return np.flatnonzero(labels == only)
    return np.flatnonzero(labels != held_out) if held_out is not None else np.arange(len(labels))


def codes_of(codes: Codes | None, rows: np.ndarray) -> Codes | None:
    """The codes of some rows, if the codes are known."""
    return codes and Codes(*(v if v is None else v[rows] for v in codes))
