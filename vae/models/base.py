"""The interface of all models: codes, posteriors, decoded images, loss terms, optimised parts.

Shapes: B batch, C channels, H height, W width, D latent size, E context size. Unit: nats per
image, summed over pixels and latents. Images are float32 in [0, 1]; decoders return logits.
"""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn

from ..config import ModelConfig
from ..nn import networks, surgery
from ..nn.distributions import Mixture, normal_log_prob, sample_normal
from ..nn.layers import autocast_off
from ..nn.likelihoods import Likelihood
from ..nn.priors import Prior
from ..nn.sharded_noise import normal
from ..nn.ssim import ssim
from ..validation import ConfigError

Labels = Tensor | None  # `[B]`, -1 where unknown; None without any


class Terms(NamedTuple):
    """The two terms of -ELBO `[B]` in nats: -E log p(x|z) and KL(q(z|x) || p(z)). `levels`
    `[B, L]` is the KL of each level from the top down; it sums to `kl`."""

    reconstruction: Tensor
    kl: Tensor
    levels: Tensor


class Posterior(NamedTuple):
    """q(z|x) = N(mean, diag(std^2)), `[B, D]` each."""

    mean: Tensor
    std: Tensor


class Batch(NamedTuple):
    """The data of one training step: `encoder_input` is encoded, `x` is reconstructed; labels `y`
    `[B]` are -1 where they are unknown. `ssim_weight`: see `reconstruction`."""

    encoder_input: Tensor
    x: Tensor
    y: Tensor
    beta: float
    samples: int
    generator: Generator
    free_bits: float = 0.0
    ssim_weight: float = 0.0


class Player(NamedTuple):
    """Parameters that one optimiser updates, and their scalar loss of a batch."""

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Callable[[Batch], Tensor]


def device_of(model: nn.Module) -> torch.device:
    """The device of a model's parameters; the CPU if it has none."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def on_device_of_model(function: Callable) -> Callable:
    """Lets a function whose first argument is a model create its tensors on the model's device."""

    @functools.wraps(function)
    def inside(model: nn.Module, *arguments, **options):
        device = device_of(model)
        with nullcontext() if device.type == "cpu" else device:
            return function(model, *arguments, **options)

    return inside


