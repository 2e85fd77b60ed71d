"""How well anomaly scores detect other data, corruptions and other classes.

First, a model of all of Fashion-MNIST: its test images against `digits` (resized to 28), MNIST if
it is available, and corruptions. Second, one-class: trained on one class, the test images of that
class against those of the nine others, the mean over ten classes, compared with PCA reconstruction
and a one-class SVM fitted to the same images. The best score is chosen on validation images.

    python tests/benchmarks/anomaly.py                          everything
    python tests/benchmarks/anomaly.py --one-class FOLDER       stores the results per class

The two parameters of the default score (a blur of 1.5 pixels, half the weight for the whole
residual) were chosen on Fashion-MNIST against digits, without MNIST, corruptions or one-class.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from bench import table
from sklearn.decomposition import PCA
from sklearn.svm import OneClassSVM

import vae
from vae import ModelConfig, TrainConfig, anomaly, latent, training
from vae.anomaly import corruptions, thresholds
from vae.anomaly.residuals import reconstruct
from vae.anomaly.scores import Scorer
from vae.anomaly.summary_statistics import fit_summary
from vae.checkpoint.artifacts import load_aggregate
from vae.data.dataset import evenly_spaced

ROOT = Path(vae.__file__).parents[1]
LATENT, EPOCHS, TRAIN_IMAGES = 16, 20, 5000
MODEL = ModelConfig(latent=LATENT, encoder_widths=(400,), decoder_widths=(400,))
ONE_CLASS = ("structure", "squared", "deviance", "reconstruction", "neg_elbo", "summary")


def all_classes(name: str = "fashion-vae") -> None:
    loaded, data = vae.load(ROOT / "checkpoints" / name), vae.load_dataset("fashion-mnist")
    test, model = data.test.images, loaded.model
    others = {}
    for other in ("digits", "mnist"):
        try:
            found = vae.load_dataset(other)
        except vae.DataError:
            print(f"{other} is not available")
            continue
        images = found.test.images
        if other == "digits":
            images = np.concatenate([found.train.images, images])
        others[other] = images
    others |= {words: corruptions.corrupt(test[::20], kind)
               for kind, (words, _) in corruptions.CORRUPTIONS.items()}  # fmt: skip
    codes = {words: latent.encode_images(model, images) for words, images in others.items()}
    normal = latent.split_codes(loaded, data.test)
    train = data.train.images[evenly_spaced(len(data.train.images), 2000)]
    scorer = Scorer(model, load_aggregate(loaded), fit_summary(model, train))
    rows = []
    for score in anomaly.available_scores(scorer):
        limit = {"code": 10_000, "bound": 500, "search": 100}[anomaly.SCORES[score].cost]

        def compute(images, codes, score=score, limit=limit):
            chosen = evenly_spaced(len(images), limit)
            part = latent.Codes(*(v if v is None else v[chosen] for v in codes))
            return anomaly.score_images(scorer, images[chosen], score, codes=part)

        begun = time.perf_counter()
        values = compute(test, normal)
        each = (time.perf_counter() - begun) / len(values)
        found = [thresholds.curves(values, compute(o, codes[w])).auroc for w, o in others.items()]
        cells = (f"{v:.3f}" for v in found)
        rows.append([score, f"{len(values):,}", *cells, f"{1000 * each:.2f}"])
        print(*rows[-1], flush=True)
    table(
        f"{name}: AUROC against its test images",
        ["score", "test images", *others, "ms per image"],
        rows,
    )


def one_class(classes: list[int], folder: Path) -> None:
    """Trains on one class at a time; results are stored per class, so that the ten runs can be
    interrupted."""
    data = vae.load_dataset("fashion-mnist")
    for label in classes:
        if not (folder / f"{label}.json").exists():
            begun = time.perf_counter()
            found = _one(data, label)
            (folder / f"{label}.json").write_text(json.dumps(found))
            print(f"{data.class_names[label]} ({time.perf_counter() - begun:.0f} s)", flush=True)
    runs = [json.loads(file.read_text()) for file in sorted(folder.glob("?.json"))]
    rows = []
    for score in runs[0]:
        validation, test = np.array([run[score] for run in runs]).T
        rows.append([score, f"{validation.mean():.1f}", f"{test.mean():.1f}", f"{test.std():.1f}"])
    rows.sort(key=lambda row: -float(row[1]))
    table(
        f"One class of Fashion-MNIST, mean AUROC in % of {len(runs)} runs",
        ["score", "validation", "test", "standard deviation over classes"],
        rows,
    )


def _one(data: vae.Dataset, label: int) -> dict[str, tuple[float, float]]:
    """AUROC in % of every score on validation and test images, for a model trained on the first
    5,000 training images of a class. Validation images are the other 1,000 of them, against
    training images of other classes."""
    train, test = data.train, data.test
    inside, outside = train.images[train.labels == label], train.images[train.labels != label]
    fitted = inside[:TRAIN_IMAGES]
    sides = [
        (inside[TRAIN_IMAGES:], outside[evenly_spaced(len(outside), 2000)]),
        (test.images[test.labels == label], test.images[test.labels != label]),
    ]
    splits = [vae.Split(x, np.zeros(len(x), np.int64)) for x in (fitted, fitted[:100])]
    one = vae.Dataset("one class", *splits, ("normal",))
    config = vae.Config(MODEL, TrainConfig(data="one class", epochs=EPOCHS, batch_size=128))
    run = training.new_run(config, one, torch.device("cpu"))
    for _ in training.train(run, one):
        pass
    scorer = Scorer(run.result, None, fit_summary(run.result, fitted))
    scores = {**_vae_scores(scorer, fitted), **_other_scores(fitted)}
    features, auroc = [tuple(map(Features(scorer), side)) for side in sides], {}
    for name, score in scores.items():
        auroc[name] = tuple(100 * thresholds.curves(*map(score, side)).auroc for side in features)
    return auroc


class Features:
    """The features of images from which the scores below are computed."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        parts: dict[str, list[np.ndarray]] = {}
        with torch.no_grad():
            for of in reconstruct(self.scorer.model, images):
                values = {s: anomaly.SCORES[s].compute(self.scorer, of) for s in ONE_CLASS}
                values["residual"] = (of.x - of.picture).flatten(1)
                values["flat"] = of.x.flatten(1)
                values["code"] = of.z
                for key, value in values.items():
                    parts.setdefault(key, []).append(value.double().numpy())
        return {key: np.concatenate(values) for key, values in parts.items()}


