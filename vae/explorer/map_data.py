"""What the browser needs to draw the map of a model: arrays, and a few facts.

A map of more items than it may show has a random subset; the density is still that of all.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..analysis.columns import Column
from ..latent.codec import SEEDS, Codec
from ..latent.density import Area, bounds, kernel_density, sample_field
from ..latent.encoding import Codes, class_centres

MAX_POINTS = 1_000_000


class MapData(NamedTuple):
    """The `arrays` of a map by name, as `pages/ui/map/items.js` reads them; its `facts`, as in
    `pages/ui/component/types.d.ts`; the `codes` of the n items on it, and their `numbers` [n] in
    the data set."""

    arrays: dict[str, bytes]
    facts: dict
    codes: Codes
    numbers: np.ndarray


def packed_labels(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels [N] as the browser reads them: a byte each, or two for more than 256 classes."""
    return labels.astype("<u2" if classes > 256 else "u1")


def map_data(
    codes: Codes,
    labels: np.ndarray,
    class_names: Sequence[str],
    *,
    area: Area | None = None,
    numbers: np.ndarray | None = None,
    columns: Sequence[str] = (),
    most: int = MAX_POINTS,
) -> MapData:
    """The map of codes [N, D] with labels [N] in 0..K-1, with at most `most` items.

    `area` is the rectangle of the map, by default `vae.latent.bounds(codes.mean)`. `numbers` [N]
    are those of the items in their data set if these are not 0..N-1. The named `columns` of the
    data set may colour them.
    """
    area = area or bounds(codes.mean)
    density = kernel_density(codes.mean, area)
    shown, sampled = np.arange(len(labels)), len(labels) > most
    if sampled:
        shown = np.sort(np.random.default_rng(0).choice(len(labels), most, replace=False))
    on_map = codes.part(shown)
    block = [values for values in on_map if values is not None]
    number_of = shown if numbers is None else numbers[shown]
    numbered = sampled or numbers is not None
    if numbered:
        block.append(number_of.astype("<u4"))
    block.append(packed_labels(labels[shown], len(class_names)))
    arrays = {
        "points": b"".join(np.ascontiguousarray(b).tobytes() for b in block),
        "density": density.values.astype("<f4").tobytes(),
    }
    centres = class_centres(on_map.mean, labels[shown], len(class_names))
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
        "columns": list(columns),
        "posterior": codes.std is not None,
        "bounds": list(area),
        "densitySize": density.values.shape[0],
        "densityQuantiles": [float(f"{q:.4g}") for q in quantiles],
        "centres": [None if np.isnan(c).any() else c.round(4).tolist() for c in centres],
    }
    return MapData(arrays, facts, on_map, number_of)


def decoder_data(codec: Codec) -> tuple[dict[str, bytes], dict]:
    """The decoder for the browser: its "program", where it can be written as one, and the "noise"
    [SEEDS, E] of a hierarchical model; and the facts about what it takes and returns."""
    info, arrays = codec.info, {}
    if (program := codec.program()) is not None:
        arrays["program"] = program
    if info.noise_size:
        noise = np.stack([codec.noise(seed) for seed in range(SEEDS)])
        arrays["noise"] = noise.astype("<f4").tobytes()
    return arrays, {
        "contextSize": info.classes or info.noise_size,
        "context": "label" if info.classes else "noise" if info.noise_size else None,
        "variations": info.variations,
        "seedGroups": info.seed_groups,
        "image": list(info.image_shape),
        "prior": info.normal_prior,  # the map can show the density and quantiles of N(0, I) only
    }


def column_data(column: Column, numbers: np.ndarray, codes: np.ndarray) -> bytes:
    """What a column of a data set says of the items with some numbers [n], which are at codes
    [n, D], as JSON."""
    column = column.take(numbers)
    kinds, names, own, _, ends = column
    found = [None] * len(names)
    if ends is None:
        centres = class_centres(codes, kinds, own)
        found[:own] = [None if np.isnan(c).any() else c.round(4).tolist() for c in centres]
    facts = {"names": names, "own": own, "ends": ends, "centres": found}
    items = {"kinds": kinds.tolist(), "texts": column.texts()}
    return json.dumps(facts | items, ensure_ascii=False).encode()


def first_location(facts: Mapping) -> dict:
    """Where a map opens: `z`, the `layers`, and the `label` of a conditional model."""
    start = facts["start"]
    label = facts["centres"].index(start) if facts["context"] == "label" else None
    return {"z": [round(v, 4) for v in start], "layers": facts["layers"], "label": label}
