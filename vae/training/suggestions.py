"""Sensible settings of a training, from the number, size and colour of the images."""

from ..network_sizes import resnet_levels
from ..validation import ConfigError

# Images that a training sees in all: a minute or two on 2 cores. "Train for longer" continues.
_SEEN = {"resnet": 12_000, "mlp": 300_000}  # a resnet's of 64 x 64 pixels
_FEWEST_SEEN = 4000  # however large they are
_LARGE = 48  # pixels of a side from which a convolutional network is better than an MLP
_FEW = 2000  # images below which a model overfits without changed copies


def suggest(count: int, shape: tuple[int, int, int], class_counts: list[int]) -> dict:
    """Options of a training, as `TrainConfig` and `ModelConfig` name them, for `count` training
    images of shape [C, H, W] with so many of each class.

    An MLP on colour images of 64 pixels drives the codes to the edge of the latent space at the
    default learning rate; a small set needs small batches to take enough steps.
    """
    channels, height, width = shape
    large = max(height, width) >= _LARGE
    network, seen = "mlp", _SEEN["mlp"]
    if large and _fits_resnet(shape):
        pixels = max(64 * 64, height * width)
        network, seen = "resnet", max(_FEWEST_SEEN, _SEEN["resnet"] * 64 * 64 // pixels)
    batch = 256 if count >= 5000 and network == "mlp" else 64 if count >= _FEW else 32
    batch = max(8, min(batch, 2 ** (count // 8).bit_length()))
    most = [number for number in class_counts if number]
    return {
        "network": network,
        "batch_size": batch,
        "epochs": max(10, min(200, round(seen / max(1, count)))),
        "lr": 1e-3 if network == "resnet" or (channels > 1 and large) else 2e-3,
        "shift": 0.05 if count < _FEW else 0.0,
        "balance": len(most) > 1 and max(most) > 10 * min(most),
    }


def _fits_resnet(shape: tuple[int, int, int]) -> bool:
    try:
        resnet_levels(shape)
    except ConfigError:
        return False
    return True
