"""What similarity search caches per model: an index, a calibration, and reference scores.

Uploaded images are not cached: a result's URLs hold the image only until newer ones replace them.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
import torch

import vae
from vae import anomaly, latent
from vae.analysis import retrieval
from vae.analysis.pixel_neighbours import Neighbours
from vae.anomaly import thresholds
from vae.data import selection
from vae.data.dataset import evenly_spaced
from vae.evaluation import classifier

from ..models import shown_items
from ..runtime import cache, routes

NEAREST = 8  # neighbours shown by code, and by pixels
_REFERENCES = 1000  # test images that an anomaly score is compared with
_TOP_CLASSES = 3
_POSTERIOR_DRAWS = 60  # of a posterior without a density


class Neighbour(NamedTuple):
    """An image near the query: its number, class, distance, code [D], and what it is called."""

    item: int
    label: str
    distance: float
    z: list[float]
    name: str


class LookupResult(NamedTuple):
    """What is known about an image at once, and the URLs of what takes longer.

    `std` [D] is of the posterior, or `draws` [n, D] where it has no density; `image` and
    `reconstruction` are uint8 [H, W, C]; `identical` is the known image with the same pixels;
    `votes` are the class shares [1, K] of the neighbours by code and by pixels among the images
    that are shown by default: `voters` in words, "" where the listed neighbours are among these
    too. `references` is what the images of the anomaly score and the calibration are called.
    """

    key: str
    z: tuple[float, ...]
    std: list[float] | None
    draws: list[list[float]]
    image: np.ndarray
    reconstruction: np.ndarray
    identical: Neighbour | None
    by_code: list[Neighbour]
    by_pixels: list[Neighbour]
    votes: tuple[np.ndarray, np.ndarray]
    classes_url: str
    anomaly_url: str
    references: str
    voters: str


def look_up(name: str, digest: str, image: np.ndarray, show: str = "") -> LookupResult:
    """Looks up one image uint8 [C, H, W] of unknown class; the nearest are among the images that
    `vae.data.selection.select` chooses."""
    codec = cache.codec(name, digest)
    index = test_index(name, digest)
    codes = codec.encode(image[None])
    std, draws = codes.std, None
    if std is None:
        model = cache.checkpoint(name, digest).model
        draws = latent.posterior_samples(model, image, 0, _POSTERIOR_DRAWS)
    z = tuple((codes.mean[0].astype(float).round(4) + 0.0).tolist())
    data = cache.display_dataset(name, digest)
    match = index.match(codes.mean, image[None], retrieval.VOTERS)
    default, chosen = selection.select(data), selection.select(data, show)
    listed = voting = _Search(index, default.numbers, match)
    if others := chosen.show != default.show:
        index = chosen_index(name, digest, chosen.show)
        match = index.match(codes.mean, image[None], NEAREST)
        listed = _Search(index, chosen.numbers, match)
    votes = tuple(map(voting.index.vote_shares, voting.match[1:]))
    same = [s.neighbour(data, s.match.identical[0], 0.0) for s in (listed, voting)
            if s.match.identical[0] >= 0]  # fmt: skip
    what = digest + chosen.show if others else digest
    key = hashlib.sha256(what.encode() + image.tobytes()).hexdigest()[:20]
    return LookupResult(
        key,
        z,
        None if std is None else std[0].astype(float).round(5).tolist(),
        [] if draws is None else draws.astype(float).round(3).tolist(),
        image.transpose(1, 2, 0),
        codec.decode(np.array([z]))[0],
        same[0] if same else None,
        listed.nearest(data, listed.match.by_code),
        listed.nearest(data, listed.match.by_pixels),
        votes,
        routes.publish_deferred(
            f"classes {key}", lambda: json.dumps(classify(name, digest, image, votes)).encode()
        ),
        routes.publish_deferred(
            f"anomaly {key}", lambda: json.dumps(anomaly_score(name, digest, image)).encode()
        ),
        "images" if data.shows_all and len(data.train.labels) else "test images",
        default.words if others else "",
    )


class _Search(NamedTuple):
    """What a search has found in an index of the images with some numbers."""

    index: retrieval.Index
    numbers: np.ndarray
    match: retrieval.Match

    def neighbour(self, data: vae.Dataset, row: int, distance: float) -> Neighbour:
        number, code = int(self.numbers[row]), self.index.codes[row].astype(float).round(4)
        label, called = data.class_names[self.index.labels[row]], selection.name_of(data, number)
        return Neighbour(number, label, round(float(distance), 4), code.tolist(), called)

    def nearest(self, data: vae.Dataset, found: Neighbours) -> list[Neighbour]:
        pairs = zip(*(values[0, :NEAREST] for values in found), strict=True)
        return [self.neighbour(data, *pair) for pair in pairs]


@st.cache_resource(max_entries=2, show_spinner="Indexing the images")
def chosen_index(name: str, digest: str, show: str) -> retrieval.Index:
    """The images of `vae.data.selection.select`, in their order."""
    data = cache.display_dataset(name, digest)
    images, labels = selection.split_of(data, selection.select(data, show).numbers)
    codes = shown_items.codes(name, digest, show).mean
    return retrieval.Index(codes, images, labels, len(data.class_names))


@st.cache_resource(max_entries=4, show_spinner="Indexing the test images")
def test_index(name: str, digest: str) -> retrieval.Index:
    """The test images of a model's data, searchable by code and by pixels."""
    data, codes = cache.display_dataset(name, digest), cache.codes(name, digest).mean
    pixel_index = cache.pixel_index(cache.images_of(name, digest))
    images, labels = data.shown
    return retrieval.Index(codes, images, labels, len(data.class_names), pixel_index=pixel_index)


