"""Which images a question is about, and their scores. Pure: no Streamlit here."""

from typing import NamedTuple

import numpy as np

import vae
from vae import anomaly
from vae.anomaly import screening
from vae.anomaly.screening import Images, NormalData
from vae.data import corruptions, upload_batch
from vae.data.subsample import evenly_spaced
from vae.latent.encoding import Codes

from .settings import Inquiry

MOST_NORMAL = {"code": 10_000, "bound": 1_000, "search": 100}
MOST_SUSPECTS = {"code": 500, "bound": 500, "search": 100}
MOST_OWN = {"code": upload_batch.MAX_FILES, "bound": 2_000, "search": 100}
_LEARNED = 2_000  # training images that what is normal is fitted to


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


def question_of(entry: vae.Entry, asked: Inquiry, own: str) -> Question:
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


def answered(asked: Question, model, data, other, aggregate, kept, files, progress) -> Answer:
    """Scores what a question is about. `other` is the suspects' data set, `aggregate` where codes
    lie, `kept` the codes of the test images, `files` the uploaded ones, each where it is needed
    and known; `progress` may raise to stop."""
    effort = anomaly.SCORES[asked.score].cost
    labels = data.test.labels
    held_out = int(asked.which) if asked.suspects == "class" else None
    normal_rows, learned = _normal(labels, asked.only, held_out), data.train.images
    if asked.only is not None or held_out is not None:
        learned = learned[_normal(data.train.labels, asked.only, held_out)]
        aggregate = None  # fitted anew, without what is not normal here
    refused: list[tuple[str, str]] = []
    most = MOST_NORMAL[effort] if kept is not None else min(2_000, MOST_NORMAL[effort])
    rows = normal_rows[evenly_spaced(len(normal_rows), most)]
    every = len(rows) == len(labels)  # then nothing is copied
    normal = Images(data.test.images if every else data.test.images[rows], part_of(kept, rows))
    names = [data.class_names[k] for k in labels[rows]]
    few = MOST_SUSPECTS[effort]
    if asked.suspects == "own":
        read = upload_batch.read_files(
            upload_batch.list_files(files), model.image_shape, progress=progress
        )
        refused = [(p, why) for p, why in zip(read.paths, read.errors, strict=True) if why]
        items = evenly_spaced(len(read.images), MOST_OWN[effort])
        count, suspects = len(read.images), Images(read.images[items])
        told = [read.accepted[k] for k in items]
    elif asked.suspects == "data":
        pictures, of = _whole(other)
        items = evenly_spaced(len(pictures), few)
        count, suspects = len(pictures), Images(_like(pictures[items], model.image_shape))
        told = [other.class_names[k] for k in of[items]]
    elif asked.suspects == "class":
        own = np.flatnonzero(labels == held_out)
        items = own[evenly_spaced(len(own), most)]  # their codes are known, as those of normal
        count, suspects = len(own), Images(data.test.images[items], part_of(kept, items))
        told = [data.class_names[held_out]] * len(items)
    elif asked.suspects == "damage":
        items = normal_rows[evenly_spaced(len(normal_rows), few)]
        worse = corruptions.corrupt(data.test.images[items], asked.which, seed=asked.seed)
        count, suspects = len(normal_rows), Images(worse)
        told = [data.class_names[k] for k in labels[items]]
    else:
        items, count, told = rows[:0], 0, []
        suspects = Images(data.test.images[:0])
    few_learned = learned[evenly_spaced(len(learned), _LEARNED)]
    first, second = screening.screen(
        model,
        asked.score,
        [normal, suspects],
        NormalData(few_learned, aggregate),
        progress=progress,
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


def part_of(codes: Codes | None, rows: np.ndarray) -> Codes | None:
    """Codes of some rows, where they are known."""
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
