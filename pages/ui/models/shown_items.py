"""Which items the maps of a model show, and what colours them: chosen on one page, kept on all."""

import numpy as np
import streamlit as st

import vae
from vae import latent
from vae.analysis.columns import Column
from vae.data import selection

from ..runtime import cache, session
from ..runtime.errors import shown_errors
from ..runtime.location import Items, items_from_map
from ..runtime.map_assets import MapAssets, publish_map

SHOW_HELP = "Held-out items are filled, those that the model was trained on are outlined"


def items_from_link(entry: vae.Entry, assets: MapAssets) -> list[str]:
    """Takes what a link says of the items, and returns its keys that do not apply. To be called
    before the page takes its own state from the link."""
    linked, unreadable = session.items_from_link(entry.digest)
    known = linked.known(assets.facts)
    session.set_items(entry.digest, known)
    return unreadable + ["by"] * (known.colour != linked.colour)


def chosen_items(entry: vae.Entry, assets: MapAssets, key: str) -> Items:
    """The items to show, by the last message of the component with this key, which is taken
    once."""
    asked = (st.session_state.get(key) or {}).get("items") or {}
    fresh = asked.get("digest") == entry.digest and not session.already_handled(
        f"items {key}", asked.get("turn")
    )
    if fresh:
        with shown_errors("The map sent an invalid choice of items", show=st.warning):
            session.set_items(entry.digest, items_from_map(asked).known(assets.facts))
    return session.items(entry.digest)


def items_message(chosen: Items) -> dict:
    """What a component that lets choose the items is told. It adopts the choice when it is new,
    when its model or the revision changes; otherwise its own state wins."""
    return {"items": chosen.to_json() | {"revision": session.arrivals()}}


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
        area=tuple(usual.facts["bounds"]),
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
    if show == "all" and np.array_equal(numbers[~known], selection.select(data, "train").numbers):
        parts.append(codes(name, digest, "train"))
    elif not known.all():
        split = selection.split_of(data, numbers[~known])
        parts.append(latent.encode_images(cache.checkpoint(name, digest).model, *split))
    return latent.Codes.join(parts)


def column(name: str, digest: str, items: Items) -> Column | None:
    """The column that colours the items, None for their class."""
    return cache.columns(cache.images_of(name, digest)).get(items.colour)
