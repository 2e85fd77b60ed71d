"""A small picture of what a model makes, by which people choose among models."""

import io

import numpy as np
from PIL import Image

from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from .sample_quality import draw

SAMPLES = 8  # beside each other


def preview(model: Autoencoder, aggregate: Mixture) -> bytes:
    """A row of samples around the codes of training images, as WebP."""
    images = draw(model, SAMPLES, prior=aggregate, seed=0)
    row = np.concatenate(list(images.mul(255).round().byte().numpy()), axis=2)  # [C, H, N W]
    pixels = row[0] if len(row) == 1 else row.transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=85)
    return file.getvalue()
