"""Which items the map of Explore shows, and what those inside a region are."""

import numpy as np
import streamlit as st

from vae import latent
from vae.analysis import regions
from vae.analysis.columns import Column
from vae.data import selection

from ..runtime import cache
from ..runtime.location import Items, Polygon
from ..runtime.map_assets import MapAssets, publish_map


@st.cache_resource(max_entries=8, show_spinner=False)
def map_assets(name: str, digest: str, show: str) -> MapAssets:
    """The map of what `vae.data.selection.select` chooses, over the rectangle of the usual map."""
    usual, data = cache.map_assets(name, digest), cache.display_dataset(name, digest)
    chosen = selection.select(data, show)
    if chosen.show == usual.facts["shown"]:
        return usual
    split = selection.split_of(data, chosen.numbers)
    made = publish_map(
        codes(name, digest, show),
        split.labels,
        data.class_names,
        entropy=cache.entropy_field(name, digest),
        numbers=chosen.numbers,
        columns=cache.columns(cache.images_of(name, digest)),
    )
    urls = usual.urls | made.urls
    if not data.shows_all:  # else the usual map has all images
        urls |= cache.item_urls(
            name,
            digest,
            f"{split.digest[:16]}-{len(data.train.labels)}",
            selection.JoinedImages(data.test.images, data.train.images),
            selection.metadata_of(data).paths,
            chosen.numbers.tolist(),
        )
    facts = {"split": chosen.words, "shown": chosen.show, "layers": usual.facts["layers"]}
    return MapAssets(urls, usual.facts | made.facts | facts)


@st.cache_resource(max_entries=8, show_spinner=False)
def codes(name: str, digest: str, show: str) -> latent.Codes:
    """Codes of the images of `vae.data.selection.select`, in their order."""
    data, usual = cache.display_dataset(name, digest), cache.codes(name, digest)
    numbers = selection.select(data, show).numbers
    known = numbers < len(usual.mean)
    parts = [usual.part(numbers[known])] if known.any() else []
    if not known.all():
        split = selection.split_of(data, numbers[~known])
        parts.append(latent.encode_images(cache.checkpoint(name, digest).model, *split))
    return latent.Codes.join(parts)


def column(name: str, digest: str, items: Items) -> Column | None:
    """The column that colours the items, None for their class."""
    return cache.columns(cache.images_of(name, digest)).get(items.colour)


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
