"""A small classifier of Fashion-MNIST: a fixed judge of samples, trained once and bundled.

Its penultimate features are where Fréchet distance, precision and recall are measured, its class
says what a sample shows. Published Fréchet distances use other features: ours compare only with
ours. The weights are `classifier.safetensors`, made by `python -m vae classifier`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from ..checkpoint.folder import CheckpointError
from ..checkpoint.tensor_file import read_tensors, write_tensors
from ..data.dataset import Dataset

WEIGHTS = Path(__file__).parent / "classifier.safetensors"
FEATURES = 128
_SHAPE = (1, 28, 28)


class Classifier(nn.Module):
    """Images `[B, 1, 28, 28]` in [0, 1] -> logits `[B, 10]`."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for channels, pool in ((24, True), (48, False), (48, True), (96, False)):
            layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if pool else []
            before = channels
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.features = nn.Sequential(nn.Linear(before * 49, FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(self.trunk(x - 0.286)))


@torch.inference_mode()
def judge(classifier: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features `[N, 128]` and class probabilities `[N, K]` of images in [0, 1] or uint8."""
    features, probabilities = [], []
    for part in images.split(1000):
        x = part.float() / 255 if part.dtype == torch.uint8 else part
        seen = classifier.features(classifier.trunk(x - 0.286))
        features.append(seen)
        probabilities.append(classifier.head(seen).softmax(1))
    return torch.cat(features), torch.cat(probabilities)


def judges(image_shape: tuple[int, ...], class_names: tuple[str, ...]) -> bool:
    """Whether the bundled classifier knows such images: Fashion-MNIST's shape and classes."""
    return tuple(image_shape) == _SHAPE and "Ankle boot" in class_names and len(class_names) == 10


@functools.cache
def bundled() -> Classifier:
    """The classifier that lies beside this file, in evaluation mode."""
    read = read_tensors(WEIGHTS)
    if read is None:
        raise CheckpointError(f"{WEIGHTS.name} is missing or damaged; restore it from git")
    classifier = Classifier()
    state = classifier.state_dict()
    classifier.load_state_dict({k: v.to(state[k].dtype) for k, v in read[0].items()})
    return classifier.eval().requires_grad_(False)


def train(
    dataset: Dataset, *, epochs: int = 12, batch_size: int = 256, seed: int = 0
) -> Iterator[tuple[int, float, Classifier]]:
    """Trains with flips and shifts; yields the epoch, the test accuracy and the classifier."""
    torch.manual_seed(seed)
    classifier = Classifier(len(dataset.class_names))
    images, labels = (torch.tensor(part) for part in dataset.train)
    steps = epochs * (len(images) // batch_size)
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for epoch in range(1, epochs + 1):
        classifier.train()
        order = torch.randperm(len(images))
        for chosen in order[: len(images) // batch_size * batch_size].split(batch_size):
            x = _augmented(images[chosen].float() / 255)
            with torch.autocast("cpu", torch.bfloat16):
                logits = classifier(x)
            loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        classifier.eval()
        yield epoch, accuracy(classifier, dataset.test.images, dataset.test.labels), classifier


def accuracy(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that are named right."""
    named = judge(classifier, torch.tensor(images))[1].argmax(1)
    return float((named == torch.tensor(labels)).float().mean())


def save(classifier: Classifier, facts: dict[str, str]) -> None:
    """Writes the weights as float16 beside this file."""
    state = classifier.state_dict()
    state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    write_tensors(WEIGHTS, state, facts)


def _augmented(x: Tensor) -> Tensor:
    """Each image flipped left to right or not, blurred or not, for the samples to be judged are
    blurrier than photographs and a sandal out of focus is still a sandal; the batch moved by up to
    two pixels."""
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
    sigma = 0.4 + 1.4 * float(torch.rand(()))
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, gaussian_blur(x, [7, 7], [sigma]), x)
    down, right = torch.randint(-2, 3, (2,)).tolist()
    return torch.roll(x, (down, right), (2, 3))
