"""The latent space: codes, their density, samples, directions and paths."""

from .codec import Codec, CodecInfo, TorchCodec
from .density import bounds, pixel_entropy_field
from .encoding import (
    Codes,
    central_items,
    decode_uint8,
    encode_images,
    posterior_samples,
    split_codes,
)
