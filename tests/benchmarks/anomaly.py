"""How well scores find what does not belong: other data, damage, and other classes.

First, a model of all Fashion-MNIST: its test images against `digits` (resized to 28), and against
MNIST where it can be had. Second, one-class: trained on one class alone, the test images of that
class against those of the nine others, the mean over ten classes, beside PCA reconstruction and a
one-class SVM fitted to the same images.

The default score's two numbers (a blur of 1.5 pixels, texture counted half) were chosen by looking
at Fashion-MNIST against digits; MNIST, damage and one-class were not looked at for it.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from bench import table
from sklearn.decomposition import PCA
from sklearn.svm import OneClassSVM

import vae
from vae import (
    ModelConfig,
    TrainConfig,
    anomaly,
    calibration,
    corruptions,
    latent,
    screening,
    training,
)
from vae.anomaly import Judge
from vae.checkpoint import load_aggregate
from vae.summary import fit_summary

ROOT = Path(vae.__file__).parents[1]
LATENT, EPOCHS = 16, 40
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
    others |= {words: corruptions.damaged(test[::20], kind)
               for kind, (words, _) in corruptions.DAMAGES.items()}  # fmt: skip
    codes = {words: latent.encode_images(model, images) for words, images in others.items()}
    normal = latent.split_codes(loaded, data.test)
    learned = data.train.images[screening.spread(len(data.train.images), 2000)]
    judge = Judge(model, load_aggregate(loaded), fit_summary(model, learned))
    rows = []
    for score in anomaly.available(judge):
        # An image of a bound or a search costs as much as many that follow from codes.
        most = {"code": 10_000, "bound": 500, "search": 100}[anomaly.SCORES[score].effort]

        def asked(images, of, score=score, most=most):
            few = screening.spread(len(images), most)
            known = latent.Codes(of.mean[few], None if of.std is None else of.std[few])
            return anomaly.scores(judge, images[few], score, codes=known)

        begun = time.perf_counter()
        values = asked(test, normal)
        each = (time.perf_counter() - begun) / len(values)
        found = [calibration.curves(values, asked(o, codes[w])).auroc for w, o in others.items()]
        cells = (f"{v:.3f}" for v in found)
        rows.append([score, f"{len(values):,}", *cells, f"{1000 * each:.2f}"])
        print(*rows[-1], flush=True)
    table(
        f"{name}: AUROC against its test images",
        ["score", "test images", *others, "ms an image"],
        rows,
    )


def one_class(classes: range) -> None:
    data = vae.load_dataset("fashion-mnist")
    found: dict[str, list[float]] = {}
    for label in classes:
        begun = time.perf_counter()
        own = data.train.images[data.train.labels == label]
        normal = data.test.labels == label

        def note(name: str, values: np.ndarray, normal=normal) -> None:
            auroc = calibration.curves(values[normal], values[~normal]).auroc
            found.setdefault(name, []).append(100 * auroc)

        flat, test = (a.reshape(len(a), -1) / 255.0 for a in (own, data.test.images))
        pca = PCA(LATENT, random_state=0).fit(flat)
        back = pca.inverse_transform(pca.transform(test))
        note(f"PCA of {LATENT}, squared error", ((test - back) ** 2).sum(1))
        svm = OneClassSVM(nu=0.1, gamma="scale").fit(flat)
        note("one-class SVM of the pixels", -svm.score_samples(test))
        splits = (
            vae.Split(own, np.zeros(len(own), np.int64)),
            vae.Split(own[:100], np.zeros(100, np.int64)),
        )
        for size in (2, LATENT):
            config = vae.Config(
                ModelConfig(latent=size),
                TrainConfig(data="one class", epochs=EPOCHS, batch_size=128),
            )
            one = vae.Dataset("one class", *splits, ("normal",))
            run = training.new_run(config, one, torch.device("cpu"))
            for _ in training.train(run, one):
                pass
            model = run.result
            judge = Judge(model, None, fit_summary(model, own))
            for score in ONE_CLASS:
                note(f"VAE, D = {size}, {score}", anomaly.scores(judge, data.test.images, score))
        told = ", ".join(f"{k} {v[-1]:.1f}" for k, v in found.items())
        print(
            f"{data.class_names[label]}: {told} ({time.perf_counter() - begun:.0f} s)", flush=True
        )
    rows = [[k, f"{np.mean(v):.1f}", f"{np.std(v):.1f}"] for k, v in found.items()]
    rows.sort(key=lambda row: -float(row[1]))
    table(
        f"One class of Fashion-MNIST, {len(classes)} runs",
        ["score", "mean AUROC, %", "spread"],
        rows,
    )


if __name__ == "__main__":
    if "--one-class" not in sys.argv:
        whole()
    one_class(range(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 10))
