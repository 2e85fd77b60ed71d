"""Small things that the tests of the engine share: a tiny data set, tiny settings."""

import numpy as np
import pytest
import torch

from vae import Config, Dataset, ModelConfig, Split, TrainConfig

WIDTHS = {
    "mlp": {"encoder_widths": (32, 32), "decoder_widths": (16, 32, 32)},
    "conv": {"encoder_widths": (4, 8, 16), "decoder_widths": (16, 8, 4, 4)},
    "resnet": {"encoder_widths": (8, 16), "decoder_widths": (16, 8, 4)},
}


@pytest.fixture
def tiny():
    """60 + 20 images of 8 x 8 in two classes: a bright left or a bright right half, and noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    images = rng.integers(0, 60, (80, 1, 8, 8))
    images[labels == 0, :, :, :4] += 150
    images[labels == 1, :, :, 4:] += 150
    images = images.astype(np.uint8)
    train, test = Split(images[:60], labels[:60]), Split(images[60:], labels[60:])
    return Dataset("tiny", train, test, ("left", "right"))


@pytest.fixture
def settings():
    """Makes a small config; keywords go to the model or to the training by their names."""

    def make(name="vae", network="mlp", **options):
        model = {"name": name, "network": network, "image_shape": (1, 8, 8), "fourier": 4}
        model |= {"levels": (3, 4)} if name == "hvae" else {}
        model |= {"levels": (5,), "exemplars": 40} if name == "exemplar" else {}
        model |= {"classes": 2} if name == "cvae" else {}
        train = {"data": "tiny", "epochs": 4, "batch_size": 20}
        for key, value in options.items():
            (train if hasattr(TrainConfig, key) else model)[key] = value
        return Config(ModelConfig(**model, **WIDTHS[network]), TrainConfig(**train))

    return make


@pytest.fixture
def pictures(tiny):
    return torch.from_numpy(tiny.test.images).float() / 255


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker ends with one of them alone."""
    items.sort(key=lambda item: item.path.parent.name not in ("training", "browser", "commands"))
