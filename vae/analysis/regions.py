"""A region of the latent plane: the items inside, moments of their pictures, and exports."""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from ..data.dataset import Metadata
from ..files import csv_table, npz
from ..latent.polylines import in_polygon

_CHUNK = 4096


class Moments(NamedTuple):
    """Mean and variance [C, H, W] of each pixel, in units of full brightness."""

    mean: np.ndarray
    variance: np.ndarray


class Members(NamedTuple):
    """Items inside a region: `index` [n], `labels` [n], `codes` [n, D], and the class `names`."""

    index: np.ndarray
    labels: np.ndarray
    codes: np.ndarray
    names: tuple[str, ...]

    @property
    def counts(self) -> np.ndarray:
        """The number of items per class [K]."""
        return np.bincount(self.labels, minlength=len(self.names))


def members(
    codes: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    polygon: Sequence[Sequence[float]],
    *,
    exclude: Collection[int] = (),
) -> Members:
    """Items with codes [N, D] and labels [N] inside a polygon [P, 2] in the first two dimensions,
    except those of the classes `exclude`."""
    index = np.flatnonzero(in_polygon(codes, polygon) & ~np.isin(labels, list(exclude)))
    return Members(index, labels[index], codes[index], tuple(names))


def moments(pictures: np.ndarray) -> Moments:
    """Exact moments of uint8 pictures [n, C, H, W], n >= 1; the variance is divided by n."""
    count = len(pictures)
    total, squares = np.zeros((2, *pictures.shape[1:]), np.int64)
    for start in range(0, count, _CHUNK):
        part = pictures[start : start + _CHUNK].astype(np.uint32)
        total += part.sum(0, dtype=np.int64)
        squares += (part * part).sum(0, dtype=np.int64)
    variance = (count * squares - total**2) / (count * 255.0) ** 2
    return Moments(total / (255.0 * count), variance)


def to_csv(found: Members, metadata: Metadata) -> str:
    """One row per item: index, label, class, what is known of all items by `metadata`, code."""
    axes = [f"z{d + 1}" for d in range(found.codes.shape[1])]
    known = metadata.take(found.index).table()
    rows = (
        [index, label, found.names[label], *more, *(f"{v:.9g}" for v in code)]
        for index, label, code, *more in zip(
            found.index, found.labels, found.codes, *known.values(), strict=True
        )
    )
    return csv_table.to_csv(["index", "label", "class", *known, *axes], rows)


def to_npz(found: Members, pictures: np.ndarray, metadata: Metadata) -> bytes:
    """Arrays `index` int64 [n], `label` int64 [n], `codes` float32 [n, D], `class_names` [K] and
    what is known of all items by `metadata`; with pictures uint8 [n, C, H, W] also their `mean`
    and `variance` [C, H, W]."""
    statistics = moments(pictures)._asdict() if len(pictures) else {}
    items = {"index": found.index.astype(np.int64), "label": found.labels.astype(np.int64)}
    items |= {"codes": found.codes.astype(np.float32), "class_names": np.array(found.names)}
    known = metadata.take(found.index).table()
    return npz.to_npz(known | items | statistics)


def to_json(
    found: Members,
    polygon: Sequence[Sequence[float]],
    *,
    total: int,
    split: str = "test",
    not_counted: Sequence[str] = (),
    **plane: str,
) -> str:
    """The polygon, in whose latent `plane` it lies (`model`, `digest` and `data`), the counts of
    the items inside, and the names of what is not counted."""
    values = {
        "polygon": [list(corner) for corner in polygon],
        **plane,
        "split": split,
        "total": total,
        "inside": len(found.index),
        "counts": dict(zip(found.names, found.counts.tolist(), strict=True)),
        "not_counted": list(not_counted),
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
