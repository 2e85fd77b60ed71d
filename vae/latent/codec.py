"""Codecs: what pages and latent-space tools need of a model, with NumPy arrays in and out."""

from typing import NamedTuple, Protocol

import numpy as np
import torch

from ..export.decoder_program import DecoderProgramError, decoder_program
from ..models.base import Autoencoder, device_of
from .encoding import Codes, Seeds, decode_uint8, encode_images

SEEDS = 256  # noise seeds that are offered; seed 0 is zero noise
_AT_ONCE = 2**19  # pixel values: a network keeps some hundred bytes of each while it decodes


class CodecInfo(NamedTuple):
    """What a model takes and returns. `classes` is the number of labels that it can be conditioned
    on, `noise_size` the number of latents below the code that a noise seed sets; 0 where it has
    none. `normal_prior` says whether its prior is N(0, I);
    `variations` and `seed_groups` as of `vae.models.base.Autoencoder`."""

    image_shape: tuple[int, int, int]
    latent: int
    classes: int = 0
    noise_size: int = 0
    normal_prior: bool = True
    variations: int = SEEDS
    seed_groups: tuple[tuple[str, int], ...] = ()

    def seed_name(self, seed: int) -> str:
        """A noise seed in words, as in `pages/ui/decoder/seed_groups.js`; "" for zero noise of a
        model without groups."""
        variation = seed % self.variations
        group = {first: name for name, first in self.seed_groups}.get(seed - variation)
        return ", ".join(filter(None, [group, f"noise seed {variation}" if variation else ""]))


class Codec(Protocol):
    """A trained model, independent of the library that runs it."""

    info: CodecInfo

    def encode(self, images: np.ndarray, labels: np.ndarray | None = None) -> Codes:
        """Codes of uint8 images [N, C, H, W], given labels [N] if the model takes labels."""

    def pixel_means(
        self, codes: np.ndarray, *, label: int | None = None, seed: Seeds = 0
    ) -> np.ndarray:
        """Images float32 [N, C, H, W] in [0, 1] at codes [N, D], given a label (None: unknown) and
        a noise seed (0: no noise), or one seed per code."""

    def decode(
        self, codes: np.ndarray, *, label: int | None = None, seed: Seeds = 0
    ) -> np.ndarray:
        """The same images as uint8 [N, H, W, C], rounded to the nearest of 256 levels."""

    def noise(self, seed: int) -> np.ndarray:
        """The noise float32 [noise_size] that a seed stands for."""

    def program(self) -> bytes | None:
        """The decoder as a program for the browser; None if it cannot be written as one."""


class TorchCodec:
    """A `Codec` that runs a torch model on the device of its parameters."""

    def __init__(self, model: Autoencoder) -> None:
        self._model = model
        sizes, normal = (model.latent, model.classes, model.noise_size), model.has_prior
        normal = normal and not model.learned_prior
        groups = model.variations, model.seed_groups
        self.info = CodecInfo(model.image_shape, *sizes, normal, *groups)

    def encode(self, images: np.ndarray, labels: np.ndarray | None = None) -> Codes:
        return encode_images(self._model, images, labels)

    @torch.inference_mode()
    def pixel_means(
        self, codes: np.ndarray, *, label: int | None = None, seed: Seeds = 0
    ) -> np.ndarray:
        z = torch.as_tensor(codes, dtype=torch.float32, device=device_of(self._model))
        few = int(max(16, min(2048, _AT_ONCE / np.prod(self.info.image_shape))))
        each = np.ndim(seed) > 0
        parts = [
            self._model.picture(part, label, seed[i * few : (i + 1) * few] if each else seed)
            for i, part in enumerate(z.split(few))
        ]
        return torch.cat(parts).cpu().numpy()

    def decode(
        self, codes: np.ndarray, *, label: int | None = None, seed: Seeds = 0
    ) -> np.ndarray:
        return decode_uint8(self._model, codes, label=label, seed=seed)

    def noise(self, seed: int) -> np.ndarray:
        if not self.info.noise_size:
            return np.zeros(0, np.float32)
        return self._model.context_vector(seed=seed).cpu().numpy()

    def program(self) -> bytes | None:
        try:
            return decoder_program(self._model)
        except DecoderProgramError:
            return None
