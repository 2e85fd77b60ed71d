"""From codes to a map: what the browser needs, published by content, and a few facts about it.

Beyond `MAX_POINTS` items the map shows a sample of them; density and crowding still count all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vae.latent.density import Field, bounds, kernel_density, sample_field
from vae.latent.encoding import Codes, class_centres

from . import routes

MAX_POINTS = 100_000


@dataclass(frozen=True)
class MapAssets:
    """URLs of the heavy parts and the small facts from which the browser builds one map."""

    urls: dict[str, str]
    facts: dict


def publish_map(
    codes: Codes, labels: np.ndarray, class_names: Sequence[str], *, uncertainty: Field | None
) -> MapAssets:
    """The items of one map: codes [N, D], labels [N] in 0..K-1, the decoder's entropy field.

    `uncertainty` must lie on the rectangle `vae.latent.bounds(codes.mean)`, as the density does.
    """
    area = bounds(codes.mean)
    crowd = kernel_density(codes.mean, area)
    shown = _sample(len(labels))
    sampled = len(shown) < len(labels)
    block = [codes.mean[shown]]
    if codes.std is not None:
        block.append(codes.std[shown])
    if sampled:
        block.append(shown.astype("<u4"))
    block.append(labels[shown].astype(np.uint8))
    urls = {
        "points": routes.publish(b"".join(np.ascontiguousarray(b).tobytes() for b in block)),
        "density": routes.publish(crowd.values.astype("<f4").tobytes()),
    }
    if uncertainty is not None:
        urls["entropy"] = routes.publish(uncertainty.values.astype("<f4").tobytes())
    centres = class_centres(codes.mean[shown], labels[shown], len(class_names))
    known = centres[~np.isnan(centres).any(1)]
    facts = {
        # The first picture anyone sees: the most crowded of the classes' centres.
        "start": known[sample_field(crowd, known).argmax()].round(4).tolist(),
        # A sample alone would hide how many there are: the density of all is shown with it.
        "layers": ["points", "density", "names"] if sampled else ["points", "names"],
        "latentSize": codes.mean.shape[1],
        "classes": list(class_names),
        "total": len(labels),
        "count": len(shown),
        "sampled": sampled,
        "posterior": codes.std is not None,
        "bounds": list(area),
        "densitySize": crowd.values.shape[0],
        "entropySize": 0 if uncertainty is None else uncertainty.values.shape[0],
        "densityQuantiles": [
            float(f"{q:.4g}")
            for q in np.percentile(sample_field(crowd, codes.mean), np.arange(101))
        ],
        "centres": [None if np.isnan(c).any() else c.round(4).tolist() for c in centres],
    }
    return MapAssets(urls, facts)


def _sample(count: int) -> np.ndarray:
    """Indices of the items that are drawn: all, or a fixed random choice in their own order."""
    if count <= MAX_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MAX_POINTS, replace=False))
