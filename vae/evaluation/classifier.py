"""A small classifier of Fashion-MNIST, trained once and bundled, with which samples are evaluated.

Fréchet distance, precision and recall are computed in its penultimate features. Published Fréchet
distances use other features and are not comparable. The weights in `classifier.safetensors` are
written by `python -m vae classifier`.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from ..checkpoint.tensor_file import load_half
from ..data.dataset import Dataset
from ..data.load import FASHION_CLASSES

WEIGHTS = Path(__file__).parent / "classifier.safetensors"
FEATURES = 128
_BATCH = 100  # images at a time: their features stay in a processor's cache


class Classifier(nn.Module):
    """Images `[B, 1, 28, 28]` in [0, 1] -> logits `[B, 10]`."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        layers, width = [], 1
        for channels, pool in ((24, True), (48, False), (48, True), (96, False)):
            convolution = nn.Conv2d(width, channels, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(channels), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if pool else []
            width = channels
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.features = nn.Sequential(nn.Linear(width * 49, FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(self.trunk(x - 0.286)))


@torch.inference_mode()
def classify(images: Tensor, classifier: Classifier | None = None) -> tuple[Tensor, Tensor]:
    """Features `[N, 128]` and class probabilities `[N, K]` of images in [0, 1] or uint8, by the
    bundled classifier unless another one is given."""
    classifier = classifier or load_bundled()
    features, probabilities = [], []
    for part in images.split(_BATCH):
        x = part.float() / 255 if part.dtype == torch.uint8 else part
        features.append(classifier.features(classifier.trunk(x - 0.286)))
        probabilities.append(classifier.head(features[-1]).softmax(1))
    return torch.cat(features), torch.cat(probabilities)


def supports(image_shape: tuple[int, ...], class_names: tuple[str, ...]) -> bool:
    """Whether the bundled classifier was trained for these images, those of Fashion-MNIST."""
    return tuple(image_shape) == (1, 28, 28) and tuple(class_names) == FASHION_CLASSES


@functools.cache
def load_bundled() -> Classifier:
    """The bundled classifier, in evaluation mode."""
    # With channels last oneDNN takes a quarter of the time.
    return load_half(WEIGHTS, Classifier()).to(memory_format=torch.channels_last)


def train(
    dataset: Dataset, *, epochs: int = 12, batch_size: int = 256, seed: int = 0
) -> Iterator[tuple[int, float, Classifier]]:
    """Trains with flips, shifts and blur; yields epoch, test accuracy and classifier."""
    torch.manual_seed(seed)
    classifier = Classifier(len(dataset.class_names))
    images, labels = (torch.tensor(part) for part in dataset.train)
    steps = epochs * (len(images) // batch_size)
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for epoch in range(1, epochs + 1):
        classifier.train()
        order = torch.randperm(len(images))
        for rows in order[: len(images) // batch_size * batch_size].split(batch_size):
            x = _augment(images[rows].float() / 255)
            with torch.autocast("cpu", torch.bfloat16):
                logits = classifier(x)
            loss = F.cross_entropy(logits.float(), labels[rows], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        classifier.eval()
        yield epoch, accuracy(classifier, *dataset.test), classifier


def accuracy(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of images that are classified correctly."""
    predicted = classify(torch.tensor(images), classifier)[1].argmax(1)
    return float((predicted == torch.tensor(labels)).float().mean())


def _augment(x: Tensor) -> Tensor:
    """Random flips, shifts by up to two pixels, and blur: samples are blurrier than the images."""
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
    sigma = 0.4 + 1.4 * float(torch.rand(()))
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, gaussian_blur(x, [7, 7], [sigma]), x)
    down, right = torch.randint(-2, 3, (2,)).tolist()
    return torch.roll(x, (down, right), (2, 3))
