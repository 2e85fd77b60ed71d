"""Likelihoods p(x|z): what a decoder's logits say about the pixels, one class per family.

A new family is one class here, one entry in `LIKELIHOODS` and its name in `vae.config`.
"""

import math
from abc import ABC, abstractmethod
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import autocast_off

_TAYLOR_LOGIT = 0.1  # closer to logit 0 the closed form of the normaliser loses digits to 0 / 0
_MIN_VARIANCE = 0.003  # of a pixel; with less, an eighth of a grey level would dominate a residual
_SPEED = 20.0


class Likelihood(nn.Module, ABC):
    """-log p(x|z) in nats for pixels that are independent given the logits `[B, C, H, W]`.

    `mean` applies `activation`, which a decoder program ends with. Families whose negative
    log-likelihood is linear in x set `linear_in_x` and implement `as_linear_in_x`. Families whose
    best reconstruction has a cost that depends on x set `has_floor` and implement `floor`.
    `image_shape` is (C, H, W), for families with parameters that depend on it.
    """

    linear_in_x: bool = False
    has_floor: bool = False
    activation: nn.Module = nn.Sigmoid()

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28)) -> None:
        super().__init__()

    def mean(self, logits: Tensor) -> Tensor:
        """The decoded image: pixel means in [0, 1]."""
        return self.activation(logits)

    def initial_logits(self, mean: Tensor) -> Tensor:
        """Logits whose mean is `mean`, kept finite where a pixel is always black or white."""
        return torch.logit(mean.clamp(0.001, 0.999))

    def nll(self, logits: Tensor, x: Tensor) -> Tensor:
        """-log p(x|z) `[B]` of images `[B, C, H, W]`, in float32 or better also under autocast."""
        with autocast_off(x):
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            return self.pixel_nll(logits, x).flatten(1).sum(1)

    @abstractmethod
    def pixel_nll(self, logits: Tensor, x: Tensor) -> Tensor:
        """The contribution of each pixel to `nll`, in the shape of x."""

    def residual_scale(self, logits: Tensor) -> Tensor:
        """The standard deviation that the model expects of each pixel around its mean."""
        mean = self.mean(logits)
        return (mean * (1 - mean) + _MIN_VARIANCE).sqrt()

    def floor(self, x: Tensor) -> Tensor:
        """The smallest possible `nll` `[B]` of images `[B, C, H, W]`."""
        raise NotImplementedError(f"{type(self).__name__} has no floor that depends on the image")

    def as_linear_in_x(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Slope `[G, pixels]` and offset `[G]` of -log p(x|z) = offset - x . slope + constant(x).

        With them, a whole grid of codes is one matrix product for any number of images.
        """
        raise NotImplementedError(f"{type(self).__name__} is not linear in the image")

    def constant(self, x: Tensor) -> Tensor:
        """The part `[B]` of -log p(x|z) that depends on no code."""
        return x.new_zeros(len(x))

    def nll_on_grid(self, logits: Tensor, x: Tensor) -> Tensor:
        """-log p(x|z) `[B, G]` of each image `[B, C, H, W]` at each of G decoded codes."""
        if self.linear_in_x:
            slope, offset = self.as_linear_in_x(logits)
            return offset - x.flatten(1) @ slope.T + self.constant(x)[:, None]
        return torch.stack([self.nll(logits, image.expand_as(logits)) for image in x])


class Bernoulli(Likelihood):
    """Independent Bernoulli pixels with probabilities sigmoid(logits).

    For grey x the value is the expectation over images that are binarised with x as the
    probability of each pixel: a bound on those, not a density of the grey image.
    """

    linear_in_x = True
    has_floor = True

    def pixel_nll(self, logits: Tensor, x: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits, x, reduction="none")

    def floor(self, x: Tensor) -> Tensor:
        return F.binary_cross_entropy(x, x, reduction="none").flatten(1).sum(1)

    def as_linear_in_x(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        flat = logits.flatten(1)
        return flat, F.softplus(flat).sum(1)


class Gaussian(Likelihood):
    """N(x; sigmoid(logits), sigma^2), a density on R with one learned sigma for all pixels.

    This is the shared sigma of sigma-VAE (Rybkin et al. 2021, https://arxiv.org/abs/2006.13202,
    section 3).
    """

    linear_in_x = True

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28)) -> None:
        super().__init__()
        self.log_sigma = nn.Parameter(torch.tensor(-1.5))

    def pixel_log_sigma(self) -> Tensor:
        """log sigma in a shape that broadcasts to `[B, C, H, W]`."""
        return self.log_sigma

    def pixel_nll(self, logits: Tensor, x: Tensor) -> Tensor:
        log_sigma = self.pixel_log_sigma().to(logits.dtype)
        deviation = (x - self.mean(logits)) * torch.exp(-log_sigma)
        return 0.5 * deviation.square() + log_sigma + 0.5 * math.log(2 * math.pi)

    def residual_scale(self, logits: Tensor) -> Tensor:
        return self.pixel_log_sigma().exp().expand_as(logits)

    def as_linear_in_x(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_sigma = self.mean(logits), self.pixel_log_sigma()
        slope = mean * torch.exp(-2 * log_sigma)
        log_normaliser = (log_sigma + 0.5 * math.log(2 * math.pi)).expand_as(mean)
        return slope.flatten(1), (0.5 * slope * mean + log_normaliser).flatten(1).sum(1)

    def constant(self, x: Tensor) -> Tensor:
        precision = torch.exp(-2 * self.pixel_log_sigma())
        return 0.5 * (precision * x.square()).flatten(1).sum(1)


class GaussianPerChannel(Gaussian):
    """The same with a learned sigma for each channel: those of a colour image differ."""

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28)) -> None:
        super().__init__()
        self.log_sigma = _fast_parameter(image_shape[0])

    def pixel_log_sigma(self) -> Tensor:
        return _SPEED * self.log_sigma[:, None, None]


class GaussianPerFrequency(Likelihood):
    """A Gaussian density of the whole image around sigmoid(logits), whose noise has one learned
    sigma for each channel and band of half an octave of spatial frequency.

    Errors of smooth areas are much larger than those of fine detail. One sigma for all is that of
    the former, so detail weighs nothing; with a sigma of its own it weighs as much. Noise that is
    stationary has independent Fourier coefficients, so this is an exact density of the pixels.
    """

    linear_in_x = True

    def __init__(self, image_shape: tuple[int, int, int] = (1, 28, 28)) -> None:
        super().__init__()
        channels, *self.sides = image_shape
        bands = 1 + int(_bands(*self.sides).max())
        self.log_sigma = _fast_parameter(channels * bands)

    def frequency_log_sigma(self) -> Tensor:
        """log sigma `[C, H, W]` of each coefficient of the orthonormal Fourier transform."""
        log_sigma = _SPEED * self.log_sigma.view(-1, 1 + int(_bands(*self.sides).max()))
        return log_sigma[:, torch.from_numpy(_bands(*self.sides)).to(log_sigma.device)]

    def pixel_nll(self, logits: Tensor, x: Tensor) -> Tensor:
        log_sigma = self.frequency_log_sigma().to(logits.dtype)
        white = _filtered(x - self.mean(logits), torch.exp(-log_sigma))
        return 0.5 * white.square() + log_sigma.mean() + 0.5 * math.log(2 * math.pi)

    def residual_scale(self, logits: Tensor) -> Tensor:
        variance = self.frequency_log_sigma().mul(2).exp().mean((1, 2), keepdim=True)
        return variance.sqrt().expand_as(logits)

    def as_linear_in_x(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_sigma = self.mean(logits), self.frequency_log_sigma()
        slope = _filtered(mean, torch.exp(-2 * log_sigma))
        log_normaliser = (log_sigma + 0.5 * math.log(2 * math.pi)).sum()
        return slope.flatten(1), 0.5 * (slope * mean).flatten(1).sum(1) + log_normaliser

    def constant(self, x: Tensor) -> Tensor:
        filtered = _filtered(x, torch.exp(-2 * self.frequency_log_sigma()))
        return 0.5 * (filtered * x).flatten(1).sum(1)


@cache
def _bands(height: int, width: int) -> np.ndarray:
    """The band `[H, W]` of each Fourier coefficient: 0 for the mean, then by half octaves of its
    cycles per longer side."""
    cycles = max(height, width) * np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    return np.where(cycles > 0, 1 + np.floor(2 * np.log2(np.maximum(cycles, 1)) + 1e-4), 0).astype(
        int
    )


def _fast_parameter(size: int) -> nn.Parameter:
    """log sigma / `_SPEED` of a sigma of 0.22. Adam changes it by about the learning rate in each
    step, and log sigma faster, as it must where sigmas end far apart."""
    return nn.Parameter(torch.full((size,), -1.5 / _SPEED))


def _filtered(x: Tensor, gain: Tensor) -> Tensor:
    """Images `[B, C, H, W]` whose Fourier coefficients are multiplied by gains `[C, H, W]`."""
    return torch.fft.ifft2(torch.fft.fft2(x) * gain).real


class ContinuousBernoulli(Likelihood):
    """CB(x; lambda = sigmoid(logits)), a density on [0, 1].

    It is the Bernoulli's formula plus its missing normaliser (Loaiza-Ganem and Cunningham 2019,
    https://arxiv.org/abs/1907.06845, equation 6). `mean` returns lambda, as for the Bernoulli: the
    most natural denoised image. The distribution's own mean is slightly greyer.
    """

    linear_in_x = True

    def pixel_nll(self, logits: Tensor, x: Tensor) -> Tensor:
        cross_entropy = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        return cross_entropy - self.log_normaliser(logits)

    def as_linear_in_x(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        flat = logits.flatten(1)
        return flat, F.softplus(flat).sum(1) - self.log_normaliser(flat).sum(1)

    @staticmethod
    def log_normaliser(logits: Tensor) -> Tensor:
        """log C(lambda) per pixel, where C = 2 artanh(1 - 2 lambda) / (1 - 2 lambda).

        In terms of the logit l this is log(l / tanh(l / 2)), an even function that needs no lambda
        (in float32 lambda would round to 1 at l = 17). Near 0 its Taylor series takes over.
        """
        size = logits.abs()
        near = size < _TAYLOR_LOGIT
        # Both branches are evaluated and differentiated: keep the unused one away from 0 / 0.
        away = torch.where(near, torch.ones_like(size), size)
        exact = torch.log(away) - torch.log(torch.tanh(away / 2))
        square = logits.square()
        taylor = math.log(2) + square / 12 - 7 * square.square() / 1440
        return torch.where(near, taylor, exact)


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "gaussian-per-channel": GaussianPerChannel,
    "gaussian-per-frequency": GaussianPerFrequency,
    "continuous-bernoulli": ContinuousBernoulli,
}
