"""Labelled images that a model makes: so many a class, so far from where the class lies, and only
those that a judge of images takes for what they shall show.

A made image is a record (z, label, seed) like every picture here: it decodes again. For each
class, codes are drawn from the aggregate posterior of its real images' codes, a mixture of
Gaussians (Ghosh et al. 2020, https://arxiv.org/abs/1903.12436, section 4, a class at a time).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ..checkpoint.artifacts import load_aggregate
from ..checkpoint.folder import Checkpoint
from ..data.dataset import DataError, Dataset, Split
from ..evaluation import classifier
from ..latent import sampling
from ..latent.aggregate_posterior import fit_labels
from ..latent.encoding import decode_uint8, encode_images
from ..models.base import Autoencoder
from ..nn.distributions import Mixture

MOST = 100_000  # images of one request, all classes together
TRIES = 100  # draws for each image that is asked for, before a class is given up
FURTHEST = 3.0
LEARNED = 5000  # real images that the classes are learned from, unless told otherwise
TRUST = 5.0  # items' worth of belief in the common covariance
NEIGHBOURS = 15
_BLOCK = 16  # draws that share a random state: what is made depends on nothing but the request
_ROWS = 128  # records of one class that are decoded together, always, for the same last bits
_ROUND = 32  # blocks that are judged between two reports
_ENOUGH = 1024  # draws after which a class that gives half of what it must is given up already

Judge = Callable[[np.ndarray], np.ndarray]
Watch = Callable[[int, int], None]


class AugmentError(DataError):
    """A data set that cannot be made: what came, what was expected, what to do."""


@dataclass(frozen=True)
class Source:
    """What labelled images are made from: a model, where the codes of each class lie (`places`,
    K equal blocks of components), and a judge: uint8 images [N, C, H, W] -> shares [N, K], in
    words `judged_by`."""

    model: Autoencoder
    places: Mixture
    class_names: tuple[str, ...]
    judge: Judge
    judged_by: str


class Made(NamedTuple):
    """Made images uint8 [N, C, H, W], class by class, with their records: `labels` [N], codes `z`
    [N, D], detail `seeds` [N]; the judge's `confidence` [N] that each shows its label; and of each
    class how many draws were `tried` [K] and `passed` [K]."""

    images: np.ndarray
    labels: np.ndarray
    z: np.ndarray
    seeds: np.ndarray
    confidence: np.ndarray
    tried: np.ndarray
    passed: np.ndarray


def source(checkpoint: Checkpoint, dataset: Dataset, *, learned: int = LEARNED) -> Source:
    """What a checkpoint can make of a data set's classes, learned from at most `learned` of its
    training images, as many a class: never from those that a classifier may be tested on."""
    split, shape = dataset.train, checkpoint.model.image_shape
    if split.images.shape[1:] != shape:
        raise AugmentError(
            f"{dataset.name} has images of {split.images.shape[1:]}, {checkpoint.name} makes "
            f"{shape}; choose the data that it was trained on"
        )
    names = dataset.class_names
    rows = np.concatenate(
        [_some(split.labels == k, learned // len(names)) for k in range(len(names))]
    )
    few = Split(split.images[rows], split.labels[rows])
    found = judge_of(checkpoint.model, few, names)
    return Source(checkpoint.model, places(checkpoint, few, names), names, *found)


def places(checkpoint: Checkpoint, split: Split, class_names: tuple[str, ...]) -> Mixture:
    """Where each class of labelled images lies: the conditional aggregate posterior that is kept
    with a conditional model, else one fitted to the images' codes."""
    model, classes = checkpoint.model, len(class_names)
    if model.classes:
        if model.classes != classes:
            raise AugmentError(
                f"{checkpoint.name} knows {model.classes} classes, the data have {classes}; "
                "choose the data that it was trained on"
            )
        kept = load_aggregate(checkpoint)
        if kept is not None:
            return kept
    counts = np.bincount(split.labels, minlength=classes)
    if counts.min() < 2:
        raise AugmentError(
            f"{class_names[int(counts.argmin())]} has {counts.min()} images to learn its place "
            "from, at least 2 are needed; choose data with more"
        )
    codes = encode_images(plain(model), split.images, split.labels)
    return fit_labels(codes, split.labels, classes, trust=TRUST)


def judge_of(model: Autoencoder, split: Split, class_names: tuple[str, ...]) -> tuple[Judge, str]:
    """Who says what an image shows, and the words for it: the bundled classifier where it knows
    such images, else real images whose codes lie nearest."""
    if classifier.supports(model.image_shape, class_names):
        trained = classifier.load_bundled()
        return lambda x: classifier.judge(trained, torch.tensor(x))[1].numpy(), (
            "the bundled classifier"
        )
    words = f"the {NEIGHBOURS} real images whose codes lie nearest"
    return neighbours(model, split, len(class_names)), words


def neighbours(model: Autoencoder, split: Split, classes: int) -> Judge:
    """Judges an image by the labels of the real ones whose codes lie nearest to its own; nobody
    is told a label when encoding, for a code that was told repeats it."""
    from scipy.spatial import cKDTree

    quick = plain(model)
    tree = cKDTree(encode_images(quick, split.images).mean)
    k = min(NEIGHBOURS, len(split.labels))

    def judge(images: np.ndarray) -> np.ndarray:
        near = tree.query(encode_images(quick, images).mean, k=range(1, k + 1))[1]
        return np.eye(classes, dtype=np.float32)[split.labels[near]].mean(1)

    return judge


