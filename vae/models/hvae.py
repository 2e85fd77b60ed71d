"""Hierarchical VAE: a top-down ladder (Sonderby et al. 2016, https://arxiv.org/abs/1602.02282)
with posteriors relative to the prior as in NVAE (Vahdat and Kautz 2020,
https://arxiv.org/abs/2007.03898, section 3.2).

The top level is the code that people explore; the levels below add detail that few numbers cannot
hold. Each lower latent is written as z = mean(above) + std(above) * e. All priors are then N(0, I)
over e, the decoder is a feed-forward network of (z_top, e_2, e_3, ...), and zero noise gives the
deterministic image of a code.
"""

from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from ..config import ModelConfig
from ..nn import networks
from ..nn.distributions import normal_log_prob, sample_normal, standard_normal_kl
from ..nn.layers import StochasticLayer, autocast_off
from ..nn.likelihoods import LIKELIHOODS
from ..validation import ConfigError
from .base import Autoencoder, Batch, Labels, Posterior, Terms

_HIDDEN = 256  # width of the layers that combine image features with the levels above
_LOG_STD = (-6.0, 2.0)
_INITIAL_LOG_STD = -1.5


class TopDownSample(NamedTuple):
    """One pass down the levels with samples from q: logits `[S, C, H, W]`, and per level, top
    first, log q(e) - log p(e) `[S]` and KL(q || p) `[S]`."""

    logits: Tensor
    log_ratios: list[Tensor]
    kls: list[Tensor]


class HVAE(Autoencoder):
    """p(z) = N(0, I) on top, p(e_l) = N(0, I) below, q(e_l | x, above) diagonal Gaussians."""

    context = "noise"

    def __init__(self, config: ModelConfig) -> None:
        if not config.levels:
            raise ConfigError("an hvae got no model.levels; expected sizes such as 16,32")
        super().__init__(config)
        self.context_size = sum(config.levels)
        self.encoder, width = networks.encoder(config)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        self.decoder = networks.ladder_decoder(config)
        trunk = config.decoder_widths[0]
        self.from_image = nn.ModuleList(nn.Linear(width, _HIDDEN) for _ in config.levels)
        self.from_above = nn.ModuleList(nn.Linear(trunk, _HIDDEN) for _ in config.levels)
        self.q = nn.ModuleList(nn.Linear(_HIDDEN, 2 * size) for size in config.levels)
        with torch.no_grad():  # posteriors that start as wide as the prior collapse to it
            for head, size in zip(self.q, config.levels, strict=True):
                head.weight[size:].mul_(0.1)
                head.bias[size:].fill_(_INITIAL_LOG_STD)
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)

    def posterior(self, x: Tensor, y: Labels = None) -> Posterior:
        """q of the top level."""
        mean, log_var = networks.gaussian_parameters(self.encoder(x), self.mean, self.log_var)
        return Posterior(mean, (0.5 * log_var).exp())

    def terms(
        self, x: Tensor, y: Labels = None, generator: Generator | None = None, *, samples: int = 1
    ) -> Terms:
        return self._terms(self._sample(x, samples, generator), x)

    def loss(self, batch: Batch) -> Tensor:
        sampled = self._sample(batch.encoder_input, batch.samples, batch.generator)
        terms = self._terms(sampled, batch.x, batch.ssim_weight)
        # Free bits (Kingma et al. 2016, https://arxiv.org/abs/1606.04934, appendix C.8): a level
        # is charged only above this threshold, so that none collapses before it becomes useful.
        charged = terms.levels.mean(0).clamp(min=batch.free_bits).sum()
        return terms.reconstruction.mean() + batch.beta * charged

    def log_importance_weights(
        self, x: Tensor, y: Labels, samples: int, generator: Generator | None
    ) -> Tensor:
        sampled = self._sample(x, samples, generator)
        nll = self.reconstruction(sampled.logits, x)
        return -(nll + sum(sampled.log_ratios).view(samples, -1))

    def log_importance_weights_at(
        self, z: Tensor, x: Tensor, generator: Generator | None = None
    ) -> Tensor:
        """log p(x, e|z) - log q(e|x, z) `[B]` of one sample of all lower levels at given top codes
        `[B, D]`."""
        sampled = self._sample_below(self.encoder(x), z, 1, generator)
        return -(self.likelihood.nll(sampled.logits, x) + sum(sampled.log_ratios))

    def _terms(self, sampled: TopDownSample, x: Tensor, ssim_weight: float = 0.0) -> Terms:
        nll = self.reconstruction(sampled.logits, x, ssim_weight)
        levels = torch.stack([kl.view_as(nll).mean(0) for kl in sampled.kls], dim=1)
        return Terms(nll.mean(0), levels.sum(1), levels)

    def _sample(self, x: Tensor, samples: int, generator: Generator | None) -> TopDownSample:
        """All levels from q(z, e|x) of images `[B, C, H, W]`: S = samples * B, B fastest."""
        features = self.encoder(x)
        mean, log_var = networks.gaussian_parameters(features, self.mean, self.log_var)
        z = sample_normal(mean, log_var, samples, generator)
        with autocast_off(z):
            draws, zero = z.view(samples, *mean.shape), torch.zeros_like(mean)
            log_ratio = normal_log_prob(draws, mean, log_var) - normal_log_prob(draws, zero, zero)
            kl = standard_normal_kl(mean, log_var).repeat(samples)
        below = self._sample_below(features, z, samples, generator)
        log_ratios = [log_ratio.flatten(), *below.log_ratios]
        return TopDownSample(below.logits, log_ratios, [kl, *below.kls])

    def _sample_below(
        self, features: Tensor, z: Tensor, samples: int, generator: Generator | None
    ) -> TopDownSample:
        """Samples the lower levels only, given features `[B, width]` and top codes `[S, D]`."""
        log_ratios, kls = [], []
        from_image = [layer(features) for layer in self.from_image]
        depth = networks.input_depth(self.decoder)
        with autocast_off(z):
            h = self.decoder[:depth](torch.cat([z, self._context(z, None, None)], dim=1))
        for layer in self.decoder[depth:]:
            if isinstance(layer, StochasticLayer):
                level = len(kls)
                above, rest = h[:, : layer.width], h[:, layer.width + layer.size :]
                hidden = from_image[level].repeat(samples, 1) + self.from_above[level](above)
                with autocast_off(z):
                    mean, log_std = self.q[level](nn.functional.silu(hidden.float())).chunk(2, 1)
                    # Without the limit, one test image in ten thousand reaches thousands of std.
                    mean = networks.bounded(mean, -self.code_limit, self.code_limit)
                    log_std = networks.bounded(log_std, *_LOG_STD)
                    log_var, zero = 2 * log_std, torch.zeros_like(mean)
                    e = sample_normal(mean, log_var, 1, generator)
                    log_q = normal_log_prob(e, mean, log_var)
                    log_ratios.append(log_q - normal_log_prob(e, zero, zero))
                    kls.append(standard_normal_kl(mean, log_var))
                h = torch.cat([above, e.to(above.dtype), rest], dim=1)
            h = layer(h)
        return TopDownSample(h, log_ratios, kls)
