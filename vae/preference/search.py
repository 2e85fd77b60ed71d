"""Finding a picture by choosing: of a gallery a person picks the picture that is nearest to what
they have in mind, and the next gallery shows where that still may be.

What they have in mind is a code t. That they chose the code c of those that were shown has the
probability |p(c) - p(t)|^-k / sum_s |p(s) - p(t)|^-k, where p are pictures: the choice model of
Bradley, Terry and Luce (1959) for the logarithms of distances to an ideal point. It needs no unit,
as only ratios of distances count. The belief about t is the aggregate posterior times the
probabilities of all choices, and it is sampled. The next gallery is the k-means quantisation of
these samples by their pictures: the one whose nearest picture is expected to be nearest to t.

Sequential Gallery (Koyama, Sato and Goto 2020, https://arxiv.org/abs/2005.04107) asks in the same
way; its model of the preference is a Gaussian process over codes, and its galleries are planes.
tests/benchmarks/preference_search.py compares both. Here the Gaussian process is a model of the
pictures, so that a step takes as long for any decoder.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ..errors import AtelierError
from ..nn.distributions import Mixture
from .picture_regression import PICTURES, fit_picture_regression, one_thread, squared_distances

SIDE = 5  # pictures in a row and in a column of a gallery
MAX_CHOICES = 40
RIVALS = 10  # of the pictures that were not chosen, which a choice remembers
_SHARPNESS = 10.0  # k: how reliably the nearer of two pictures is chosen
_SAMPLES = 500  # of the belief
_JITTER = (0.3, 0.15)  # of resampled draws, in standard deviations of the prior
_STEPS = (1.0, 0.5, 0.3, 0.3)  # of the random walk, in standard deviations of the belief
_ROUNDS = 10  # of k-means
_SMALLEST = 1e-4  # squared distance per pixel below which pictures look the same


class PreferenceError(AtelierError):
    """Choices that no gallery follows."""


class Gallery(NamedTuple):
    """Codes [SIDE², D] row by row, the last choice in the middle, and `spread`: the median RMS
    difference per pixel between two of their pictures."""

    codes: np.ndarray
    spread: float


class PreferenceSearch:
    """The search in one latent space. It keeps nothing: the choices determine each gallery."""

    def __init__(
        self,
        decode: Callable[[np.ndarray], np.ndarray],
        prior: Mixture,
        *,
        pictures: int = PICTURES,
        seed: int = 0,
    ) -> None:
        """`decode` returns pictures [N, C, H, W] in [0, 1] of codes [N, D]; `prior` is the
        aggregate posterior, where targets are looked for; so many `pictures` are decoded once."""
        self._log_prior, self._seed = _log_density(prior), seed
        self.pictures = fit_picture_regression(decode, prior, pictures=pictures, seed=seed)
        self._known = self.pictures(self.pictures.codes)

    def choose(self, gallery: np.ndarray, index: int) -> np.ndarray:
        """The choice of one of the codes [G, D] of a gallery, as codes [1 + RIVALS, D]: the chosen
        one, then some that were not chosen. Of these say the most those whose pictures are nearest
        to it; others, each as far as possible from those before, say where the target is not."""
        pictures = self.pictures(gallery)
        apart = squared_distances(pictures, pictures)
        apart[index, index] = -1
        kept = list(np.argsort(apart[index], kind="stable")[: 1 + RIVALS // 2])
        while len(kept) < min(1 + RIVALS, len(gallery)):
            kept.append(int(apart[kept].min(0).argmax()))
        return gallery[kept]

    def gallery(self, choices: Sequence[np.ndarray]) -> Gallery:
        """The gallery after choices, each as `choose` returns it. One of no codes [0, D] says that
        nothing suits: those before it then count half, so that the gallery becomes wider."""
        if len(choices) > MAX_CHOICES:
            raise PreferenceError(
                f"{len(choices)} choices; a search has at most {MAX_CHOICES}, begin a new one"
            )
        with one_thread():
            return self._gallery([np.asarray(choice, np.float32) for choice in choices])

    def _gallery(self, choices: Sequence[np.ndarray]) -> Gallery:
        rng = np.random.default_rng(self._seed)
        codes = self._belief(choices, rng)
        pictures = self.pictures(codes)
        shown = _quantised(pictures, SIDE**2, rng)
        best = next((choice[0] for choice in reversed(choices) if len(choice)), None)
        if best is not None:
            own = squared_distances(self.pictures(best[None]), pictures[shown])[0].argmin()
            codes[shown[own]] = best
            pictures[shown[own]] = self.pictures(best[None])[0]
            shown[[0, own]] = shown[[own, 0]]
        order = _arranged(pictures[shown], middle=best is not None)
        found = self.pictures.rounded(codes[shown[order]])
        apart = squared_distances(pictures[shown], pictures[shown])
        return Gallery(found, float(np.sqrt(np.median(apart[np.triu_indices(SIDE**2, 1)]))))

    def _belief(self, choices: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
        """Samples [_SAMPLES, D] of the target's code given choices: draws from the prior,
        resampled by their likelihood, then moved by Metropolis's random walk."""
        codes = self.pictures.codes
        if not any(map(len, choices)):
            return codes[:_SAMPLES].copy()
        shown, weights = [], []
        for choice in choices:
            if len(choice):
                shown.append(self.pictures(choice))
                weights.append(1.0)
            else:
                weights = [0.5 * weight for weight in weights]

        def log_likelihood(pictures: np.ndarray) -> np.ndarray:
            return sum(w * _log_chosen(pictures, s) for w, s in zip(weights, shown, strict=True))

        def log_belief(codes: np.ndarray) -> np.ndarray:
            return self._log_prior(codes) + log_likelihood(self.pictures(codes))

        value = log_likelihood(self._known)
        wide = np.linalg.cholesky(self.pictures.covariance).T
        for jitter in _JITTER:
            codes = codes[_draw(value, _SAMPLES, rng)]
            noise = rng.standard_normal(codes.shape) @ wide
            codes = (codes + jitter * noise).astype(np.float32)
            value = log_belief(codes)
        drawn = _draw(value, _SAMPLES, rng)
        codes, value = codes[drawn], value[drawn]
        for step in _STEPS:
            spread = np.cov(codes.T) + 1e-6 * self.pictures.covariance
            noise = rng.standard_normal(codes.shape) @ np.linalg.cholesky(spread).T
            moved = (codes + step / np.sqrt(codes.shape[1]) * noise).astype(np.float32)
            new = log_belief(moved)
            accept = np.log(rng.random(len(codes))) < new - value
            codes[accept], value[accept] = moved[accept], new[accept]
        return codes


