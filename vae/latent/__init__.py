"""The latent space: codes, their density, ways through it, and samples from it."""

from .codec import Codec, CodecInfo, TorchCodec, open_codec
from .density import Field, at, bounds, density, entropy
from .encoding import (
    Codes,
    central_items,
    class_centres,
    decode_uint8,
    encode_images,
    posterior_samples,
    split_codes,
)