@st.cache_resource(max_entries=16, show_spinner=False)
def calibration(name: str, digest: str) -> tuple[retrieval.LogOpinionPool, retrieval.Reliability]:
    """How votes become probabilities, and how often those are right on held-out images."""
    index, model = test_index(name, digest), cache.checkpoint(name, digest).model
    confidence = retrieval.fit_confidence(index, model, cache.display_dataset(name, digest).train)
    return confidence, retrieval.measure_reliability(index, model, confidence)


@st.cache_resource(max_entries=16, show_spinner=False)
def reference_scores(name: str, digest: str) -> np.ndarray | None:
    """The default anomaly score of evenly spaced test images; None where they are too few."""
    images = cache.display_dataset(name, digest).shown.images
    sample = images[evenly_spaced(len(images), _REFERENCES)]
    return None if len(sample) < thresholds.MIN_IMAGES else _scores(name, digest, sample)


def _scores(name: str, digest: str, images: np.ndarray) -> np.ndarray:
    return anomaly.score_images(anomaly.Scorer(cache.checkpoint(name, digest).model), images)


def classify(name: str, digest: str, image: np.ndarray, votes: Sequence[np.ndarray]) -> dict:
    """The most probable classes by the neighbours' votes, the accuracy of answers of the same
    confidence, and the bundled classifier's prediction; as JSON values."""
    names = cache.display_dataset(name, digest).class_names
    confidence, reliability = calibration(name, digest)
    shares = confidence.probabilities(votes)[0]
    top = np.argsort(-shares, kind="stable")[:_TOP_CLASSES]
    accuracy, count = reliability.accuracy_at(float(shares[top[0]]))
    return {
        "classes": [{"name": names[k], "share": float(shares[k])} for k in top],
        "calibration": {"accuracy": accuracy, "count": count},
        "classifier": _classifier_prediction(image, names),
    }


def anomaly_score(name: str, digest: str, image: np.ndarray) -> dict | None:
    """The share of test images with a lower anomaly score; None where they are too few."""
    reference = reference_scores(name, digest)
    if reference is None:
        return None
    share = float(thresholds.percentile_rank(reference, _scores(name, digest, image[None]))[0])
    description = anomaly.SCORES[anomaly.DEFAULT].description
    return {"share": share, "count": len(reference), "description": description}


def _classifier_prediction(image: np.ndarray, names: tuple[str, ...]) -> dict | None:
    """The bundled classifier's prediction, or None for images that it was not trained for."""
    if not classifier.supports(image.shape, names):
        return None
    shares = classifier.classify(torch.tensor(image[None]))[1][0]
    return {"name": names[int(shares.argmax())], "share": float(shares.max())}