def _log_density(prior: Mixture) -> Callable[[np.ndarray], np.ndarray]:
    """The log density [N] of a mixture at codes [N, D], up to a constant, in NumPy."""
    inverse = np.linalg.inv(prior.scales.numpy())  # [J, D, D]
    offset = (inverse @ prior.means.numpy()[:, :, None])[:, :, 0]
    level = prior.log_weights.numpy() + np.log(np.abs(np.linalg.det(inverse)))

    def log_density(codes: np.ndarray) -> np.ndarray:
        size = np.square(np.tensordot(codes, inverse, (1, 2)) - offset).sum(2)  # [N, J]
        return logsumexp(level - 0.5 * size, axis=1)

    return log_density


def _log_chosen(targets: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """log P [N] that the first of the pictures shown [R, F] is chosen by somebody who has one of
    the targets [N, F] in mind."""
    utility = -0.5 * _SHARPNESS * np.log(squared_distances(targets, shown) + _SMALLEST)
    utility -= utility[:, :1]
    return -np.log(np.exp(utility).sum(1))


def _draw(log_weights: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    weights = np.exp(log_weights - log_weights.max())
    return rng.choice(len(weights), n, p=weights / weights.sum())


def _quantised(pictures: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """The n pictures of [N, F], by number, that are nearest to the centres of their clusters: by
    Lloyd's k-means, begun as k-means++ (Arthur and Vassilvitskii 2007)."""
    centres = pictures[:1]
    for _ in range(n - 1):
        nearest = squared_distances(pictures, centres).min(1) + 1e-12
        new = rng.choice(len(pictures), p=nearest / nearest.sum())
        centres = np.concatenate([centres, pictures[[new]]])
    for _ in range(_ROUNDS):
        own = np.eye(n, dtype=np.float32)[squared_distances(pictures, centres).argmin(1)]
        centres = (own.T @ pictures + 1e-6 * centres) / (own.sum(0)[:, None] + 1e-6)
    distances, found = squared_distances(centres, pictures), []
    for row in distances:
        row[found] = np.inf
        found.append(int(row.argmin()))
    return np.array(found)


def _arranged(pictures: np.ndarray, *, middle: bool) -> np.ndarray:
    """The order of pictures [SIDE², F] in a square where those next to each other are alike: their
    two principal components are moved to its places with the least sum of squares. With `middle`
    the first picture takes the place in the middle, and the components are those from it."""
    from scipy.optimize import linear_sum_assignment

    centred = pictures - (pictures[0] if middle else pictures.mean(0))
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    plane = centred @ (axes * np.where(axes.sum(1) < 0, -1, 1)[:, None]).T
    plane /= np.sqrt(np.square(plane).mean(0)) + 1e-9
    lines = np.linspace(-np.sqrt(2), np.sqrt(2), SIDE)
    places = np.stack(np.meshgrid(lines, lines), axis=-1).reshape(-1, 2)
    cost = squared_distances(places, plane)
    if middle:
        cost[:, 0] += np.where(np.arange(SIDE**2) == SIDE**2 // 2, -1e3, 1e3)
    return linear_sum_assignment(cost)[1]
