"""Layouts of the same test images in two dimensions: the numbers of the Reduce page, on 10,000.

    python tests/benchmarks/reduction.py [CHECKPOINT ...] [--count 10000]

All are judged on the same images, neighbours leave-one-out; t-SNE and UMAP (where umap-learn is
installed) see exactly these images, the models learned from the training images before. The time
is that of laying out: of a model, of encoding.
"""

import sys
import time
from pathlib import Path

import torch
from bench import table

import vae
from vae import latent
from vae.analysis import projections
from vae.data.subsample import evenly_spaced

ROOT = Path(vae.__file__).parents[1]
TIMED = 500  # images whose encoding is timed


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
            found.append((f"{name}, all its latents", codes, seconds))
    for method in projections.available_methods():
        done = projections.project(images, method)
        print(f"{method}: {done.seconds:.1f} s", flush=True)
        found.append((method, done.points, done.seconds))
    rows = []
    for name, places, seconds in found:
        told = projections.measure(images, places, labels)
        rows.append([name, *(f"{told[key]:.3f}" for key in told), f"{seconds:.1f}"])
    table(
        f"{len(images):,} test images, {torch.get_num_threads()} thread(s)",
        ["layout", "trustworthiness", "1-NN", "5-NN", "silhouette", "V-measure", "seconds"],
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
