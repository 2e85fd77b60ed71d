"""Synthetic labelled images: codes drawn around those of each class, decoded and filtered by a
classifier.

A synthetic image is a record (z, label, seed) from which it decodes again. The codes of a class
are drawn from the aggregate posterior of its real images, a mixture of Gaussians (Ghosh et al.
2020, https://arxiv.org/abs/1903.12436, section 4, per class).
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ..checkpoint.artifacts import load_aggregate
from ..checkpoint.folder import Checkpoint
from ..data.dataset import Dataset, Split
from ..evaluation import classifier
from ..formats.untrusted import DataError
from ..latent import sampling
from ..latent.aggregate_posterior import fit_per_class
from ..latent.encoding import decode_uint8, encode_images
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from ..progress import Progress, no_progress

MAX_IMAGES = 100_000  # of one request, all classes together
DRAWS_PER_IMAGE = 100  # before a class is given up
MAX_SPREAD = 3.0
TRAIN_IMAGES = 5000  # real images to which the class posteriors are fitted by default
TRUST = 5.0  # weight of the common covariance, in items
NEIGHBOURS = 15
_BLOCK = 16  # draws per random state, so that a draw depends on the request alone
_BATCH = 128  # records of a class that are decoded together, so that pixels are reproducible
_ROUND = 32  # blocks between two reports of progress
_EARLY = 1024  # draws after which a class with half the required yield is given up

Classifier = Callable[[np.ndarray], np.ndarray]


class AugmentError(DataError):
    """A synthetic data set that cannot be created."""


@dataclass(frozen=True)
class Source:
    """What synthetic images are created from: a model, the codes of each class
    (`class_posteriors`, K equal blocks of components), and a classifier from uint8 images
    [N, C, H, W] to probabilities [N, K], with the `classifier_name` shown to users."""

    model: Autoencoder
    class_posteriors: Mixture
    class_names: tuple[str, ...]
    classifier: Classifier
    classifier_name: str


class SyntheticImages(NamedTuple):
    """uint8 images [N, C, H, W], class by class, with their records: `labels` [N], codes `z`
    [N, D], noise `seeds` [N]; the classifier's `confidence` [N] in each label; and per class the
    number of `draws` [K] and of `accepted` ones [K]."""

    images: np.ndarray
    labels: np.ndarray
    z: np.ndarray
    seeds: np.ndarray
    confidence: np.ndarray
    draws: np.ndarray
    accepted: np.ndarray


def create_source(checkpoint: Checkpoint, dataset: Dataset, most: int = TRAIN_IMAGES) -> Source:
    """A source for the classes of a data set, fitted to at most `most` training images, never to
    test images. Raises `AugmentError`."""
    model, names, split = checkpoint.model, dataset.class_names, dataset.train
    if split.images.shape[1:] != model.image_shape:
        raise AugmentError(
            f"{dataset.name} has images of {split.images.shape[1:]}, {checkpoint.name} decodes "
            f"{model.image_shape}; choose the data that it was trained on"
        )
    limit = most // len(names)
    rows = []
    for label in range(len(names)):
        found = np.flatnonzero(split.labels == label)
        spaced = np.linspace(0, len(found) - 1, min(limit, len(found))).astype(int)
        rows.extend(found[np.unique(spaced)])
    split = Split(split.images[rows], split.labels[rows])
    posteriors = fit_class_posteriors(checkpoint, split, names)
    return Source(model, posteriors, names, *choose_classifier(model, split, names))


def fit_class_posteriors(checkpoint: Checkpoint, split: Split, names: tuple[str, ...]) -> Mixture:
    """The aggregate posterior of each class: that stored with a conditional model, otherwise one
    fitted to the codes of labelled images."""
    model, classes = checkpoint.model, len(names)
    if model.classes and model.classes != classes:
        raise AugmentError(
            f"{checkpoint.name} has {model.classes} classes, the data have {classes}; "
            "choose the data that it was trained on"
        )
    if model.classes and (stored := load_aggregate(checkpoint)) is not None:
        return stored
    counts = np.bincount(split.labels, minlength=classes)
    if counts.min() < 2:
        raise AugmentError(
            f"{names[int(counts.argmin())]} has {counts.min()} images, at least 2 are "
            "needed to fit its codes; choose data with more"
        )
    codes = encode_images(without_refinement(model), split.images, split.labels)
    return fit_per_class(codes, split.labels, classes, pseudo_count=TRUST)


def choose_classifier(
    model: Autoencoder, split: Split, class_names: tuple[str, ...]
) -> tuple[Classifier, str]:
    """The bundled classifier if it supports the images, otherwise the share of labels among the
    real images with the nearest codes; and its name. There a conditional model encodes without
    labels, since a code given a label repeats it."""
    if classifier.supports(model.image_shape, class_names):
        bundled = "the bundled classifier"
        return lambda images: classifier.classify(torch.tensor(images))[1].numpy(), bundled
    from scipy.spatial import cKDTree

    amortised = without_refinement(model)
    tree = cKDTree(encode_images(amortised, split.images).mean)
    k = min(NEIGHBOURS, len(split.labels))

    def classify(images: np.ndarray) -> np.ndarray:
        near = tree.query(encode_images(amortised, images).mean, k=range(1, k + 1))[1]
        return np.eye(len(class_names), dtype=np.float32)[split.labels[near]].mean(1)

    return classify, f"the {NEIGHBOURS} nearest real images in latent space"


def without_refinement(model: Autoencoder) -> Autoencoder:
    """With the amortised posterior: a hundred times faster, and accurate enough here."""
    model = copy.copy(model)
    model.refine = 0
    return model


def synthesize(
    source: Source,
    per_class: int,
    *,
    spread: float = 1.0,
    seed: int = 0,
    min_confidence: float | None = None,
    max_draws: int | None = None,
    allow_fewer: bool = False,
    progress: Progress = no_progress,
) -> SyntheticImages:
    """`per_class` images of every class; the same request gives the same images.

    `spread` multiplies the deviation of each draw from the mean of its component. Images in whose
    label the classifier has less than `min_confidence` (0 to 1) are drawn again, with at most
    `max_draws` per class (by default 100 per image). A class with too few images raises
    `AugmentError` unless `allow_fewer`.
    """
    classes = len(source.class_names)
    _check(per_class, classes, spread, seed, min_confidence)
    limit = max(_BLOCK, DRAWS_PER_IMAGE * per_class if max_draws is None else max_draws)
    total, parts, draws, accepted = per_class * classes, [], [], []
    for label in range(classes):
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        count = block = 0
        while count < per_class and block * _BLOCK < limit:
            # Drawing is the first half of the progress, decoding the second.
            progress((label * per_class + min(count, per_class)) // 2, total)
            if block * _BLOCK >= _EARLY and 2 * DRAWS_PER_IMAGE * count < block * _BLOCK:
                break
            blocks = min(-(-(per_class - count) // _BLOCK), _ROUND, -(-limit // _BLOCK) - block)
            z, seeds = _draw(source, label, range(block, block + blocks), spread, seed)
            block += blocks
            keep = np.ones(len(z), bool)
            if min_confidence:
                images = decode(source.model, z, np.full(len(z), label), seeds)
                keep = source.classifier(images)[:, label] >= min_confidence
            kept.append((z[keep], seeds[keep]))
            count += int(keep.sum())
        draws.append(block * _BLOCK)
        accepted.append(count)
        if count < per_class and not allow_fewer:
            raise AugmentError(
                f"{source.class_names[label]} gave {count:,} of {per_class:,} images in "
                f"{draws[-1]:,} draws; lower the minimum confidence of {min_confidence:g}, change "
                "the spread, or choose another model"
            )
        parts.append(tuple(np.concatenate(part)[:per_class] for part in zip(*kept, strict=True)))
    z, seeds = (np.concatenate(part) for part in zip(*parts, strict=True))
    labels = np.repeat(np.arange(classes), [len(part[0]) for part in parts])
    images = np.empty((len(z), *source.model.image_shape), np.uint8)
    confidence = np.zeros(len(z), np.float32)
    for label in range(classes):
        of_label = np.flatnonzero(labels == label)
        for start in range(0, len(of_label), 4 * _BATCH):  # whole batches of `decode`
            rows = of_label[start : start + 4 * _BATCH]
            progress((total + int(rows[0])) // 2, total)
            images[rows] = decode(source.model, z[rows], labels[rows], seeds[rows])
            confidence[rows] = source.classifier(images[rows])[:, label]
    progress(total, total)
    counts = np.array(draws), np.array(accepted)
    return SyntheticImages(images, labels, z, seeds, confidence, *counts)


def decode(model: Autoencoder, z: np.ndarray, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """uint8 images [N, C, H, W] of records; the same records give the same pixels, a subset of
    them may differ by 1 of 255 where a value is rounded differently."""
    images = np.empty((len(z), *model.image_shape), np.uint8)
    for label in np.unique(labels):
        of_label = np.flatnonzero(labels == label)
        condition = int(label) if model.classes else None
        for rows in np.split(of_label, range(_BATCH, len(of_label), _BATCH)):
            part = decode_uint8(model, z[rows], label=condition, seed=seeds[rows])
            images[rows] = part.transpose(0, 3, 1, 2)
    return images


class SyntheticDataset(torch.utils.data.Dataset):
    """Synthetic images as (float32 [C, H, W] in [0, 1], label), for a DataLoader."""

    def __init__(self, synthetic: SyntheticImages, transform: Callable | None = None) -> None:
        self.images = torch.from_numpy(synthetic.images)
        self.labels, self.transform = synthetic.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.images[index].float() / 255
        return (image if self.transform is None else self.transform(image)), self.labels[index]


def _check(per_class, classes, spread, seed, min_confidence) -> None:
    most = MAX_IMAGES // classes
    if not 1 <= per_class <= most:
        raise AugmentError(f"{per_class:,} images per class; expected 1 to {most:,}")
    if not 0 <= spread <= MAX_SPREAD:
        raise AugmentError(f"the spread is {spread:g}; expected 0 to {MAX_SPREAD:g}")
    if not 0 <= seed < 2**31:
        raise AugmentError(f"the seed is {seed}; expected 0 to {2**31 - 1:,}")
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise AugmentError(f"the minimum confidence is {min_confidence:g}; expected 0 to 1")


def _draw(
    source: Source, label: int, blocks: range, spread: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Codes, rounded to four decimals as they are shown, and noise seeds of blocks of draws."""
    posterior = source.class_posteriors.block(label, len(source.class_names))
    draw, codes, seeds = sampling.with_temperature(posterior, spread), [], []
    for block in blocks:
        state = np.random.SeedSequence((seed, label, block)).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(state[0]) >> 1)
        codes.append(draw(_BLOCK, generator).numpy().round(4) + 0.0)
        noise = torch.zeros(_BLOCK, dtype=torch.int64)
        if source.model.noise_size:
            last = source.model.variations
            noise = torch.randint(1, last, (_BLOCK,), generator=generator)
        seeds.append(noise.numpy())
    return np.concatenate(codes).astype(np.float32), np.concatenate(seeds)
