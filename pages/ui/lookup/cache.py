"""What a look-up keeps in memory: an index a model, how sure it may be, what is usual. Pictures
that people bring are not kept; what is asked about one later is held by its URL alone."""

import hashlib
import json
from typing import NamedTuple

import numpy as np
import streamlit as st
import torch

from vae import anomaly, latent
from vae.analysis import retrieval
from vae.anomaly import thresholds
from vae.data.subsample import evenly
from vae.evaluation import classifier

from ..runtime import cache, routes

NEAREST = 8  # items that are shown by code, and by pixels
_NORMAL = 1000  # test images that say what is usual
_FIRST = 3  # classes that are told
_DRAWS = 60  # of a posterior that is no ellipse


class Item(NamedTuple):
    """A test image near a picture: its number, class, distance, code [D]."""

    item: int
    label: str
    distance: float
    z: list[float]


class Look(NamedTuple):
    """What is known of a picture at once: its code `z` and the posterior's `std` [D], or `draws`
    [n, D] where that is no ellipse, uint8 pictures [H, W, C], the test image that it is, the
    nearest others, and the URLs of its class and of how unusual it is, which take longer."""

    key: str
    z: tuple[float, ...]
    std: list[float] | None
    draws: list[list[float]]
    picture: np.ndarray
    reconstruction: np.ndarray
    itself: Item | None
    code: list[Item]
    pixels: list[Item]
    answer: str
    unusual: str


def look(name: str, digest: str, image: np.ndarray) -> Look:
    """Looks up one image uint8 [C, H, W], its class unknown."""
    model = cache.checkpoint(name, digest).model
    index = items(name, digest)
    codes = latent.encode_images(model, image[None])
    std, draws = codes.std, None
    if std is None:
        draws = latent.posterior_draws(model, image, 0, _DRAWS)
    z = tuple((codes.mean[0].astype(float).round(4) + 0.0).tolist())
    same = index.identical(image[None])
    names = cache.shown(name, digest).class_names

    def told(item: int, distance: float) -> Item:
        code = index.codes[item].astype(float).round(4).tolist()
        return Item(int(item), names[index.labels[item]], round(float(distance), 4), code)

    by_code = index.by_code(codes.mean, NEAREST, itself=same)
    by_pixels = index.by_pixels(image[None], NEAREST, itself=same)
    key = hashlib.sha256(digest.encode() + image.tobytes()).hexdigest()[:20]
    return Look(
        key,
        z,
        None if std is None else std[0].astype(float).round(5).tolist(),
        [] if draws is None else draws.astype(float).round(3).tolist(),
        image.transpose(1, 2, 0),
        latent.decode_bytes(model, np.array([z]))[0],
        told(same[0], 0.0) if same[0] >= 0 else None,
        [told(*near) for near in zip(by_code.item[0], by_code.distance[0], strict=True)],
        [told(*near) for near in zip(by_pixels.item[0], by_pixels.distance[0], strict=True)],
        routes.publish_later(
            f"answer {key}", lambda: json.dumps(answer(name, digest, image, codes.mean)).encode()
        ),
        routes.publish_later(
            f"unusual {key}", lambda: json.dumps(strangeness(name, digest, image)).encode()
        ),
    )


@st.cache_resource(max_entries=4, show_spinner="Laying out the images to look among")
def items(name: str, digest: str) -> retrieval.Index:
    """The test images of a model."""
    trained, data = cache.checkpoint(name, digest).config, cache.shown(name, digest)
    gallery = cache.gallery(trained.train.data, trained.model.image_shape[1])
    codes = cache.codes(name, digest).mean
    test = data.test
    return retrieval.Index(codes, test.images, test.labels, len(data.class_names), gallery=gallery)


@st.cache_resource(max_entries=16, show_spinner=False)
def sureness(name: str, digest: str) -> tuple[retrieval.Confidence, retrieval.Reliability]:
    """How votes become probabilities, and how often those were right."""
    index, model = items(name, digest), cache.checkpoint(name, digest).model
    confidence = retrieval.fitted(index, model, cache.shown(name, digest).train)
    return confidence, retrieval.measured(index, model, confidence)


@st.cache_resource(max_entries=16, show_spinner=False)
def usual(name: str, digest: str) -> np.ndarray | None:
    """The default score of test images, evenly spread; None where they are too few."""
    images = cache.shown(name, digest).test.images
    few = images[evenly(len(images), _NORMAL)]
    return None if len(few) < thresholds.LEAST else anomaly.scores(_judge(name, digest), few)


def _judge(name: str, digest: str) -> anomaly.Judge:
    return anomaly.Judge(cache.checkpoint(name, digest).model)


def answer(name: str, digest: str, image: np.ndarray, codes: np.ndarray) -> dict:
    """The first classes of an image [C, H, W] at codes [1, D], how often such answers were right,
    and what the bundled classifier says; as JSON tells it."""
    index, names = items(name, digest), cache.shown(name, digest).class_names
    confidence, reliability = sureness(name, digest)
    votes = index.votes(codes, image[None], itself=index.identical(image[None]))
    shares = confidence.probabilities(votes)[0]
    first = np.argsort(-shares, kind="stable")[:_FIRST]
    right, of = reliability.such(float(shares[first[0]]))
    return {
        "classes": [{"name": names[k], "share": float(shares[k])} for k in first],
        "such": {"right": right, "of": of},
        "judge": _other(image, names),
    }


def strangeness(name: str, digest: str, image: np.ndarray) -> dict | None:
    """The share of test images that are less unusual; None where they are too few to say."""
    known = usual(name, digest)
    if known is None:
        return None
    mine = anomaly.scores(_judge(name, digest), image[None])
    sentence = anomaly.SCORES[anomaly.DEFAULT].sentence
    share = float(thresholds.share_below(known, mine)[0])
    return {"share": share, "of": len(known), "sentence": sentence}


def _other(image: np.ndarray, names: tuple[str, ...]) -> dict | None:
    """What the bundled classifier says, of images that it knows."""
    if not classifier.judges(image.shape, names):
        return None
    shares = classifier.judge(classifier.bundled(), torch.tensor(image[None]))[1][0]
    return {"name": names[int(shares.argmax())], "share": float(shares.max())}
