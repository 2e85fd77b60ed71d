"""Sharpness and variety of images over the map: average, detail from neighbours, real images.

    python tests/benchmarks/detail.py [CHECKPOINT] [N]     an exemplar model; N draws, 10,000

Draws: around the codes of its exemplars, with a deviation of 0.1. Power: energy at 7 to 10 and at
10 to 14 cycles per image, as a share of that of the test images. Novelty: median distance from the
nearest of all training images, divided by that of test images. Continuity: the largest change
between two of 1,024 images along a straight path, divided by the median one, of 12 paths.
"""

import sys

import numpy as np
import torch
from bench import table
from torch import Tensor

import vae
from vae.evaluation import classifier, sample_quality

BANDS = ((7, 10), (10, 14))  # cycles per image
NOVEL = 1000  # images whose nearest training images are looked for
STEPS, PATHS = 1024, 12


def spectrum(images: Tensor) -> Tensor:
    """The mean energy `[2]` of images `[N, 1, 28, 28]` in both bands."""
    waves = torch.fft.fft2(images[:, 0] - images[:, 0].mean((1, 2), keepdim=True))
    energy = waves.abs().square().mean(0)
    axis = torch.fft.fftfreq(28, 1 / 28)
    radius = torch.hypot(axis[:, None], axis[None])
    return torch.stack([energy[(radius >= a) & (radius < b)].mean() for a, b in BANDS])


def nearest(images: Tensor, training: Tensor) -> float:
    """The median distance of some images from the nearest training image."""
    flat, best = images[:NOVEL].flatten(1), torch.full((NOVEL,), torch.inf)
    for part in training.split(5000):
        best = torch.minimum(best, torch.cdist(flat, part.flatten(1).float() / 255).amin(1))
    return float(best.median())


def change(model: vae.Autoencoder, ends: Tensor) -> float:
    """The largest change between images along a straight path, divided by the median one."""
    path = ends[0] + (ends[1] - ends[0]) * torch.linspace(0, 1, STEPS)[:, None]
    steps = model.decode(path).sigmoid().flatten(1).diff(dim=0).norm(dim=1)
    return float(steps.max() / steps.median())


@torch.inference_mode()
def main(path: str = "checkpoints/fashion-exemplar", draws: int = 10_000) -> None:
    full, model = vae.load_dataset("fashion-mnist"), vae.load(path).model
    average = vae.load("checkpoints/fashion-vae").model
    training = torch.tensor(full.train.images)
    test = torch.tensor(full.test.images[:draws]).float() / 255
    real, power = classifier.classify(test)[0], spectrum(test)
    novelty = nearest(test, training)
    generator = torch.Generator().manual_seed(0)
    places = model.table.place
    z = places[torch.randint(len(places), (draws,), generator=generator)]
    z = z + 0.1 * torch.randn(draws, 2, generator=generator)
    ends = places[torch.randint(len(places), (PATHS, 2), generator=generator)]
    rows = []

    def add(name: str, images: Tensor, changes: list[float] | None = None) -> None:
        features = classifier.classify(images)[0]
        shares = (spectrum(images) / power).tolist()
        precision, recall = sample_quality.precision_recall(real, features)
        values = [sample_quality.frechet(real, features), precision, recall, *shares]
        values.append(nearest(images, training) / novelty)
        shown = [f"{value:.3f}" for value in values]
        worst = "-" if changes is None else f"{np.median(changes):.1f}, {max(changes):.1f}"
        rows.append([name, *shown, worst])
        print(rows[-1], flush=True)

    some = torch.randperm(len(training), generator=generator)[:draws]
    add("real training images", training[some].float() / 255)
    z_average = average.decode(z).sigmoid()
    add("average (fashion-vae)", z_average, [change(average, pair) for pair in ends])
    add("detail from neighbours", model.decode(z).sigmoid(), [change(model, p) for p in ends])
    add("the same, a seed each", model.decode(z, None, generator).sigmoid())
    codes = (model.detail_posterior(x).mean for x in test.split(1000))
    add("test images, decoded again", torch.cat([model.decode_detail(w).sigmoid() for w in codes]))
    names = ["images", "Fréchet", "precision", "recall", "power 7-10", "power 10-14", "novelty"]
    table(f"{draws:,} images over the map", [*names, "change: median, worst"], rows)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