def plain(model: Autoencoder) -> Autoencoder:
    """The same weights with the amortised posterior: without the search over the plane that
    refines every code, which takes a hundred times longer than where a class lies is worth."""
    quick = copy.copy(model)
    quick.refine = 0
    return quick


def synthesize(
    source: Source,
    per_class: int,
    *,
    spread: float = 1.0,
    seed: int = 0,
    least_confidence: float | None = None,
    most_tries: int | None = None,
    short: bool = False,
    watch: Watch | None = None,
) -> Made:
    """`per_class` images of every class, the same for the same request.

    `spread` multiplies each draw's deviation from the centre of its component; an image that the
    judge gives less than `least_confidence` (0 to 1) is drawn again, at most `most_tries` times a
    class (by default 100 for each image). A class that then has too few raises `AugmentError`, or
    is left short. `watch(done, of)` hears of images, and what it raises ends the work.
    """
    classes = len(source.class_names)
    _check(per_class, classes, spread, seed, least_confidence)
    most = max(_BLOCK, TRIES * per_class if most_tries is None else most_tries)
    heard, of = watch or (lambda done, of: None), per_class * classes
    found, tried, passed = [], [], []
    for label in range(classes):
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        count = block = 0
        while count < per_class and block * _BLOCK < most:
            heard((label * per_class + min(count, per_class)) // 2, of)  # the half: drawing
            if block * _BLOCK >= _ENOUGH and 2 * TRIES * count < block * _BLOCK:
                break
            wanted = min(-(-(per_class - count) // _BLOCK), _ROUND, -(-most // _BLOCK) - block)
            z, seeds = _drawn(source, label, range(block, block + wanted), spread, seed)
            block += wanted
            good = np.ones(len(z), bool)
            if least_confidence:
                seen = decode(source.model, z, np.full(len(z), label), seeds)
                good = source.judge(seen)[:, label] >= least_confidence
            kept.append((z[good], seeds[good]))
            count += int(good.sum())
        tried.append(block * _BLOCK)
        passed.append(count)
        if count < per_class and not short:
            raise AugmentError(
                f"{source.class_names[label]} gave {count:,} of {per_class:,} images in "
                f"{tried[-1]:,} draws; lower the least confidence of {least_confidence:g}, change "
                "the spread, or take another model"
            )
        found.append(tuple(np.concatenate(part)[:per_class] for part in zip(*kept, strict=True)))
    z, seeds = (np.concatenate(part) for part in zip(*found, strict=True))
    labels = np.repeat(np.arange(classes), [len(part[0]) for part in found])
    images = np.empty((len(z), *source.model.image_shape), np.uint8)
    confidence = np.zeros(len(z), np.float32)
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        for start in range(0, len(own), 4 * _ROWS):  # whole groups of `decode`
            rows = own[start : start + 4 * _ROWS]
            heard((of + int(rows[0])) // 2, of)
            images[rows] = decode(source.model, z[rows], labels[rows], seeds[rows])
            confidence[rows] = source.judge(images[rows])[:, label]
    heard(of, of)
    return Made(images, labels, z, seeds, confidence, np.array(tried), np.array(passed))


def decode(model: Autoencoder, z: np.ndarray, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """uint8 images [N, C, H, W] of records; the same list gives the same pixels, a part of it
    pixels that may differ by 1 of 255 where a sum falls on the other side of a half."""
    images = np.empty((len(z), *model.image_shape), np.uint8)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        told = int(label) if model.classes else None
        for rows in np.split(own, range(_ROWS, len(own), _ROWS)):
            part = decode_uint8(model, z[rows], label=told, seed=seeds[rows])
            images[rows] = part.transpose(0, 3, 1, 2)
    return images


class SyntheticDataset(torch.utils.data.Dataset):
    """Made images as (float32 [C, H, W] in [0, 1], label), for a DataLoader."""

    def __init__(self, made: Made, transform: Callable | None = None) -> None:
        self.images = torch.from_numpy(made.images)
        self.labels, self.transform = made.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.images[index].float() / 255
        return (image if self.transform is None else self.transform(image)), self.labels[index]


def _some(members: np.ndarray, most: int) -> np.ndarray:
    """Row numbers of at most so many members [N], evenly spread."""
    rows = np.flatnonzero(members)
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int))]


def _check(per_class, classes, spread, seed, least) -> None:
    if per_class < 1 or per_class * classes > MOST:
        raise AugmentError(
            f"{per_class:,} images a class are asked for; expected 1 to {MOST // classes:,}"
        )
    if not 0 <= spread <= FURTHEST:
        raise AugmentError(f"the spread is {spread:g}; expected 0 to {FURTHEST:g}")
    if not 0 <= seed < 2**31:
        raise AugmentError(f"the seed is {seed}; expected 0 to {2**31 - 1:,}")
    if least is not None and not 0 <= least <= 1:
        raise AugmentError(f"the least confidence is {least:g}; expected 0 to 1, such as 0.8")


def _drawn(
    source: Source, label: int, blocks: range, spread: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Codes, rounded as codes are shown, and detail seeds of numbered blocks of draws."""
    model = source.model
    draw = sampling.with_temperature(source.places.block(label, len(source.class_names)), spread)
    codes, seeds = [], []
    for block in blocks:
        state = np.random.SeedSequence((seed, label, block)).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(state[0]) >> 1)
        codes.append(draw(_BLOCK, generator).numpy().round(4) + 0.0)
        if model.noise_size:
            seeds.append(
                torch.randint(1, sampling.NOISE_SEEDS, (_BLOCK,), generator=generator).numpy()
            )
        else:
            seeds.append(np.zeros(_BLOCK, np.int64))
    return np.concatenate(codes).astype(np.float32), np.concatenate(seeds)
