"""The latent space: codes, their density, ways through it, and samples from it."""

from .density import Field, at, bounds, density, entropy
from .encoding import (
    Codes,
    central_items,
    class_centres,
    decode_bytes,
    detail_noise,
    encode_images,
    posterior_draws,
    split_codes,
)
