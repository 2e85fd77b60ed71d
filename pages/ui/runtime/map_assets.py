"""What the browser needs to draw a map: published arrays and a few facts.

A map of more than `MAX_POINTS` items shows a random subset; the density is still that of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vae.latent.density import Field, bounds, kernel_density, sample_field
from vae.latent.encoding import Codes, class_centres

from . import routes

MAX_POINTS = 1_000_000


@dataclass(frozen=True)
class MapAssets:
    """The URLs of the published arrays of a map, and its facts."""

    urls: dict[str, str]
    facts: dict


def packed_labels(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels [N] as the browser reads them: a byte each, or two for more than 256 classes."""
    return labels.astype("<u2" if classes > 256 else "u1")


def publish_map(
    codes: Codes, labels: np.ndarray, class_names: Sequence[str], *, entropy: Field | None
) -> MapAssets:
    """Publishes a map of codes [N, D] with labels [N] in 0..K-1.

    `entropy` is the decoder's pixel entropy over the rectangle `vae.latent.bounds(codes.mean)`.
    """
    area = bounds(codes.mean)
    density = kernel_density(codes.mean, area)
    shown, sampled = np.arange(len(labels)), len(labels) > MAX_POINTS
    if sampled:
        chosen = np.random.default_rng(0).choice(len(labels), MAX_POINTS, replace=False)
        shown = np.sort(chosen)
    block = [values[shown] for values in codes if values is not None]
    if sampled:
        block.append(shown.astype("<u4"))
    block.append(packed_labels(labels[shown], len(class_names)))
    urls = {
        "points": routes.publish(b"".join(np.ascontiguousarray(b).tobytes() for b in block)),
        "density": routes.publish(density.values.astype("<f4").tobytes()),
    }
    if entropy is not None:
        urls["entropy"] = routes.publish(entropy.values.astype("<f4").tobytes())
    centres = class_centres(codes.mean[shown], labels[shown], len(class_names))
    known = centres[~np.isnan(centres).any(1)]
    quantiles = np.percentile(sample_field(density, codes.mean), np.arange(101))
    facts = {
        # The first image that is shown: the class centre of the highest density.
        "start": known[sample_field(density, known).argmax()].round(4).tolist(),
        # A subset alone would hide how many items there are, so the density of all is shown too.
        "layers": ["points", "density", "names"] if sampled else ["points", "names"],
        "latentSize": codes.mean.shape[1],
        "classes": list(class_names),
        "total": len(labels),
        "count": len(shown),
        "sampled": sampled,
        "posterior": codes.std is not None,
        "bounds": list(area),
        "densitySize": density.values.shape[0],
        "entropySize": 0 if entropy is None else entropy.values.shape[0],
        "densityQuantiles": [float(f"{q:.4g}") for q in quantiles],
        "centres": [None if np.isnan(c).any() else c.round(4).tolist() for c in centres],
    }
    return MapAssets(urls, facts)
