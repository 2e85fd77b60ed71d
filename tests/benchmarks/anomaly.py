"""How well scores find what does not belong: other data, damage, and other classes.

First, a model of all Fashion-MNIST: its test images against `digits` (resized to 28), and against
MNIST where it can be had. Second, one-class: trained on one class alone, the test images of that
class against those of the nine others, the mean over ten classes, beside PCA reconstruction and a
one-class SVM fitted to the same images. What is best there is chosen by validation images.

    python tests/benchmarks/anomaly.py                          everything
    python tests/benchmarks/anomaly.py --one-class FOLDER       keeps each class's numbers there

The default score's two numbers (a blur of 1.5 pixels, texture counted half) were chosen by looking
at Fashion-MNIST against digits; MNIST, damage and one-class were not looked at for it.
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
from vae.anomaly import screening, thresholds
from vae.anomaly.residuals import reconstruct
from vae.anomaly.scores import Scorer
from vae.anomaly.summary_statistics import fit_summary
from vae.checkpoint.artifacts import load_aggregate
from vae.data import corruptions

ROOT = Path(vae.__file__).parents[1]
LATENT, EPOCHS, LEARNED = 16, 20, 5000
MODEL = ModelConfig(latent=LATENT, encoder_widths=(400,), decoder_widths=(400,))
ONE_CLASS = ("structure", "squared", "deviance", "reconstruction", "neg_elbo", "summary")


def whole(name: str = "fashion-vae") -> None:
    loaded, data = vae.load(ROOT / "checkpoints" / name), vae.load_dataset("fashion-mnist")
    test, model = data.test.images, loaded.model
    others = {}
    for other in ("digits", "mnist"):
        try:
            found = vae.load_dataset(other)
        except vae.DataError:
            print(f"{other} is not to be had here")
            continue
        images = found.test.images
        if other == "digits":
            images = np.concatenate([found.train.images, images])
        others[other] = images
    others |= {words: corruptions.corrupt(test[::20], kind)
               for kind, (words, _) in corruptions.CORRUPTIONS.items()}  # fmt: skip
    codes = {words: latent.encode_images(model, images) for words, images in others.items()}
    normal = latent.split_codes(loaded, data.test)
    learned = data.train.images[screening.spread(len(data.train.images), 2000)]
    scorer = Scorer(model, load_aggregate(loaded), fit_summary(model, learned))
    rows = []
    for score in anomaly.available_scores(scorer):
        # An image of a bound or a search costs as much as many that follow from codes.
        most = {"code": 10_000, "bound": 500, "search": 100}[anomaly.SCORES[score].cost]

        def asked(images, of, score=score, most=most):
            few = screening.spread(len(images), most)
            known = latent.Codes(of.mean[few], None if of.std is None else of.std[few])
            return anomaly.score_images(scorer, images[few], score, codes=known)

        begun = time.perf_counter()
        values = asked(test, normal)
        each = (time.perf_counter() - begun) / len(values)
        found = [thresholds.curves(values, asked(o, codes[w])).auroc for w, o in others.items()]
        cells = (f"{v:.3f}" for v in found)
        rows.append([score, f"{len(values):,}", *cells, f"{1000 * each:.2f}"])
        print(*rows[-1], flush=True)
    table(
        f"{name}: AUROC against its test images",
        ["score", "test images", *others, "ms an image"],
        rows,
    )


def one_class(classes: list[int], kept: Path) -> None:
    """Trains on one class at a time; what is found of a class is kept in a file of its own, so
    that the ten runs can be made in pieces."""
    data = vae.load_dataset("fashion-mnist")
    for label in classes:
        if not (kept / f"{label}.json").exists():
            begun = time.perf_counter()
            found = _one(data, label)
            (kept / f"{label}.json").write_text(json.dumps(found))
            print(f"{data.class_names[label]} ({time.perf_counter() - begun:.0f} s)", flush=True)
    runs = [json.loads(file.read_text()) for file in sorted(kept.glob("?.json"))]
    rows = []
    for score in runs[0]:
        validation, test = np.array([run[score] for run in runs]).T
        rows.append([score, f"{validation.mean():.1f}", f"{test.mean():.1f}", f"{test.std():.1f}"])
    rows.sort(key=lambda row: -float(row[1]))
    table(
        f"One class of Fashion-MNIST, mean AUROC in % of {len(runs)} runs",
        ["score", "validation", "test", "spread over classes"],
        rows,
    )


def _one(data: vae.Dataset, label: int) -> dict[str, tuple[float, float]]:
    """AUROC in % on validation and test images by every score, of models that learned from the
    first 5,000 training images of one class. Validation: the other 1,000 of them against training
    images of other classes."""
    train, test = data.train, data.test
    own, rest = train.images[train.labels == label], train.images[train.labels != label]
    learned = own[:LEARNED]
    sides = [
        (own[LEARNED:], rest[screening.spread(len(rest), 2000)]),
        (test.images[test.labels == label], test.images[test.labels != label]),
    ]
    splits = [vae.Split(x, np.zeros(len(x), np.int64)) for x in (learned, learned[:100])]
    one = vae.Dataset("one class", *splits, ("normal",))
    config = vae.Config(MODEL, TrainConfig(data="one class", epochs=EPOCHS, batch_size=128))
    run = training.new_run(config, one, torch.device("cpu"))
    for _ in training.train(run, one):
        pass
    scorer = Scorer(run.result, None, fit_summary(run.result, learned))
    ways = {**_ours(scorer, learned), **_theirs(learned)}
    seen_, found = [tuple(map(Part(scorer), side)) for side in sides], {}
    for name, way in ways.items():
        found[name] = tuple(100 * thresholds.curves(*map(way, side)).auroc for side in seen_)
    return found


class Part:
    """Images with everything that the ways below look at, found once."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        parts: dict[str, list[np.ndarray]] = {}
        with torch.no_grad():
            for some in reconstruct(self.scorer.model, images):
                told = {s: anomaly.SCORES[s].compute(self.scorer, some) for s in ONE_CLASS}
                told["residual"] = (some.x - some.picture).flatten(1)
                told["flat"] = some.x.flatten(1)
                told["code"] = some.z
                for key, value in told.items():
                    parts.setdefault(key, []).append(value.double().numpy())
        return {key: np.concatenate(values) for key, values in parts.items()}