def _vae_scores(scorer: Scorer, train: np.ndarray) -> dict:
    """The scores of `vae.anomaly` and others that were tried, fitted to training images."""
    from sklearn.covariance import LedoitWolf

    own = Features(scorer)(train)
    scores = {f"VAE, {score}": (lambda part, score=score: part[score]) for score in ONE_CLASS}
    fitted = {key: LedoitWolf().fit(own[key]) for key in ("residual", "code")}
    weights = 1 / (own["residual"].var(0) + 1e-3)
    tried = {
        "Mahalanobis distance of the residual": lambda p: fitted["residual"].mahalanobis(
            p["residual"]
        ),
        "Mahalanobis distance of the code": lambda p: fitted["code"].mahalanobis(p["code"]),
        "squared error, pixels weighted": lambda p: (p["residual"] ** 2 * weights).sum(1),
        "squared": lambda p: p["squared"],
    }
    scores |= {f"VAE, {n}": score for n, score in tried.items() if n != "squared"}
    logs = {n: np.log(score(own) + 1e-9) for n, score in tried.items()}

    def standard(name: str, part: dict) -> np.ndarray:
        return (np.log(tried[name](part) + 1e-9) - logs[name].mean()) / logs[name].std()

    def summed(*names: str):
        return lambda part: sum(standard(name, part) for name in names)

    residual, code, weighted, squared = tried
    scores["VAE, residual + code"] = summed(residual, code)
    scores["VAE, residual + squared"] = summed(residual, squared)
    scores["VAE, squared + code"] = summed(squared, code)
    scores["VAE, residual + squared + code"] = summed(residual, squared, code)
    scores["VAE, weighted + squared + residual"] = summed(weighted, squared, residual)
    return scores


def _other_scores(train: np.ndarray) -> dict:
    """PCA reconstruction and a one-class SVM of the same images."""
    flat, scores = train.reshape(len(train), -1) / 255.0, {}
    for size in (LATENT, 64):
        pca = PCA(size, random_state=0).fit(flat)

        def error(part, pca=pca):
            residual = part["flat"] - pca.inverse_transform(pca.transform(part["flat"]))
            return (residual**2).sum(1)

        scores[f"PCA of {size}, squared error"] = error
    svm = OneClassSVM(nu=0.1, gamma="scale").fit(flat)
    gamma, vectors, weights = svm._gamma, svm.support_vectors_, svm.dual_coef_[0]

    def svm_score(part) -> np.ndarray:  # -score_samples as matrix products; libsvm takes minutes
        x = part["flat"]
        squares = (x**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * x @ vectors.T
        return -np.exp(-gamma * squares) @ weights

    assert np.allclose(svm_score({"flat": flat[:50]}), -svm.score_samples(flat[:50]))
    scores["one-class SVM of the pixels"] = svm_score
    return scores


if __name__ == "__main__":
    if "--one-class" not in sys.argv:
        all_classes()
    folder = Path(sys.argv[-1]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp())
    one_class(list(range(10)), folder)
