"""Exemplar VAE on a map: detail from neighbours (Norouzi, Fleet and Norouzi 2020,
https://arxiv.org/abs/2004.04795, for the lower of two codes).

The code z that people explore is that of a small VAE of its own, whose decoder is used in training
alone: it orders the map. Images are generated from a second code w, too large for a map, whose
prior given z is a kernel mixture over real training items near z:

    p(x, z, w) = p(z) p(w|z) p(x|w),    p(z) = N(0, I),
    p(w|z) = sum_n pi_n(z) N(w; mu_n, diag(s^2)),

with the weights pi_n, places and codes mu_n of the layer `Exemplars`, the first of the decoder.
s is fitted: it counts in the likelihood. An image is made without it, from the blend of the mu_n
that the layer describes; its noise moves the place, to other neighbours. How many items are
blended, from images like real ones to new ones, is chosen by the seed as well.

Each of the two VAEs is trained on its own -ELBO, as two players: w with the prior N(0, I), which
makes a blend of two codes a code, and a small weight of the KL, which keeps its images sharp.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from ..config import ModelConfig
from ..nn import networks, surgery
from ..nn.distributions import normal_log_prob, sample_normal, standard_normal_kl
from ..nn.layers import Exemplars, autocast_off
from ..nn.likelihoods import LIKELIHOODS
from ..validation import ConfigError
from .base import Autoencoder, Batch, Labels, Player, Posterior, Terms
from .contexts import EXEMPLAR_SEEDS

MAX_TABLE = 2**20  # numbers in the table, which a browser loads as 2 MB
_ROWS = 2**20  # numbers at a time, which stay in a processor's cache
_FITTED, _ROUNDS = 500, 5  # items from which s is fitted, and rounds of that


class _Draws(NamedTuple):
    """Codes of both levels from q for B images, S = samples * B, B fastest: `z` `[S, D]`, `w`
    `[S, W]`; the parameters of both Gaussians `[B, ...]`."""

    z: Tensor
    w: Tensor
    of_z: tuple[Tensor, Tensor]
    of_w: tuple[Tensor, Tensor]


class Exemplar(Autoencoder):
    """q(z|x) and q(w|x) independent diagonal Gaussians; one entry of `levels`, the size W of w.

    The encoder widths are those of the map. In an MLP the detail's encoder mirrors its decoder,
    and the decoder that orders the map is half as wide.
    """

    context = "noise"
    variations, seed_groups, group_numbers = EXEMPLAR_SEEDS
    training_only = ("map_decoder",)

    def __init__(self, config: ModelConfig) -> None:
        if len(config.levels) != 1 or config.exemplars < 2:
            raise ConfigError(
                f"an exemplar model got model.levels {config.levels} and {config.exemplars} "
                "model.exemplars; expected one size such as 64, and 2 exemplars or more"
            )
        (size,) = config.levels
        if config.exemplars * (config.latent + size) > MAX_TABLE:
            raise ConfigError(
                f"{config.exemplars:,} exemplars of {config.latent + size} numbers are more than "
                f"{MAX_TABLE:,}; use at most {MAX_TABLE // (config.latent + size):,} exemplars, "
                "or a smaller level"
            )
        super().__init__(config)
        self.context_size = config.latent + 1
        self.kl_weight = self.detail_beta = config.detail_beta  # the detail has nearly all of it
        self.encoder, width = networks.encoder(config)
        self.mean, self.log_var = networks.gaussian_heads(width, config.latent)
        mirrored, halved = config.encoder_widths, config.decoder_widths
        if config.network == "mlp":
            mirrored, halved = halved[::-1], tuple(max(1, width // 2) for width in halved)
        self.map_decoder = networks.decoder(replace(config, decoder_widths=halved))
        self.detail_encoder, width = networks.encoder(replace(config, encoder_widths=mirrored))
        self.detail_mean, self.detail_log_var = networks.gaussian_heads(width, size)
        table = Exemplars(config.exemplars, config.latent, size, config.bandwidth)
        layers = networks.decoder(replace(config, latent=size, refine=0, fourier=0))
        self.decoder = nn.Sequential(table, *layers)
        self.register_buffer("spread", torch.ones(size))  # s
        self.likelihood = LIKELIHOODS[config.likelihood](config.image_shape)

    @property
    def table(self) -> Exemplars:
        return self.decoder[0]

    @property
    def encoders(self) -> tuple[nn.Sequential, ...]:
        return self.encoder, self.detail_encoder

    @property
    def decoders(self) -> tuple[nn.Sequential, ...]:
        return tuple(d for d in (self.decoder, self.map_decoder) if d is not None)

    @property
    def kept_images(self) -> int:
        return len(self.table.place)

    def players(self) -> list[Player]:
        of_map = self._map_parameters()
        known = {id(p) for p in of_map}
        detail = [p for p in self.parameters() if id(p) not in known]
        players = [Player("map", of_map, self.loss), Player("detail", detail, self._detail_loss)]
        return [p for p in players if any(weight.requires_grad for weight in p.parameters)]

    def freeze_map(self) -> None:
        for parameter in self._map_parameters():
            parameter.requires_grad_(False)

    def posterior(self, x: Tensor, y: Labels = None) -> Posterior:
        """q(z|x)."""
        mean, log_var = self._of_map(x)
        return Posterior(mean, (0.5 * log_var).exp())

    def loss(self, batch: Batch) -> Tensor:
        """-ELBO of the VAE whose code is the map."""
        mean, log_var = self._of_map(batch.encoder_input)
        z = sample_normal(mean, log_var, batch.samples, batch.generator)
        nll = self.reconstruction(networks.decode(self.map_decoder, z), batch.x)
        return (nll.mean(0) + batch.beta * standard_normal_kl(mean, log_var)).mean()

    def terms(
        self, x: Tensor, y: Labels = None, generator: Generator | None = None, *, samples: int = 1
    ) -> Terms:
        """The KL of w is that of q(w|x) from p(w|z), over the samples of both."""
        drawn = self._draw(x, samples, generator)
        kl = standard_normal_kl(*drawn.of_z)
        log_q = normal_log_prob(drawn.w.view(samples, len(x), -1), *drawn.of_w)
        below = (log_q - self.log_detail_prior(drawn.w, drawn.z).view(samples, -1)).mean(0)
        nll = self.reconstruction(self.decode_detail(drawn.w), x).mean(0)
        return Terms(nll, kl + below, torch.stack([kl, below], dim=1))

    def detail_posterior(self, x: Tensor) -> Posterior:
        """q(w|x), `[B, W]` each."""
        mean, log_var = self._of_detail(x)
        return Posterior(mean, (0.5 * log_var).exp())

    def decode_detail(self, w: Tensor) -> Tensor:
        """Logits `[S, C, H, W]` of detail codes `[S, W]`."""
        return networks.decode(self.decoder[1:], w)

    def decode_with(self, z: Tensor, context: Tensor) -> Tensor:
        parts = zip(*(v.split(self._rows()) for v in (z, context)), strict=True)
        return torch.cat([super(Exemplar, self).decode_with(*part) for part in parts])

    def log_detail_prior(self, w: Tensor, z: Tensor) -> Tensor:
        """log p(w|z) `[S]` of detail codes `[S, W]` at map codes `[S, D]`, in nats."""
        with autocast_off(w):
            parts = zip(*(v.split(self._rows()) for v in (w, z)), strict=True)
            return torch.cat([self._joint(*part).logsumexp(1) for part in parts])

    def log_importance_weights(
        self, x: Tensor, y: Labels, samples: int, generator: Generator | None
    ) -> Tensor:
        drawn, shape = self._draw(x, samples, generator), (samples, len(x), -1)
        log_q = normal_log_prob(drawn.z.view(shape), *drawn.of_z)
        log_q = log_q + normal_log_prob(drawn.w.view(shape), *drawn.of_w)
        log_p = self.log_prior(drawn.z) + self.log_detail_prior(drawn.w, drawn.z)
        nll = self.reconstruction(self.decode_detail(drawn.w), x)
        return log_p.view(samples, -1) - log_q - nll

    @torch.no_grad()
    def keep(self, images: Iterable[Tensor]) -> None:
        """Fills the table, and fits s: the expected square of w - mu_n for an item outside the
        table, here each of some items when it is left out, by expectation maximisation."""
        codes = [(self._of_map(x)[0], *self._of_detail(x)) for x in images]
        place, code, log_var = (torch.cat(values) for values in zip(*codes, strict=True))
        self.table.fill(place, code)
        rows = torch.linspace(0, len(place) - 1, min(_FITTED, len(place))).round().long()
        rows = rows.to(place.device)
        place, code, variance = place[rows], code[rows], log_var[rows].exp()
        self.spread.copy_(code.std(0).clamp(min=0.1) if len(code) > 1 else self.spread)
        for _ in range(_ROUNDS):
            total = torch.zeros_like(self.spread)
            for part in torch.arange(len(rows), device=rows.device).split(self._rows()):
                joint = self._joint(code[part], place[part])
                share = joint.scatter(1, rows[part, None], -torch.inf).softmax(1)
                mean, square = share @ self.table.code, share @ self.table.code.square()
                total += (code[part].square() - 2 * code[part] * mean + square).sum(0)
                total += variance[part].sum(0)
            spread = (total / len(rows)).sqrt().clamp(min=1e-2)
            self.spread.copy_(spread.half().float())  # as it is stored

    def adopted(self, start: dict[str, Tensor]) -> dict[str, Tensor]:
        """A VAE's decoder becomes that of the map."""
        if "spread" in start:
            return start
        return {name.replace("decoder.", "map_decoder.", 1): v for name, v in start.items()}

    @torch.no_grad()
    def reorder(self, order: Tensor) -> None:
        for head in self.latent_heads():
            surgery.reorder_outputs(head, order)
        if self.map_decoder is not None:
            surgery.reorder_inputs(self.map_decoder, order)
        self.table.place.copy_(self.table.place[:, order])
        self.table.order.copy_(self.table.order[order])

    def _detail_loss(self, batch: Batch) -> Tensor:
        """-ELBO of the VAE whose code is w, with the prior N(0, I) that makes a blend of codes a
        code, and `detail_beta`."""
        mean, log_var = self._of_detail(batch.encoder_input)
        w = sample_normal(mean, log_var, batch.samples, batch.generator)
        nll = self.reconstruction(self.decode_detail(w), batch.x, batch.ssim_weight)
        return (nll.mean(0) + self.detail_beta * standard_normal_kl(mean, log_var)).mean()

    def _map_parameters(self) -> list[nn.Parameter]:
        parts = (self.encoder, self.mean, self.log_var, self.map_decoder)
        return [p for part in parts if part is not None for p in part.parameters()]

    def _draw(self, x: Tensor, samples: int, generator: Generator | None) -> _Draws:
        of_z, of_w = self._of_map(x), self._of_detail(x)
        z, w = (sample_normal(*q, samples, generator) for q in (of_z, of_w))
        return _Draws(z, w, of_z, of_w)

    def _of_map(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance `[B, D]` of q(z|x)."""
        return networks.gaussian_parameters(self.encoder(x), self.mean, self.log_var)

    def _of_detail(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance `[B, W]` of q(w|x)."""
        features = self.detail_encoder(x)
        return networks.gaussian_parameters(features, self.detail_mean, self.detail_log_var)

    def _joint(self, w: Tensor, z: Tensor) -> Tensor:
        """log of pi_n(z) N(w; mu_n, diag(s^2)) `[S, N]`."""
        scaled, codes = w / self.spread, self.table.code / self.spread
        log_det = self.spread.log().sum() + 0.5 * w.shape[1] * math.log(2 * math.pi)
        of_code = 0.5 * codes.square().sum(1) + log_det
        of_w = 0.5 * scaled.square().sum(1, keepdim=True)
        return torch.addmm(self.table.log_weights(z) - of_code - of_w, scaled, codes.T)

    def _rows(self) -> int:
        """The number of codes whose distances from all exemplars are computed at a time."""
        return max(1, _ROWS // len(self.table.place))
