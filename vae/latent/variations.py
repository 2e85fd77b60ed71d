"""Variations of a picture: others that differ from it by a chosen distance in pixel space.

A Gaussian step in latent space changes the picture much in one place and hardly in another. Here
the step follows the pull-back metric G = J^T J of the decoder (Tosi et al. 2014,
https://arxiv.org/abs/1411.7432): directions are spread evenly under G, and along each of them the
places are found at which the decoded picture has changed by the wanted amount. Of these
candidates, those that keep the class are chosen one after the other, each like the original and
unlike those chosen before (greedy max-min selection, Gonzalez 1985).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .codec import Codec

Classify = Callable[[np.ndarray], np.ndarray]  # uint8 [N, H, W, C] -> how sure, 0 to 1 [N, K]
Inside = Callable[[np.ndarray], np.ndarray]  # codes [N, D] -> which of them may be used

MAX_DISTANCE = 0.6  # root mean squared difference per pixel
_RAYS = 48
_MULTIPLES = np.array([0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.3, 3.0])  # of the predicted step
_SHARES = (1.0, 0.7, 0.4)  # of the distance, at which candidates are taken along a ray
_TOLERANCE = 1.1  # of the distance: the picture between two steps is not measured
_ROUNDS = 4  # with half the distance each, where a class ends before there are enough
_DAMPING = 0.05  # of the mean eigenvalue of G, so that flat directions do not lead far away
_STEP = 1e-2  # of the central differences


class Variations(NamedTuple):
    """n variations, those most like the original first: codes `z` [n, D], noise `seeds` [n], root
    mean squared `distance` per pixel from the original [n], and `classes` [n], -1 if unknown."""

    z: np.ndarray
    seeds: np.ndarray
    distance: np.ndarray
    classes: np.ndarray


class _Pool(NamedTuple):
    """Candidates: the first fields of `Variations`, how sure their classes are [n, K],
    and their pictures float32 [n, P]."""

    z: np.ndarray
    seeds: np.ndarray
    distance: np.ndarray
    certainties: np.ndarray
    pictures: np.ndarray

    def at(self, rows: np.ndarray) -> "_Pool":
        return _Pool(*(part[rows] for part in self))

    def with_more(self, other: "_Pool") -> "_Pool":
        return _Pool(*(np.concatenate(both) for both in zip(self, other, strict=True)))


def vary(
    codec: Codec,
    z: np.ndarray,
    n: int,
    *,
    distance: float,
    diversity: float = 0.7,
    label: int | None = None,
    noise_seed: int = 0,
    seed: int = 0,
    classify: Classify | None = None,
    keep: int | None = None,
    inside: Inside | None = None,
    unlike: np.ndarray | None = None,
) -> Variations:
    """At most n variations of the picture at a code [D], no farther from it than `distance`.

    `diversity` from 0 to 1 weighs how much the variations differ from each other against how
    alike the original they are. `classify` says how sure each class of pictures is;
    with `keep`, only those of this class are taken, the surest first. `inside` says which codes
    may be used. Variations that are nearer to one of the pictures `unlike`, uint8 [m, H, W, C],
    than to the original are left out. Models with noise vary it, too, within the group of seeds
    of `noise_seed`. There are fewer than n only where the surroundings of the code hold no more.
    """
    z = np.asarray(z, np.float32)
    rng = np.random.default_rng(seed)
    parent = _pictures(codec, z[None], label, np.array([noise_seed]))[0]
    disliked = None
    if unlike is not None and len(unlike):
        disliked = unlike.transpose(0, 3, 1, 2).reshape(len(unlike), -1).astype(np.float32) / 255
    found = None
    for halving in range(_ROUNDS):
        wanted = distance / 2**halving
        pool = _candidates(codec, z, parent, wanted, label, noise_seed, rng, classify)
        allowed = np.ones(len(pool.z), bool)
        if keep is not None:
            allowed &= pool.certainties.argmax(1) == keep
        if inside is not None:
            allowed &= inside(pool.z)
        if disliked is not None and len(pool.z):
            allowed &= _rms(pool.pictures, disliked).min(1) > pool.distance
        found = pool.at(allowed) if found is None else found.with_more(pool.at(allowed))
        if len(found.z) >= 2 * n:
            break
    sure = np.ones(len(found.z)) if keep is None else found.certainties[:, keep]
    chosen = _choose(found, sure, parent, disliked, n, diversity)
    ordered = found.at(chosen[np.argsort(found.distance[chosen], kind="stable")])
    known = classify is not None and len(ordered.z)
    classes = ordered.certainties.argmax(1) if known else np.full(len(ordered.z), -1)
    return Variations(*ordered[:3], classes)


def _candidates(codec, z, parent, distance, label, noise_seed, rng, classify) -> _Pool:
    """Places on rays from a code at which the picture has changed by shares of a distance."""
    info = codec.info
    directions = _directions(codec, z, label, noise_seed, rng) * distance
    seeds = np.full(_RAYS, noise_seed)
    if info.noise_size:  # every second ray keeps the noise of the original
        group = noise_seed - noise_seed % info.variations
        seeds[1::2] = group + rng.integers(1, info.variations, len(seeds[1::2]))
    steps = np.concatenate([[0.0], _MULTIPLES])
    path = z + steps[None, :, None] * directions[:, None]
    walked = _pictures(codec, path.reshape(-1, len(z)), label, np.repeat(seeds, len(steps)))
    change = _rms(walked, parent[None]).reshape(_RAYS, len(steps))
    codes, noise = [], []
    for ray, share in ((ray, share) for share in _SHARES for ray in range(_RAYS)):
        reached = np.flatnonzero(change[ray] >= share * distance)
        if not len(reached):
            continue
        after = reached[0]
        if after == 0:  # the noise alone changes that much
            step = 0.0
        else:
            low, high = change[ray, after - 1], change[ray, after]
            part = (share * distance - low) / max(high - low, 1e-9)
            step = steps[after - 1] + part * (steps[after] - steps[after - 1])
        codes.append(z + step * directions[ray])
        noise.append(seeds[ray])
    if not codes:
        return _Pool(*(np.zeros(shape) for shape in ((0, len(z)), 0, 0, (0, 1), (0, parent.size))))
    codes, noise = np.array(codes, np.float32), np.array(noise)
    _, first = np.unique(np.column_stack([codes, noise]), axis=0, return_index=True)
    codes, noise = codes[np.sort(first)], noise[np.sort(first)]
    pictures = _pictures(codec, codes, label, noise)
    changed = _rms(pictures, parent[None])[:, 0]
    certainties = np.zeros((len(codes), 1))
    if classify:
        whole = pictures.reshape(-1, *info.image_shape).transpose(0, 2, 3, 1)
        certainties = classify((whole * 255).round().astype(np.uint8))
    near = (changed > 0) & (changed <= _TOLERANCE * distance)
    return _Pool(codes, noise, changed, certainties, pictures).at(near)


def _directions(codec, z, label, noise_seed, rng) -> np.ndarray:
    """Steps [_RAYS, D] that change the picture by about 1 RMS per pixel, even under the metric."""
    latent = len(z)
    shift = _STEP * np.eye(latent, dtype=np.float32)
    both = np.concatenate([z + shift, z - shift])
    forth, back = np.split(_pictures(codec, both, label, np.full(len(both), noise_seed)), 2)
    jacobian = (forth - back) / (2 * _STEP) / np.sqrt(forth.shape[1])
    metric = (jacobian @ jacobian.T).astype(float)
    metric += (_DAMPING * np.trace(metric) / latent + 1e-9) * np.eye(latent)
    if latent == 2:  # as evenly as possible
        angle = 2 * np.pi * (np.arange(_RAYS) + rng.random()) / _RAYS
        unit = np.stack([np.cos(angle), np.sin(angle)], 1)
    else:
        unit = rng.standard_normal((_RAYS, latent))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return np.linalg.solve(np.linalg.cholesky(metric).T, unit.T).T.astype(np.float32)


def _choose(pool: _Pool, sure, parent, disliked, n: int, diversity: float) -> np.ndarray:
    """Rows of n candidates, each unlike those before it and, the less diverse, like the parent;
    the surer of their class, the sooner, and others only where there are too few sure ones."""
    near = parent[None] if disliked is None else np.concatenate([parent[None], disliked])
    gap = _rms(pool.pictures, near).min(1) if len(pool.z) else np.zeros(0)
    alike = 1 - pool.distance / max(pool.distance.max(initial=0), 1e-9)
    chosen = []
    for _ in range(min(n, len(pool.z))):
        score = (sure > 0.5) + sure * (
            diversity * gap / max(gap.max(), 1e-9) + (1 - diversity) * alike
        )
        score[chosen] = -1
        # Two that look the same are no choice, however alike the original they are.
        score[gap < 1e-3] -= 1
        best = int(score.argmax())
        chosen.append(best)
        gap = np.minimum(gap, _rms(pool.pictures, pool.pictures[best][None])[:, 0])
    return np.array(chosen, int)


def _pictures(codec: Codec, z: np.ndarray, label: int | None, seeds: np.ndarray) -> np.ndarray:
    """Pixel means float32 [n, P] at codes."""
    return codec.pixel_means(z, label=label, seed=seeds).reshape(len(z), -1)


def _rms(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Root mean squared differences [n, m] between pictures [n, P] and others [m, P]."""
    return np.stack([np.sqrt(((pictures - other) ** 2).mean(1)) for other in others], 1)
