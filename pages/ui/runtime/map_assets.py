"""The map of a model (vae/explorer/map_data.py) as published URLs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from vae.analysis.columns import Column
from vae.explorer.map_data import column_data, map_data
from vae.latent.density import Area
from vae.latent.encoding import Codes

from . import routes


@dataclass(frozen=True)
class MapAssets:
    """The URLs of the published arrays of a map, and its facts."""

    urls: dict[str, str]
    facts: dict


def publish_map(
    codes: Codes,
    labels: np.ndarray,
    class_names: Sequence[str],
    *,
    area: Area | None = None,
    numbers: np.ndarray | None = None,
    columns: Mapping[str, Column] | None = None,
) -> MapAssets:
    """Publishes the map of codes [N, D]; the arguments are those of `map_data`, with the
    `columns` of the whole data set that may colour it."""
    columns = columns or {}
    made = map_data(codes, labels, class_names, area=area, numbers=numbers, columns=list(columns))
    urls = {name: routes.publish(array) for name, array in made.arrays.items()}
    urls |= column_urls(columns, made.numbers, made.codes.mean, urls["points"])
    return MapAssets(urls, made.facts)


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
    work = partial(column_data, column, numbers, codes)
    return routes.publish_deferred(f"column {sha.hexdigest()}", work)