def _ours(scorer: Scorer, learned: np.ndarray) -> dict:
    """The product's scores, and ways that were tried beside them; all that is fitted is fitted to
    the learned images."""
    from sklearn.covariance import LedoitWolf

    own = Part(scorer)(learned)
    ways = {f"VAE, {score}": (lambda part, score=score: part[score]) for score in ONE_CLASS}
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
    ways |= {f"VAE, {n}": way for n, way in tried.items() if n != "squared"}
    logs = {n: np.log(way(own) + 1e-9) for n, way in tried.items()}

    def standard(name: str, part: dict) -> np.ndarray:
        return (np.log(tried[name](part) + 1e-9) - logs[name].mean()) / logs[name].std()

    def summed(*names: str):
        return lambda part: sum(standard(name, part) for name in names)

    residual, code, weighted, squared = tried
    ways["VAE, residual + code"] = summed(residual, code)
    ways["VAE, residual + squared"] = summed(residual, squared)
    ways["VAE, squared + code"] = summed(squared, code)
    ways["VAE, residual + squared + code"] = summed(residual, squared, code)
    ways["VAE, weighted + squared + residual"] = summed(weighted, squared, residual)
    return ways


def _theirs(learned: np.ndarray) -> dict:
    """PCA reconstruction and a one-class SVM of the same images."""
    flat, ways = learned.reshape(len(learned), -1) / 255.0, {}
    for size in (LATENT, 64):
        pca = PCA(size, random_state=0).fit(flat)

        def missed(part, pca=pca):
            off = part["flat"] - pca.inverse_transform(pca.transform(part["flat"]))
            return (off**2).sum(1)

        ways[f"PCA of {size}, squared error"] = missed
    svm = OneClassSVM(nu=0.1, gamma="scale").fit(flat)
    gamma, vectors, weights = svm._gamma, svm.support_vectors_, svm.dual_coef_[0]

    def outside(part) -> np.ndarray:  # -score_samples, by matrices: libsvm's loop takes minutes
        x = part["flat"]
        squares = (x**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * x @ vectors.T
        return -np.exp(-gamma * squares) @ weights

    assert np.allclose(outside({"flat": flat[:50]}), -svm.score_samples(flat[:50]))
    ways["one-class SVM of the pixels"] = outside
    return ways


if __name__ == "__main__":
    if "--one-class" not in sys.argv:
        whole()
    folder = Path(sys.argv[-1]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp())
    one_class(list(range(10)), folder)
