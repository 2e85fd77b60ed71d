"""Do variations keep the class? Twelve of each of N items (default 200) of every bundled model.

    python tests/benchmarks/variations.py [N] [MODEL ...]

For each model: the share of items of which at least 11 of 12 variations show the class of their
original, and the mean number of those that do, as the page reads the class (`ClassReader`), by the
bundled classifier alone (Fashion-MNIST) and by the five nearest real images; the same for a
Gaussian in latent space of one width; how much both change the picture; and the time of twelve
variations.
"""

import sys
import time

import numpy as np
import torch

import vae
from vae.analysis.pixel_neighbours import PixelIndex, reference_distances
from vae.evaluation.class_reader import ClassReader
from vae.evaluation.classifier import classify, supports
from vae.latent import sampling
from vae.latent.codec import TorchCodec
from vae.latent.density import LOW_DENSITY, RelativeDensity
from vae.latent.variations import vary

SIGMA = 0.2  # of the Gaussian, as the page had it


def measure(name: str, items: int) -> None:
    checkpoint = vae.load(f"checkpoints/{name}")
    dataset = vae.load_dataset(checkpoint.config.train.data)
    codec, shown = TorchCodec(checkpoint.model), dataset.shown
    index = PixelIndex(shown.images)
    read, labels = ClassReader(dataset, index), np.asarray(shown.labels)
    conditional = labels if codec.info.classes else None
    codes = codec.encode(shown.images, conditional).mean
    density, distance = RelativeDensity.fit(codes), reference_distances(shown.images)[1]

    def by_classifier(pictures):
        return classify(torch.tensor(pictures.transpose(0, 3, 1, 2).copy()))[1].argmax(1).numpy()

    def by_neighbours(pictures):
        near = labels[index.neighbours(pictures.transpose(0, 3, 1, 2), 5).item]
        return (near[:, :, None] == np.arange(len(dataset.class_names))).sum(1).argmax(1)

    judges = {"page": lambda pictures: read(pictures).argmax(1), "5-NN": by_neighbours}
    if supports(shown.images.shape[1:], dataset.class_names):
        judges["classifier"] = by_classifier
    kept = {(way, judge): [] for way in ("metric", "Gaussian") for judge in judges}
    changes, seconds, counts = {"metric": [], "Gaussian": []}, [], []
    for row in np.random.default_rng(0).choice(len(labels), items, replace=False):
        label = int(labels[row]) if codec.info.classes else None
        original = codec.decode(codes[row][None], label=label)
        low = min(LOW_DENSITY, float(density.at(codes[row][None])[0]) / 2)
        start = time.perf_counter()
        found = vary(
            codec,
            codes[row],
            12,
            distance=distance,
            label=label,
            seed=int(row),
            classify=read,
            keep=int(read(original)[0].argmax()),
            inside=lambda z, low=low: density.at(z) >= low,
        )
        seconds.append(time.perf_counter() - start)
        plain = sampling.variations(
            checkpoint.model, codes[row], 12, spread=SIGMA, seed=int(row), label=label
        )
        counts.append(len(found.z))
        for way, z, seeds in (("metric", *found[:2]), ("Gaussian", *plain[:2])):
            if not len(z):
                for judge in judges:
                    kept[way, judge].append(0)
                continue
            pictures = codec.decode(z, label=label, seed=seeds)
            change = (pictures.astype(float) - original) / 255
            changes[way].append(np.sqrt((change**2).mean((1, 2, 3))).mean())
            for judge, classes in judges.items():
                same = classes(pictures) == classes(original)[0]
                kept[way, judge].append(same.sum())
    shares = ", ".join(
        f"{way} by {judge} {np.mean(np.array(held) >= 11):.3f} (mean {np.mean(held):.1f})"
        for (way, judge), held in kept.items()
    )
    print(
        f"{name}: {shares}; change {np.mean(changes['metric']):.3f} and "
        f"{np.mean(changes['Gaussian']):.3f} RMS per pixel; {np.median(seconds):.2f} s; "
        f"fewer than 12: {np.mean(np.array(counts) < 12):.3f}",
        flush=True,
    )


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    bundled = [entry.name for entry in vae.list_checkpoints("checkpoints")]
    for model in [word for word in sys.argv[1:] if not word.isdigit()] or bundled:
        measure(model, *numbers or [200])
