"""What the models with a Gaussian posterior over all latents share: refinement, terms and loss."""

from abc import abstractmethod

import torch
from torch import Generator, Tensor

from ..config import ModelConfig
from ..nn import semi_amortised
from ..nn.distributions import normal_log_prob, sample_normal, standard_normal_kl
from ..nn.layers import autocast_off
from .base import Autoencoder, Batch, Labels, Posterior, Terms


class GaussianAutoencoder(Autoencoder):
    """q(z|x, y) = N(mean, diag(std^2)). Concrete models define its parameters and the prior. The
    KL against N(0, I) has a closed form; against a learned prior it is estimated with the samples
    of the reconstruction term."""

    gaussian_posterior = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.refine = config.refine
        self._grid_cache: dict[int, tuple[tuple, semi_amortised.DecodedGrid]] = {}

    @abstractmethod
    def amortised_posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's mean and log-variance `[B, D]`; a label in `y` `[B]` may be -1."""

    def posterior(self, x: Tensor, y: Labels = None) -> Posterior:
        y = self._labels(y, x)
        mean, log_var = self.amortised_posterior(x, y)
        std = (0.5 * log_var).exp()
        if not self.refine:
            return Posterior(mean, std)
        with torch.no_grad(), autocast_off(x):
            mean, std = mean.clone(), std.clone()
            for label in y.unique().tolist():
                rows = y == label
                mean[rows], std[rows] = self._refined(x[rows], mean[rows], std[rows], label)
        return Posterior(mean, std)

    def terms(
        self,
        x: Tensor,
        y: Labels = None,
        generator: Generator | None = None,
        *,
        samples: int = 1,
        posterior: Posterior | None = None,
    ) -> Terms:
        """The terms of -log p(x), or of -log p(x|y) if labels are given to a conditional model. A
        `posterior` of the same images that is known already is not computed again."""
        mean, std = posterior or self.posterior(x, y)
        return self._terms((mean, 2 * std.log()), x, self._labels(y, x), samples, generator)

    def loss(self, batch: Batch) -> Tensor:
        q = self.amortised_posterior(batch.encoder_input, batch.y)
        given = batch.x, batch.y, batch.samples, batch.generator, batch.ssim_weight
        terms = self._terms(q, *given)
        return (terms.reconstruction + batch.beta * terms.kl).mean()

    def _terms(
        self,
        q: tuple[Tensor, Tensor],
        x: Tensor,
        y: Tensor,
        samples: int,
        generator: Generator | None,
        ssim_weight: float = 0.0,
    ) -> Terms:
        mean, log_var = q
        z = sample_normal(mean, log_var, samples, generator)
        y = y.repeat(samples)
        nll = self.reconstruction(self.decode(z, y), x, ssim_weight)
        if self.learned_prior:
            with autocast_off(x):
                log_q = normal_log_prob(z.view(samples, *mean.shape), mean, log_var)
                kl = (log_q - self.log_prior(z, y).view(samples, -1)).mean(0)
        else:
            kl = standard_normal_kl(mean, log_var)
        return Terms(nll.mean(0), kl, kl[:, None])

    def _refined(self, x: Tensor, mean: Tensor, std: Tensor, label: int) -> tuple[Tensor, Tensor]:
        prior = self.prior(None if label < 0 else label)

        def decode(z: Tensor) -> Tensor:
            return self.decode(z, torch.full((len(z),), label, device=z.device))

        weights = self._weights_version()
        if self._grid_cache.get(label, (None, None))[0] != weights:
            self._grid_cache[label] = weights, semi_amortised.decode_grid(decode, prior)
        options = {"decode": decode, "likelihood": self.likelihood, "log_prior": prior.log_prob}
        options |= {"grid": self._grid_cache[label][1], "steps": self.refine}
        return semi_amortised.refine_posterior(x, mean, std, **options)

    def _apply(self, *args, **options) -> "GaussianAutoencoder":
        self._grid_cache.clear()  # moved or converted weights may have the version of the old ones
        return super()._apply(*args, **options)

    def _weights_version(self) -> tuple:
        """What changes whenever a weight does: replaced, loaded, or changed in place."""
        return tuple(
            (id(p), p.data_ptr(), 0 if p.is_inference() else p._version)
            for p in (*self.parameters(), *self.buffers())
        )
