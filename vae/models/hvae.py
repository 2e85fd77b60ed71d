"""Hierarchical VAE with a map on top: a top-down ladder (Sonderby et al. 2016,
https://arxiv.org/abs/1602.02282), its posteriors relative to the prior as in NVAE (Vahdat and
Kautz 2020, https://arxiv.org/abs/2007.03898, section 3.2).

The top level is the plane that people explore; the levels below add the detail that two numbers
cannot hold. Each lower latent is written as z = mean(above) + std(above) * e. All priors are then
N(0, I) over e, the decoder is a plain network of (z_top, e_2, e_3, ...), and "no noise" is the
deterministic picture of a place.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..config import ConfigError, ModelConfig
from ..nn import networks
from ..nn.distributions import normal_log_prob, sample_normal, standard_normal_kl
from ..nn.layers import Draw, full_precision
from .base import Autoencoder, Batch, Likelihood, Player, Posterior, Terms

_HIDDEN = 256  # width of the networks that combine an image's features with what lies above
_LOG_STD = (-6.0, 2.0)
_FIRST_LOG_STD = -1.5


class Path(NamedTuple):
    """A descent through the levels with q's own draws: the logits `[S, C, H, W]`, and of every
    level log q(e) - log p(e) `[S]` and KL(q || p) `[S]`, top first."""

    logits: Tensor
    ratios: list[Tensor]
    kls: list[Tensor]


class HVAE(Autoencoder):
    """p(z) = N(0, I), the map; p(e_l) = N(0, I) below; q(e_l | x, above) diagonal Gaussians."""

    extra_kind = "detail"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if not config.levels:
            raise ConfigError("an hvae got no model.levels; expected some, as 16,32")
        self.latent, self.image_shape = config.latent, config.image_shape
        self.levels, self.extra = config.levels, sum(config.levels)
        self.encoder, width = networks.encoder(config)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.top_down(config)
        path = config.decoder_widths[0]
        self.from_image = nn.ModuleList(nn.Linear(width, _HIDDEN) for _ in config.levels)
        self.from_above = nn.ModuleList(nn.Linear(path, _HIDDEN) for _ in config.levels)
        self.q = nn.ModuleList(nn.Linear(_HIDDEN, 2 * size) for size in config.levels)
        with torch.no_grad():  # posteriors that start as wide as the prior stay there: collapse
            for head, size in zip(self.q, config.levels, strict=True):
                head.weight[size:].mul_(0.1)
                head.bias[size:].fill_(_FIRST_LOG_STD)
        self.likelihood = Likelihood(config)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.posterior(x).mean

    def posterior(self, x: Tensor, y: Tensor | None = None) -> Posterior:
        """q of the top level, the place on the map."""
        mean, log_var = networks.gaussian(self.encoder(x), self.mean, self.log_var)
        return Posterior(mean, (0.5 * log_var).exp())

    def decode(
        self, z: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """At the lower levels' prior means, or with a generator at draws from their priors."""
        shape = (len(z), self.extra)
        if generator is None:
            return self.decode_detail(z, torch.zeros(shape, device=z.device))
        noise = torch.randn(shape, generator=generator, device=generator.device)
        return self.decode_detail(z, noise.to(z.device))

    def decode_detail(self, z: Tensor, noise: Tensor) -> Tensor:
        """Logits of codes `[B, D]` with the noise `[B, E]` of all lower levels."""
        return networks.decode(self.decoder, torch.cat([z.float(), noise], dim=1))

    def log_weights(
        self, x: Tensor, y: Tensor | None, samples: int, generator: torch.Generator | None
    ) -> Tensor:
        features = self.encoder(x)
        mean, log_var = networks.gaussian(features, self.mean, self.log_var)
        path = self._descend(features, mean, log_var, samples, generator)
        misses = self.likelihood(path.logits, x.repeat(samples, 1, 1, 1))
        return -(misses + sum(path.ratios)).view(samples, -1)

    def log_weights_at(
        self, z: Tensor, x: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """log p(x, e|z) - log q(e|x, z) `[B]` of one draw of all lower levels, at top codes
        `[B, D]` that are given."""
        path = self._below(self.encoder(x), z, 1, generator)
        return -(self.likelihood(path.logits, x) + sum(path.ratios))

    def terms(
        self,
        x: Tensor,
        y: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        samples: int = 1,
    ) -> Terms:
        features = self.encoder(x)
        mean, log_var = networks.gaussian(features, self.mean, self.log_var)
        path = self._descend(features, mean, log_var, samples, generator)
        return self._terms(path, x, samples)

    def players(self) -> list[Player]:
        return [Player("model", list(self.parameters()), self._loss)]

    def heads(self) -> list[nn.Linear]:
        return [self.mean, self.log_var]

    def _loss(self, batch: Batch) -> Tensor:
        features = self.encoder(batch.seen)
        mean, log_var = networks.gaussian(features, self.mean, self.log_var)
        path = self._descend(features, mean, log_var, batch.samples, batch.generator)
        terms = self._terms(path, batch.x, batch.samples)
        # Free bits (Kingma et al. 2016, https://arxiv.org/abs/1606.04934, appendix C.8): a level
        # pays only for what it says beyond them, so none is given up while it is still useless.
        paid = terms.levels.mean(0).clamp(min=batch.free_bits).sum()
        return terms.reconstruction.mean() + batch.beta * paid

    def _terms(self, path: Path, x: Tensor, samples: int) -> Terms:
        misses = self.likelihood(path.logits, x.repeat(samples, 1, 1, 1))
        levels = torch.stack([kl.view(samples, -1).mean(0) for kl in path.kls], dim=1)
        return Terms(misses.view(samples, -1).mean(0), levels.sum(1), levels)

    def _descend(
        self,
        features: Tensor,
        mean: Tensor,
        log_var: Tensor,
        samples: int,
        generator: torch.Generator | None,
    ) -> Path:
        """From the top code's Gaussian `[B, D]` down to logits, drawing every level from q.

        S = samples * B, B fastest. `features` `[B, width]` are the encoder's.
        """
        z = sample_normal(mean, log_var, samples, generator)
        with full_precision(z):
            each, nothing = z.view(samples, *mean.shape), torch.zeros_like(mean)
            own = normal_log_prob(each, mean, log_var)
            prior = normal_log_prob(each, nothing, nothing)
            kl = standard_normal_kl(mean, log_var).repeat(samples)
        path = self._below(features, z, samples, generator)
        return Path(path.logits, [(own - prior).flatten(), *path.ratios], [kl, *path.kls])

    def _below(
        self, features: Tensor, z: Tensor, samples: int, generator: torch.Generator | None
    ) -> Path:
        """From top codes `[S, D]` down: the lower levels alone are drawn and counted."""
        ratios, kls = [], []
        images = [layer(features) for layer in self.from_image]
        first = networks.first_layers(self.decoder)
        with full_precision(z):
            h = self.decoder[:first](torch.cat([z, z.new_zeros(len(z), self.extra)], dim=1))
        for layer in self.decoder[first:]:
            if isinstance(layer, Draw):
                level = len(kls)
                above, rest = h[:, : layer.width], h[:, layer.width + layer.size :]
                hidden = images[level].repeat(samples, 1) + self.from_above[level](above)
                with full_precision(z):
                    mean, log_std = self.q[level](nn.functional.silu(hidden.float())).chunk(2, 1)
                    # One stray test image in ten thousand would go to thousands of deviations.
                    mean = mean.clamp(-networks.FARTHEST, networks.FARTHEST)
                    log_var, nothing = 2 * log_std.clamp(*_LOG_STD), torch.zeros_like(mean)
                    e = sample_normal(mean, log_var, 1, generator)
                    own = normal_log_prob(e, mean, log_var)
                    ratios.append(own - normal_log_prob(e, nothing, nothing))
                    kls.append(standard_normal_kl(mean, log_var))
                h = torch.cat([above, e.to(above.dtype), rest], dim=1)
            h = layer(h)
        return Path(h, ratios, kls)
