"""What the items inside a region of the map are."""

import numpy as np

from vae.analysis import regions
from vae.analysis.columns import Column
from vae.data import selection

from ..models.shown_items import codes, column
from ..runtime import cache
from ..runtime.location import Items, Polygon


def categories(name: str, digest: str, items: Items) -> Column | None:
    """The column that colours the items, None for their class and for numbers."""
    found = column(name, digest, items)
    return None if found is None or found.ends else found


def members(name: str, digest: str, region: Polygon, items: Items) -> regions.Members:
    """The shown images in a region, without those of hidden kinds; their `index` is their number
    in the data set."""
    data, shown = cache.display_dataset(name, digest), codes(name, digest, items.show)
    numbers = selection.select(data, items.show).numbers
    labels = selection.labels_of(data, numbers)
    hidden, coloured = items.hidden, column(name, digest, items)
    if coloured is not None:
        kinds, hidden = coloured.kinds[numbers], ()
        keep = ~np.isin(kinds, items.hidden)
        numbers, labels, shown = numbers[keep], labels[keep], shown.part(keep)
    found = regions.members(shown.mean, labels, data.class_names, region, exclude=hidden)
    return found._replace(index=numbers[found.index])


def hidden_names(name: str, digest: str, items: Items) -> list[str]:
    """The names of the hidden classes, or kinds of a column."""
    coloured = column(name, digest, items)
    classes = cache.display_dataset(name, digest).class_names
    names = classes if coloured is None else coloured.names
    return [names[kind] for kind in items.hidden if kind < len(names)]
