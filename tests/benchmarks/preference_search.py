"""How many choices a search by choosing needs to find a picture, against other ways to search.

The picture to be found is what the model decodes at the code of a test image that the search has
not seen. A simulated visitor chooses the picture nearest to it (RMS per pixel): exactly, or seeing
each distance wrong by a log-normal factor of 15 %. It is found once the chosen picture is nearer
than the fifth nearest of the decoded pictures of 10,000 training images. Every way shows as many
pictures in each step. Arguments: the model and the number of targets.
"""

import sys
import time
from collections.abc import Callable

import bench
import numpy as np
from scipy.stats import norm

import vae
from vae import latent
from vae.checkpoint.artifacts import load_aggregate
from vae.preference.picture_regression import squared_distances
from vae.preference.search import SIDE, PreferenceSearch

CHOICES, ERROR = 8, 0.15
SHOWN = SIDE**2
Ask = Callable[[np.ndarray], int]  # which of the codes [G, D] is chosen


class Space:
    """A model, its training codes and the pictures of test codes."""

    def __init__(self, name: str, targets: int) -> None:
        opened = vae.load(bench.Path(__file__).parents[2] / "checkpoints" / name)
        codec, data = latent.TorchCodec(opened.model), vae.load_dataset("fashion-mnist-starter")
        self.decode, self.aggregate = codec.pixel_means, load_aggregate(opened)
        self.codes = codec.encode(data.train.images[:10_000]).mean
        chosen = np.random.default_rng(1).choice(len(data.test.images), targets, replace=False)
        self.targets = self.pictures(codec.encode(data.test.images[chosen]).mean)
        near = self.distances(self.targets, self.pictures(self.codes))
        self.found_within = np.sort(near, axis=1)[:, 4]
        self.std = self.codes.std(0)

    def pictures(self, codes: np.ndarray) -> np.ndarray:
        return self.decode(codes).reshape(len(codes), -1)

    def distances(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """RMS per pixel between pictures."""
        return np.sqrt(squared_distances(a, b) / a.shape[1])


def by_choosing(space: Space, search: PreferenceSearch, ask: Ask, seed: int) -> None:
    choices = []
    for _ in range(CHOICES):
        shown = search.gallery(choices).codes
        choices.append(search.choose(shown, ask(shown)))


def on_planes(space: Space, search: PreferenceSearch, ask: Ask, seed: int) -> None:
    """The same belief, but the gallery is a plane through its mean, along the two directions in
    which its pictures vary most."""
    choices, best = [], None
    for _ in range(CHOICES):
        codes = search._belief(choices, np.random.default_rng(0))
        shown = plane(codes.mean(0), *main_directions(search, codes))
        if best is not None:
            shown[SHOWN // 2] = best
        best = shown[index := ask(shown)]
        choices.append(search.choose(shown, index))


def main_directions(search: PreferenceSearch, codes: np.ndarray) -> np.ndarray:
    """The displacements [2, D] of one standard deviation along which pictures vary most, for
    pictures that are linear in the code."""
    centred, pictures = codes - codes.mean(0), search.pictures(codes)
    covariance = np.cov(codes.T) + 1e-6 * search.pictures.covariance
    slope = np.linalg.solve(covariance, centred.T @ pictures / len(codes))
    root = np.linalg.cholesky(covariance)
    return 1.5 * (root @ np.linalg.svd(root.T @ slope, full_matrices=False)[0][:, :2]).T


def plane(centre: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    steps = np.linspace(-1, 1, SIDE)
    return np.array([centre + x * right + y * down for y in steps for x in steps], np.float32)


def by_gaussian_process(space: Space, search: PreferenceSearch, ask: Ask, seed: int) -> None:
    """As Sequential Gallery: a Gaussian process over the codes, fitted to the choices by Laplace's
    method; the plane leads from the best code to the two of most expected improvement."""
    rng, known, groups, best, goodness = np.random.default_rng(seed), [], [], None, 10.0
    for _ in range(CHOICES):
        drawn = rng.choice(len(space.codes), 800, replace=False)
        candidates = space.codes[drawn] / space.std
        if best is None:
            shown = plane(space.codes.mean(0), *main_directions(search, space.codes))
        else:
            points = np.concatenate(known) / space.std
            kernel = np.exp(squared_distances(points, points) / -8) + 1e-4 * np.eye(len(points))
            value, one = np.zeros(len(points)), np.eye(len(points))
            for _ in range(12):
                gradient, curvature = np.zeros(len(points)), np.zeros_like(kernel)
                for first, index in groups:
                    part = slice(first, first + SHOWN)
                    share = np.exp(goodness * (value[part] - value[part].max()))
                    share /= share.sum()
                    gradient[part] -= goodness * share
                    gradient[first + index] += goodness
                    curvature[part, part] += goodness**2 * (
                        np.diag(share) - np.outer(share, share)
                    )
                step = np.linalg.solve(one + curvature @ kernel, curvature @ value + gradient)
                value = kernel @ step
            gain = np.linalg.solve(one + curvature @ kernel, curvature)
            cross = np.exp(squared_distances(candidates, points) / -8)
            mean = cross @ np.linalg.solve(kernel, value)
            variance = 1 - np.einsum("ij,jk,ik->i", cross, gain, cross)

            a = improvement(mean - value.max(), variance).argmax()
            to_a = np.exp(squared_distances(candidates, candidates[[a]]) / -8)[:, 0]
            to_a -= cross @ (gain @ cross[a])
            variance = variance - np.square(to_a) / (variance[a] + 1e-4)
            b = improvement(mean - value.max(), variance).argmax()
            shown = plane(best, *(space.codes[drawn[[a, b]]] - best))
        best = shown[index := ask(shown)]
        groups.append((SHOWN * len(known), index))
        known.append(shown)


def improvement(gain: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The expected improvement by values with these means above the best and variances."""
    std = np.sqrt(np.maximum(variance, 1e-9))
    return gain * norm.cdf(gain / std) + std * norm.pdf(gain / std)


def at_random(space: Space, search: PreferenceSearch, ask: Ask, seed: int) -> None:
    """The last choice among draws from the aggregate posterior."""
    rng, best = np.random.default_rng(seed), None
    for _ in range(CHOICES):
        shown = space.codes[rng.choice(len(space.codes), SHOWN)].copy()
        if best is not None:
            shown[0] = best
        best = shown[ask(shown)]


def by_sliders(space: Space, search: PreferenceSearch, ask: Ask, seed: int) -> None:
    """One latent after the other, the best place on its slider."""
    best = space.codes.mean(0)
    for step in range(CHOICES):
        shown, axis = np.repeat(best[None], SHOWN, 0), step % len(best)
        shown[:, axis] = np.linspace(*np.percentile(space.codes[:, axis], [0.5, 99.5]), SHOWN)
        best = shown[ask(shown)]


WAYS = {
    "search by choosing": by_choosing,
    "planes of the same belief": on_planes,
    "planes of a Gaussian process over codes": by_gaussian_process,
    "random galleries": at_random,
    "sliders, one latent per choice": by_sliders,
}


def measure(space: Space, search: PreferenceSearch, way: Callable, error: float) -> list[str]:
    distances, seconds = np.zeros((len(space.targets), CHOICES)), []
    for target, row in enumerate(distances):
        rng, chosen = np.random.default_rng(target), []

        def ask(shown: np.ndarray, target=target, rng=rng, chosen=chosen) -> int:
            far = space.distances(space.targets[[target]], space.pictures(shown))[0]
            index = int((far * np.exp(error * rng.standard_normal(len(far)))).argmin())
            chosen.append(far[index])
            return index

        start = time.perf_counter()
        way(space, search, ask, target)
        seconds.append((time.perf_counter() - start) / CHOICES)
        row[:] = chosen
    hit = distances <= space.found_within[:, None]
    needed = np.where(hit.any(1), hit.argmax(1) + 1, CHOICES + 1)
    median = int(np.median(needed))
    return [
        str(median) if median <= CHOICES else f"more than {CHOICES}",
        f"{100 * hit.any(1).mean():.0f} %",
        *(f"{np.median(distances[:, k - 1]):.3f}" for k in (1, 3, CHOICES)),
        f"{np.median(seconds):.2f}",
    ]


def main(name: str = "fashion-vae-10", targets: str = "50") -> None:
    space = Space(name, int(targets))
    start = time.perf_counter()
    search = PreferenceSearch(space.decode, space.aggregate)
    print(f"{name}: prepared in {time.perf_counter() - start:.1f} s")
    print(f"fifth nearest of 10,000: {np.median(space.found_within):.3f} RMS, median")
    head = ["way", "choices until found, median", f"found within {CHOICES}"]
    head += ["distance after 1", "after 3", f"after {CHOICES}", "seconds per choice"]
    for error in (0.0, ERROR):
        title = f"visitor {'exact' if error == 0 else f'wrong by {error:.0%}'}, {targets} targets"
        rows = [[title, *measure(space, search, way, error)] for title, way in WAYS.items()]
        bench.table(title, head, rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
