"""The pictures of a latent space without its decoder: their main components as a smooth function
of the code.

The mean of a Gaussian process with a squared-exponential kernel in whitened coordinates (Rasmussen
and Williams 2006, equation 2.25), learned from pictures that are decoded once. Its values are
scaled so that their squared distance is the mean squared difference per pixel.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import scipy.linalg
import torch

from ..nn.distributions import Mixture

PICTURES = 2000  # that are decoded
_COMPONENTS = 48
_SIDE = 32  # pixels: larger pictures are averaged
_BATCH = 100
_LENGTHS = (0.5, 0.8, 1.4)  # of the kernel, times the square root of the latents
_NOISE = 1e-3  # variance of what the kernel does not explain, in units of what it does


class PictureRegression:
    """Picture components [N, F] of codes [N, D]. `codes` [P, D] are draws from the prior with
    their `covariance` [D, D]; `error` is the RMS per pixel to components of unknown pictures."""

    def __init__(
        self, codes: np.ndarray, components: np.ndarray, length: float, error: float = 0.0
    ) -> None:
        self.codes, self.error, self._length = codes, error, length
        self.covariance = np.cov(codes.T)
        self._whiten = np.linalg.inv(np.linalg.cholesky(self.covariance)).T
        self._known = self._standard(codes)
        kernel = self._kernel(self._known) + _NOISE * np.eye(len(codes))
        mean = components.mean(0)
        weights = scipy.linalg.solve(kernel, components - mean, assume_a="pos")
        self._weights = weights.astype(np.float32)
        self._mean = mean.astype(np.float32)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        return self._kernel(self._standard(codes)) @ self._weights + self._mean

    def rounded(self, codes: np.ndarray) -> np.ndarray:
        """The codes to a hundredth of their smallest standard deviation, to be short in links."""
        smallest = float(np.sqrt(self.covariance.diagonal().min()))
        return codes.astype(float).round(max(0, 2 - int(np.floor(np.log10(smallest))))) + 0.0

    def _standard(self, codes: np.ndarray) -> np.ndarray:
        return (codes @ self._whiten).astype(np.float32)

    def _kernel(self, standard: np.ndarray) -> np.ndarray:
        exponent = squared_distances(standard, self._known)
        exponent *= -0.5 / self._length**2
        return np.exp(exponent, out=exponent)


def fit_picture_regression(
    decode: Callable[[np.ndarray], np.ndarray],
    prior: Mixture,
    *,
    pictures: int = PICTURES,
    seed: int = 0,
) -> PictureRegression:
    """Learns from so many `pictures` [N, C, H, W] in [0, 1], which `decode` makes of codes [N, D]
    drawn from a prior. Of the kernel's lengths it takes the one that errs least on a tenth of
    them, learned without it."""
    codes = prior.sample(pictures, torch.Generator().manual_seed(seed)).numpy()
    parts = [decode(codes[start : start + _BATCH]) for start in range(0, pictures, _BATCH)]
    pixels = np.concatenate([_small(part) for part in parts])
    with one_thread():
        return _fit(codes, pixels)


def _fit(codes: np.ndarray, pixels: np.ndarray) -> PictureRegression:
    pixels = pixels - pixels.mean(0)
    components = pixels @ _principal_axes(pixels) / np.sqrt(pixels.shape[1])
    left_out, errors = len(codes) // 10, {}
    for length in (share * np.sqrt(codes.shape[1]) for share in _LENGTHS):
        fitted = PictureRegression(codes[left_out:], components[left_out:], length)
        missed = fitted(codes[:left_out]) - components[:left_out]
        errors[length] = float(np.sqrt(np.square(missed).sum(1).mean()))
    length = min(errors, key=errors.get)
    return PictureRegression(codes, components, length, errors[length])


def one_thread() -> AbstractContextManager:
    """Within it NumPy computes in one thread: over matrices of some hundred rows several would
    wait for each other, on a busy machine five times as long as they compute."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances [N, M] between rows [N, F] and [M, F]."""
    found = a @ b.T
    found *= -2
    found += np.square(a).sum(1)[:, None]
    found += np.square(b).sum(1)
    return np.maximum(found, 0, out=found)


def _small(pictures: np.ndarray) -> np.ndarray:
    """Pictures [N, C, H, W] as rows, averaged over squares until no side is longer than _SIDE."""
    n, channels, *sides = pictures.shape
    factor = -(-max(sides) // _SIDE)
    height, width = (side // factor for side in sides)
    cut = pictures[:, :, : height * factor, : width * factor]
    blocks = cut.reshape(n, channels, height, factor, width, factor)
    return blocks.mean((3, 5), dtype=np.float32).reshape(n, -1)


def _principal_axes(pixels: np.ndarray) -> np.ndarray:
    """The first principal axes [P, F] of centred rows [N, P]."""
    n = len(pixels)
    first = n - min(_COMPONENTS, n, pixels.shape[1])
    among = pixels @ pixels.T  # N x N, as pictures may be large
    values, vectors = scipy.linalg.eigh(among, subset_by_index=(first, n - 1))
    return pixels.T @ (vectors / np.sqrt(np.maximum(values, 1e-9)))
