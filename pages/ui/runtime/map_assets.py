"""What the browser needs to draw a map: published arrays and a few facts.

A map of more than `MAX_POINTS` items shows a random subset; the density is still that of all.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from vae.analysis.columns import Column
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
    codes: Codes,
    labels: np.ndarray,
    class_names: Sequence[str],
    *,
    entropy: Field | None,
    numbers: np.ndarray | None = None,
    columns: Mapping[str, Column] | None = None,
) -> MapAssets:
    """Publishes a map of codes [N, D] with labels [N] in 0..K-1.

    `entropy` is the decoder's pixel entropy, by default over the rectangle
    `vae.latent.bounds(codes.mean)`; the map has its bounds. `numbers` [N] are those of the items
    in their data set if these are not 0..N-1. `columns` of the whole data set may colour them.
    """
    area = bounds(codes.mean) if entropy is None else entropy.bounds
    density = kernel_density(codes.mean, area)
    shown, sampled = np.arange(len(labels)), len(labels) > MAX_POINTS
    if sampled:
        chosen = np.random.default_rng(0).choice(len(labels), MAX_POINTS, replace=False)
        shown = np.sort(chosen)
    block = [values[shown] for values in codes if values is not None]
    number_of = shown if numbers is None else numbers[shown]
    numbered = sampled or numbers is not None
    if numbered:
        block.append(number_of.astype("<u4"))
    block.append(packed_labels(labels[shown], len(class_names)))
    urls = {
        "points": routes.publish(b"".join(np.ascontiguousarray(b).tobytes() for b in block)),
        "density": routes.publish(density.values.astype("<f4").tobytes()),
    }
    if entropy is not None:
        urls["entropy"] = routes.publish(entropy.values.astype("<f4").tobytes())
    means = codes.mean[shown]
    urls |= column_urls(columns or {}, number_of, means, urls["points"])
    centres = class_centres(means, labels[shown], len(class_names))
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
        "numbered": numbered,
        "columns": list(columns or {}),
        "posterior": codes.std is not None,
        "bounds": list(area),
        "densitySize": density.values.shape[0],
        "entropySize": 0 if entropy is None else entropy.values.shape[0],
        "densityQuantiles": [float(f"{q:.4g}") for q in quantiles],
        "centres": [None if np.isnan(c).any() else c.round(4).tolist() for c in centres],
    }
    return MapAssets(urls, facts)


def column_urls(
    columns: Mapping[str, Column], numbers: np.ndarray, codes: np.ndarray, points: str
) -> dict[str, str]:
    """The URLs of what columns of a data set say of the items with some numbers [N], which are at
    codes [N, D]; `points` identifies these."""
    return {
        f"column {name}": _publish_column(column, numbers, codes, points)
        for name, column in columns.items()
    }


def _publish_column(
    column: Column, numbers: np.ndarray, codes: np.ndarray, points: str
) -> routes.PublishedUrl:
    """The URL of what a column says of the items with these numbers; most are never asked for."""
    own = column.take(numbers)
    sha = hashlib.sha256(repr((points, own.names, own.own, own.ends)).encode())
    sha.update(own.kinds.tobytes())
    sha.update(own.values.tobytes())
    work = partial(_column_json, column, numbers, codes)
    return routes.publish_deferred(f"column {sha.hexdigest()}", work)


def _column_json(column: Column, numbers: np.ndarray, codes: np.ndarray) -> bytes:
    column = column.take(numbers)
    kinds, names, own, _, ends = column
    found = [None] * len(names)
    if ends is None:
        centres = class_centres(codes, kinds, own)
        found[:own] = [None if np.isnan(c).any() else c.round(4).tolist() for c in centres]
    facts = {"names": names, "own": own, "ends": ends, "centres": found}
    items = {"kinds": kinds.tolist(), "texts": column.texts()}
    return json.dumps(facts | items, ensure_ascii=False).encode()