class Autoencoder(nn.Module, ABC):
    """Interface of all models. Concrete models are final: none inherits from another.

    A decoder may take `context_size` numbers after the code. Their kind is `context`: "label", the
    one-hot label of a conditional model (all zero if unknown), or "noise", the standard normal
    noise of a hierarchical model's lower levels (all zero for their means).

    The prior is N(0, I) unless the model has none or `learned_prior` is set; `priors` lists the
    choices of `ModelConfig.prior`. `gaussian_posterior` says whether q(z|x) is a diagonal Gaussian
    over all latents; only such a posterior can be refined by `refine` Newton steps. No code is
    further from 0 than `code_limit` along a latent. `needs_label` is set for a trained conditional
    model that never saw an image without its label. `kept_images` is the number of training images
    of which a model keeps the codes (`keep`). Noise seeds come in groups of
    `variations`, within which they differ in the noise alone; `seed_groups` are their names and
    first seeds, if there are several. Then the last number of the noise is that of the seed's
    group, the next of `group_numbers`. `kl_weight` is that of the KL of `terms` in what training
    makes small. Checkpoints leave out the modules `training_only`, which are None in a loaded
    model.
    """

    decoder: nn.Sequential
    likelihood: Likelihood
    latent: int
    image_shape: tuple[int, int, int]
    has_prior: bool = True
    learned_prior: bool = False
    priors: tuple[str, ...] = ("normal",)
    gaussian_posterior: bool = False
    code_limit: float = networks.MEAN_LIMIT
    refine: int = 0
    needs_label: bool = False
    kept_images: int = 0
    variations: int = 256
    seed_groups: tuple[tuple[str, int], ...] = ()
    group_numbers: tuple[float, ...] = ()
    training_only: tuple[str, ...] = ()
    context: Literal["label", "noise"] | None = None
    context_size: int = 0

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.latent, self.image_shape = config.latent, config.image_shape
        self.kl_weight = config.beta

    @property
    def classes(self) -> int:
        """The number of labels that the model can be conditioned on; 0 if it takes none."""
        return self.context_size if self.context == "label" else 0

    @property
    def noise_size(self) -> int:
        """The number of latents below the code; 0 if the code determines the image."""
        return self.context_size if self.context == "noise" else 0

    @property
    def encoders(self) -> tuple[nn.Sequential, ...]:
        """All networks that take images."""
        return (self.encoder,)

    @property
    def decoders(self) -> tuple[nn.Sequential, ...]:
        """All networks that return logits."""
        return (self.decoder,)

    def posterior(self, x: Tensor, y: Labels = None) -> Posterior | None:
        """Mean and std of q(z|x), or None where q has no density."""
        return None

    def terms(
        self, x: Tensor, y: Labels = None, generator: Generator | None = None, *, samples: int = 1
    ) -> Terms:
        """Both terms of -ELBO per image, the reconstruction averaged over posterior samples. Here
        those of a model without a prior: the KL is 0 by definition, so the sum is not an ELBO."""
        reconstruction = self.reconstruction(self.decode(self.encode(x, y), y), x)[0]
        kl = torch.zeros_like(reconstruction)
        return Terms(reconstruction, kl, kl[:, None])

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The training loss of a batch, a scalar."""

    def reconstruction(self, logits: Tensor, x: Tensor, ssim_weight: float = 0.0) -> Tensor:
        """-log p(x|z) `[S, B]` of logits `[S * B, C, H, W]`, B fastest, and images
        `[B, C, H, W]`. A training loss adds the weight times 1 - SSIM for each pixel value."""
        samples = len(logits) // max(1, len(x))  # a process may have no image of a small batch
        repeated = x.repeat(samples, 1, 1, 1)
        nats = self.likelihood.nll(logits, repeated)
        if ssim_weight:
            with autocast_off(x):
                similarity = ssim(self.likelihood.mean(logits).float(), repeated)
            nats = nats + ssim_weight * math.prod(self.image_shape) * (1 - similarity)
        return nats.view(samples, len(x))

    def players(self) -> list[Player]:
        """The parts of the model that have an optimiser of their own."""
        return [Player("model", list(self.parameters()), self.loss)]

    def without_training_parts(self) -> "Autoencoder":
        """This model, from now on without the modules `training_only`."""
        for name in self.training_only:
            setattr(self, name, None)
        return self

    def keep(self, images: Iterable[Tensor]) -> None:
        """Replaces what the model keeps of training images `[B, C, H, W]`, a batch at a time, at
        most `kept_images`. Done before a model in training is measured or saved."""

    def adopted(self, start: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weights of another model, a state dict, with the names that they have in this."""
        return start

    def freeze_map(self) -> None:
        """Excludes from training what places the images on the map. Raises `ConfigError`."""
        raise ConfigError("only a model of kind exemplar has a map that can be frozen")

    def encode(self, x: Tensor, y: Labels = None) -> Tensor:
        """The deterministic code `[B, D]` of images `[B, C, H, W]`: the posterior mean."""
        return self.proposal(x, y).mean

    def latent_heads(self) -> list[nn.Linear]:
        """The layers whose outputs `[..., D]` each belong to one latent."""
        return [self.mean, self.log_var]

    def decode(self, z: Tensor, y: Labels = None, generator: Generator | None = None) -> Tensor:
        """Logits `[B, C, H, W]` at codes `[B, D]`, given labels `[B]` if the model takes labels;
        deterministic but for a hierarchy with a generator, which samples its lower levels."""
        return self.decode_with(z, self._context(z, y, generator))

    def decode_with(self, z: Tensor, context: Tensor) -> Tensor:
        """Logits at codes `[B, D]` with the decoder's further inputs `[B, E]`."""
        return networks.decode(self.decoder, torch.cat([z.float(), context], dim=1))

    def picture(
        self, z: Tensor, label: int | None = None, seed: int | Sequence[int] = 0
    ) -> Tensor:
        """Pixel means `[B, C, H, W]` at codes `[B, D]`, given a label and a noise seed, or one
        seed per code. What the model does not take is ignored."""
        seeds = torch.as_tensor(seed).view(-1).tolist() if self.noise_size else [0]
        context = torch.stack([self.context_vector(label, s) for s in seeds])
        return self.likelihood.mean(self.decode_with(z, context.expand(len(z), -1)))

    def context_vector(self, label: int | None = None, seed: int = 0) -> Tensor:
        """The decoder's further inputs `[E]` for a label (None: unknown) or a noise seed (0: zero
        noise). The same seed is the same variation at every code."""
        if not self.noise_size:
            label = torch.tensor([-1 if label is None else label], device=device_of(self))
            return self._one_hot(label)[0]
        group, seed = divmod(seed, self.variations) if self.group_numbers else (0, seed)
        noise = torch.zeros(self.context_size)
        if seed:
            noise.normal_(generator=torch.Generator().manual_seed(seed))
        if self.group_numbers:
            noise[-1] = self.group_numbers[group % len(self.group_numbers)]
        return noise.to(device_of(self))

    def prior(self, label: int | None = None) -> Prior | None:
        """p(z), or p(z|label) of a conditional model; None if the model has no prior."""
        return Mixture.standard_normal(self.latent, device_of(self)) if self.has_prior else None

    def sample_prior(self, n: int, generator: torch.Generator, label: int | None = None) -> Tensor:
        """Codes `[n, D]` from p(z), or from N(0, I) if the model has no prior."""
        prior = self.prior(label) or Mixture.standard_normal(self.latent, device_of(self))
        return prior.sample(n, generator)

    def log_prior(self, z: Tensor, y: Labels = None) -> Tensor:
        """log p(z), or log p(z|y) of a conditional model, `[B]` in nats."""
        return self.prior().log_prob(z)

    def proposal(self, x: Tensor, y: Labels = None) -> Posterior | None:
        """A Gaussian near p(z|x) for importance sampling; None if the model offers none."""
        return self.posterior(x, y)

    def sample_posterior(
        self, x: Tensor, samples: int, generator: Generator | None = None, y: Labels = None
    ) -> Tensor | None:
        """Samples `[S, B, D]` from q(z|x); None if the model has no q."""
        if (posterior := self.posterior(x, y)) is None:
            return None
        mean, std = posterior
        return mean + std * normal((samples, *mean.shape), generator, axis=1, device=mean.device)

    def log_importance_weights(
        self, x: Tensor, y: Labels, samples: int, generator: Generator | None
    ) -> Tensor:
        """log p(x, z) - log q(z|x) `[S, B]` of draws from the proposal."""
        mean, std = self.proposal(x, y)
        z = sample_normal(mean, 2 * std.log(), samples, generator)
        y = None if y is None else y.repeat(samples)
        log_q = normal_log_prob(z.view(samples, *mean.shape), mean, 2 * std.log())
        nll = self.reconstruction(self.decode(z, y), x)
        return self.log_prior(z, y).view(samples, -1) - nll - log_q

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        """Permutes the latents in place: latent i becomes the former `order[i]`, `[D]`. Images,
        likelihoods and the ELBO do not change."""
        for head in self.latent_heads():
            surgery.reorder_outputs(head, order)
        surgery.reorder_inputs(self.decoder, order)

    def _context(self, z: Tensor, y: Labels, generator: Generator | None) -> Tensor:
        """The decoder's further inputs `[B, E]` for codes `[B, D]`."""
        if self.classes:
            return self._one_hot(self._labels(y, z))
        shape = (len(z), self.context_size)
        if not self.noise_size or generator is None:
            return z.new_zeros(shape, dtype=torch.float32)
        noise = torch.randn(shape, generator=generator, device=generator.device).to(z.device)
        if self.group_numbers:
            noise[:, -1] = self.group_numbers[0]
        return noise

    def _labels(self, y: Labels, of: Tensor) -> Tensor:
        """Labels `[B]` of images or codes `[B, ...]`, -1 where unknown."""
        if y is None or not self.classes:
            return torch.full(of.shape[:1], -1, device=of.device)
        return y

    def _one_hot(self, y: Tensor) -> Tensor:
        """`[B, K]`, a row of zeros where the label is unknown."""
        return (y[:, None] == torch.arange(self.classes, device=y.device)).float()
