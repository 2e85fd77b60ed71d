"""Projections of 10,000 test images to two dimensions: the metrics of the Reduce page.

    python tests/benchmarks/reduction.py [CHECKPOINT ...] [--count 10000]

All are evaluated on the same images, nearest neighbours leave-one-out. t-SNE and UMAP (if
umap-learn is installed) are fitted to these images, the models were trained on the training
images. The time is that of the projection; for a model, of encoding.
"""

import sys
import time
from pathlib import Path

import torch
from bench import table

import vae
from vae import latent
from vae.analysis import projections
from vae.data.dataset import evenly_spaced

ROOT = Path(vae.__file__).parents[1]
TIMED = 500  # images on which encoding is timed


def main(names: list[str], count: int) -> None:
    test = vae.load_dataset("fashion-mnist-starter").test
    chosen = evenly_spaced(len(test.images), count)
    images, labels = test.images[chosen], test.labels[chosen]
    found = []
    for name in names:
        checkpoint = vae.load(ROOT / "checkpoints" / name)
        begun = time.perf_counter()
        latent.encode_images(checkpoint.model, images[:TIMED])
        seconds = (time.perf_counter() - begun) / min(TIMED, len(images)) * len(images)
        codes = latent.split_codes(checkpoint, test).mean[chosen]
        found.append((name, codes[:, :2], seconds))
        if codes.shape[1] > 2:
            found.append((f"{name}, all latents", codes, seconds))
    for method in projections.available_methods():
        done = projections.project(images, method)
        print(f"{method}: {done.seconds:.1f} s", flush=True)
        found.append((method, done.points, done.seconds))
    rows = []
    for name, points, seconds in found:
        values = projections.measure(images, points, labels).values()
        rows.append([name, *(f"{value:.3f}" for value in values), f"{seconds:.1f}"])
    table(
        f"{len(images):,} test images, {torch.get_num_threads()} thread(s)",
        ["projection", "trustworthiness", "1-NN", "5-NN", "silhouette", "V-measure", "seconds"],
        rows,
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    count = 10_000
    if "--count" in arguments:
        at = arguments.index("--count")
        count = int(arguments[at + 1])
        del arguments[at : at + 2]
    main(arguments or ["fashion-vae"], count)
