"""Sharpness and variety of images over the map: average, detail from neighbours, real images.

    python tests/benchmarks/detail.py [CHECKPOINT] [N]     an exemplar model; N draws, 10,000

Draws: around the codes of its exemplars, with a deviation of 0.1. Power: energy at 1/4 to 1/2.8
and at 1/2.8 to 1/2 of the sampling frequency (7 to 10 and 10 to 14 cycles per image of 28 pixels),
as a share of that of the test images. Fréchet distance, precision and recall: in the features of
the bundled classifier, or, of other images than those of Fashion-MNIST, of one that is trained
here for 2 minutes on their classes. Novelty: median distance from the nearest of all training
images, divided by that of test images. Continuity: the largest change between two of 1,024 images
along a straight path, divided by the median one, of 12 paths.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench import table
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

import vae
from vae.evaluation import classifier, sample_quality

BANDS = ((1 / 4, 1 / 2.8), (1 / 2.8, 1 / 2))  # of the sampling frequency
NOVEL = 1000  # images whose nearest training images are looked for
STEPS, PATHS = 1024, 12
SECONDS = 120  # of training a classifier


def spectrum(images: Tensor) -> Tensor:
    """The mean energy `[2]` of images `[N, C, S, S]` in both bands."""
    parts = [part - part.mean((2, 3), keepdim=True) for part in images.split(500)]
    energy = sum(torch.fft.fft2(part).abs().square().mean(1).sum(0) for part in parts)
    axis = torch.fft.fftfreq(images.shape[3])
    radius = torch.hypot(axis[:, None], axis[None]).mul(28).round(decimals=6) / 28
    return torch.stack([energy[(radius >= a) & (radius < b)].mean() for a, b in BANDS]) / len(
        images
    )


def features_of(data: vae.Dataset) -> Callable[[Tensor], Tensor]:
    """A function from images in [0, 1] to features `[N, F]` of a classifier of their classes."""
    if classifier.supports(data.train.images.shape[1:], data.class_names):
        return lambda images: classifier.classify(images)[0]
    torch.manual_seed(0)
    channels, layers = data.train.images.shape[1], []
    for width in (24, 48, 64, 96):
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.BatchNorm2d(width)]
        layers += [nn.ReLU()]
        channels = width
    features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(384, 64))
    network = nn.Sequential(features, nn.ReLU(), nn.Linear(64, len(data.class_names)))
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    labels, start = torch.tensor(data.train.labels), time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for rows in torch.randperm(len(labels)).split(128):
            x = torch.tensor(data.train.images[rows.numpy()]).float() / 255
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, gaussian_blur(x, [5, 5]), x)
            loss = F.cross_entropy(network(x), labels[rows], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()
    x = torch.tensor(data.test.images).float() / 255
    with torch.inference_mode():
        right = network(x).argmax(1) == torch.tensor(data.test.labels)
        print(f"accuracy on the test images {float(right.float().mean()):.3f}")
    return lambda images: torch.cat([features(part) for part in images.split(500)])


def nearest(images: Tensor, training: Tensor) -> float:
    """The median distance of some images from the nearest training image."""
    flat = images[:NOVEL].flatten(1)
    best = torch.full((len(flat),), torch.inf)
    for part in training.split(2000):
        best = torch.minimum(best, torch.cdist(flat, part.flatten(1).float() / 255).amin(1))
    return float(best.median())


def change(decode: Callable[[Tensor], Tensor], ends: Tensor) -> float:
    """The largest change between images along a straight path, divided by the median one."""
    path = ends[0] + (ends[1] - ends[0]) * torch.linspace(0, 1, STEPS)[:, None]
    steps = decode(path).flatten(1).diff(dim=0).norm(dim=1)
    return float(steps.max() / steps.median())


def main(path: str = "checkpoints/fashion-exemplar", draws: int = 10_000) -> None:
    checkpoint = vae.load(path)
    data = vae.load_dataset(checkpoint.config.train.data)
    start = checkpoint.config.train.start
    with_features = features_of(data)
    with torch.inference_mode():
        measure(checkpoint.model, vae.load(start).model, start, data, with_features, draws)


def measure(
    model: vae.Autoencoder,
    average: vae.Autoencoder,
    start: str,
    data: vae.Dataset,
    features_of_images: Callable[[Tensor], Tensor],
    draws: int,
) -> None:
    """Prints the table of a model and of the one whose map it has."""
    training = torch.tensor(data.train.images)
    test = torch.tensor(data.test.images[:draws]).float() / 255
    real, power = features_of_images(test), spectrum(test)
    novelty = nearest(test, training)
    generator = torch.Generator().manual_seed(0)
    places = model.table.place
    z = places[torch.randint(len(places), (draws,), generator=generator)]
    z = z + 0.1 * torch.randn(draws, 2, generator=generator)
    ends = places[torch.randint(len(places), (PATHS, 2), generator=generator)]
    rows = []

    def add(name: str, images: Tensor, changes: list[float] | None = None) -> None:
        features = features_of_images(images)
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

    def over_map(name: str, decode: Callable[[Tensor], Tensor]) -> None:
        def images(z: Tensor) -> Tensor:
            return torch.cat([decode(part).sigmoid() for part in z.split(500)])

        add(name, images(z), [change(images, pair) for pair in ends])

    over_map(f"average ({Path(start).name})", average.decode)
    for name, group in model.seed_groups:
        noise = model.context_vector(seed=group)
        over_map(name, lambda z, u=noise: model.decode_with(z, u.expand(len(z), -1)))
    seeded = [model.decode(part, None, generator).sigmoid() for part in z.split(500)]
    add("mixed, a seed each", torch.cat(seeded))
    codes = (model.detail_posterior(x).mean for x in test.split(500))
    add("test images, decoded again", torch.cat([model.decode_detail(w).sigmoid() for w in codes]))
    names = ["images", "Fréchet", "precision", "recall", "power 1", "power 2", "novelty"]
    table(f"{draws:,} images over the map", [*names, "change: median, worst"], rows)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
