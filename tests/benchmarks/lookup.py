"""How often a similarity search finds the right class, and how well its confidence is calibrated.

    python tests/benchmarks/lookup.py [CHECKPOINT ...]     names in checkpoints/, or paths

First, retrieval: the official test images are the queries, the training images (all 60,000 of the
full Fashion-MNIST if it is available) the items, by code, by PCA of the same size, and by pixels.
Then other distances between codes than Euclid's. Then calibration on test images: the class as
the page and the command predict it (the other test images vote), and with the training images as
voters, in both cases fitted to training images that do not vote.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from bench import table
from sklearn.decomposition import PCA

import vae
from vae import latent
from vae.analysis import retrieval
from vae.analysis.pixel_neighbours import Neighbours
from vae.data.dataset import evenly_spaced
from vae.evaluation import classifier

ROOT = Path(vae.__file__).parents[1]
KS = (1, 5, 10)
SAMPLE = 2000  # queries for which distances between codes are compared
SPARE = 3 * retrieval.VOTERS  # nearest items; those held out do not vote
HELD_OUT = 2000  # training images to which the confidence is fitted


def best_data(name: str, size: int) -> vae.Dataset:
    try:
        return vae.load_dataset(name, size=size)
    except vae.DataError:
        return vae.load_dataset("fashion-mnist-starter", size=size)


def row(words: str, near: Neighbours, known: np.ndarray, labels: np.ndarray) -> list[str]:
    """Recall at k (one of the k nearest has the class) and precision at k."""
    same = [known[near.item[:, :k]] == labels[:, None] for k in KS]
    return [words, *(f"{s.any(1).mean():.3f}" for s in same), *(f"{s.mean():.3f}" for s in same)]


def brute(distance, queries: int, k: int) -> Neighbours:
    """The k nearest by `distance(rows) -> [rows, N]`, 50 queries at a time."""
    parts = [distance(slice(i, i + 50)).topk(k, largest=False) for i in range(0, queries, 50)]
    return Neighbours(
        torch.cat([p.indices for p in parts]).numpy(), torch.cat([p.values for p in parts]).numpy()
    )


def code_distances(
    model, index, known: latent.Codes, asked: latent.Codes, labels
) -> list[list[str]]:
    """Euclidean distance, distances between posteriors, and between decoded pictures."""
    z, s = torch.tensor(known.mean), None if known.std is None else torch.tensor(known.std)
    q, t = torch.tensor(asked.mean), None if asked.std is None else torch.tensor(asked.std)
    rows = [row("Euclid", index.by_code(asked.mean, 10), index.labels, labels)]
    if s is not None:

        def mahalanobis(at):
            return ((q[at, None] - z) / t[at, None]).square().sum(2)

        def overlap(at):
            variance = t[at, None].square() + s.square()
            return ((q[at, None] - z).square() / variance + variance.log()).sum(2)

        for words, distance in (
            ("Mahalanobis, by the query's posterior", mahalanobis),
            ("overlap of both posteriors", overlap),
        ):
            rows.append(row(words, brute(distance, len(q), 10), index.labels, labels))
    pictures = latent.decode_uint8(model, asked.mean).transpose(0, 3, 1, 2)
    rows.append(
        row("picture at the code, by pixels", index.by_pixels(pictures, 10), index.labels, labels)
    )
    return rows


def calibration_rows(title: str, fit, asked) -> list[list[str]]:
    """Rows of accuracy, log loss and calibration error, before and after; `fit` and `asked` are
    (votes, labels)."""
    rows = []
    for words, pick in (("code", [0]), ("pixels", [1]), ("both", [0, 1])):
        votes = [[v[i] for i in pick] for v in (fit[0], asked[0])]
        fitted = retrieval.LogOpinionPool.fit(votes[0], fit[1])
        for state, confidence in (
            ("before", retrieval.LogOpinionPool.uniform(len(pick))),
            ("after", fitted),
        ):
            p = confidence.probabilities(votes[1])
            weights = ", ".join(f"{w:.2f}" for w in confidence.weights)
            rows.append([title, words, state, weights, *numbers(p, asked[1])])
    return rows


def numbers(p: np.ndarray, labels: np.ndarray, bins: int = 15) -> list[str]:
    """Accuracy, log loss and expected calibration error."""
    confidence, correct = p.max(1), p.argmax(1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    ece = np.abs(np.bincount(bin_of, confidence - correct, bins)).sum() / len(labels)
    return [f"{correct.mean():.3f}", f"{retrieval.log_loss(p, labels):.3f}", f"{ece:.3f}"]


def without(near: Neighbours, held: np.ndarray) -> Neighbours:
    """The `VOTERS` nearest that are not held out."""
    left = ~np.isin(near.item, held)
    first = np.argsort(~left, 1, kind="stable")[:, : retrieval.VOTERS]
    assert np.take_along_axis(left, first, 1).all()
    return Neighbours(*(np.take_along_axis(a, first, 1) for a in near))


def measure(name: str) -> None:
    path = ROOT / "checkpoints" / name
    loaded = vae.load(path if path.exists() else name)
    model, begun = loaded.model, time.perf_counter()
    data = best_data(loaded.config.train.data, model.image_shape[1])
    learned, test = data.train, data.test
    # Neither items nor queries are conditioned on their labels.
    known = latent.encode_images(model, learned.images)
    asked = latent.encode_images(model, test.images)
    print(f"{name}: encoded in {time.perf_counter() - begun:.0f} s", flush=True)

    begun, d = time.perf_counter(), model.latent
    index = retrieval.Index(known.mean, learned.images, learned.labels, len(data.class_names))
    flat = [s.images.reshape(len(s.images), -1) / np.float32(255) for s in (learned, test)]
    pca = PCA(d, random_state=0).fit(flat[0])
    reduced = [pca.transform(part) for part in flat]
    by_pca = retrieval.Index(
        reduced[0], learned.images[..., :1, :1], learned.labels, index.classes
    )
    by_code = index.by_code(asked.mean, SPARE)
    by_pixels = index.by_pixels(test.images, SPARE)
    at_k = [f"{what} at {k}" for what in ("recall", "precision") for k in KS]
    rows = []
    for words, near in (
        (f"code, D = {d}", by_code),
        (f"PCA, D = {d}", by_pca.by_code(reduced[1], 10)),
        ("pixels", by_pixels),
    ):
        rows.append(row(words, near, learned.labels, test.labels))
    title = f"{len(test.images):,} test images among {len(learned.images):,} training images"
    table(f"Finding the class, {loaded.name}: {title}", ["by", *at_k], rows)
    few = evenly_spaced(len(test.images), SAMPLE)
    some = latent.Codes(asked.mean[few], None if asked.std is None else asked.std[few])
    rows = code_distances(model, index, known, some, test.labels[few])
    table(f"Distances between codes, {loaded.name}: {len(few):,} of them", ["by", *at_k], rows)

    held = evenly_spaced(len(learned.images), HELD_OUT)
    images, labels = learned.images[held], learned.labels[held]
    near = index.by_code(known.mean[held], SPARE), index.by_pixels(images, SPARE)
    fit = [index.vote_shares(without(n, held)) for n in near]
    votes = [index.vote_shares(without(n, held)) for n in (by_code, by_pixels)]
    title = f"{len(learned.images) - len(held):,} training images"
    rows = calibration_rows(title, (fit, labels), (votes, test.labels))
    shown = retrieval.Index(asked.mean, test.images, test.labels, index.classes)
    fit = shown.votes(known.mean[held], images)
    votes = shown.votes(asked.mean, test.images, exclude=np.arange(len(shown)))
    rows += calibration_rows("the other test images", (fit, labels), (votes, test.labels))
    if classifier.supports(model.image_shape, data.class_names):
        p = classifier.classify(torch.tensor(test.images))[1].numpy()
        rows.append(["bundled classifier", "pixels", "no", "", *numbers(p, test.labels)])
    head = ["voters", f"{retrieval.VOTERS} nearest by", "calibrated", "weights"]
    head += ["accuracy", "log loss, nats", "ECE, 15 bins"]
    table(f"Calibration, {loaded.name}: {len(test.images):,} test images", head, rows)
    print(f"measured in {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    for checkpoint in sys.argv[1:] or ["fashion-vae"]:
        measure(checkpoint)
