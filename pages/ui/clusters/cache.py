"""The caches of the Clusters page. Keys are names, digests and the settings of a grouping."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from vae import latent
from vae.analysis import clustering
from vae.pictures import grid

from ..runtime import cache, routes

SHOWN = 6  # items that stand for a cluster, at either end


class Card(NamedTuple):
    """What is told of a cluster: its size, its classes (label, share), its centre [D], the items
    that are most and least like it."""

    size: int
    shares: list[tuple[int, float]]
    centre: list[float]
    typical: list[int]
    least: list[int]


class Described(NamedTuple):
    """All cards, their decoded centres in one sprite of `columns`, the labels of all items as
    int16, how far clusters agree with classes, and how many items are noise."""

    cards: list[Card]
    sprite: str
    columns: int
    labels: str
    agreement: clustering.Agreement
    noise: int


@st.cache_resource(max_entries=32, show_spinner="Grouping the images")
def clusters(name: str, digest: str, method: str, number: int, seed: int) -> clustering.Clustering:
    """Of the shown images' codes."""
    return clustering.cluster(cache.codes(name, digest).mean, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner="Decoding the centres")
def described(name: str, digest: str, method: str, number: int, seed: int) -> Described:
    found = clusters(name, digest, method, number, seed)
    codes, classes = cache.codes(name, digest).mean, cache.shown(name, digest).test.labels
    cards = []
    for k, centre in enumerate(found.centres):
        members = found.members(k)
        least = members[: SHOWN - 1 : -1] if len(members) > SHOWN else members[:0]
        cards.append(
            Card(
                len(members),
                [tuple(share) for share in clustering.shares(found.labels, classes, k)],
                centre.round(4).tolist(),
                members[:SHOWN].tolist(),
                least[:SHOWN].tolist(),
            )
        )
    return Described(
        cards,
        *_sprite(name, digest, cards),
        routes.publish(found.labels.astype("<i2").tobytes()),
        clustering.agreement(codes, found.labels, classes),
        int((found.labels < 0).sum()),
    )


def told_label(name: str, digest: str, card: Card) -> int | None:
    """What a conditional model is told of a cluster: its most frequent class."""
    return card.shares[0][0] if cache.space(name, digest).labels else None


def _sprite(name: str, digest: str, cards: list[Card]) -> tuple[str, int]:
    """The URL of the decoded centres, and its columns."""
    if not cards:
        return "", 1
    model, columns = cache.checkpoint(name, digest).model, min(8, len(cards))
    made = np.concatenate(
        [
            latent.decode_bytes(
                model, np.array([card.centre]), label=told_label(name, digest, card)
            )
            for card in cards
        ]
    )
    room = np.zeros((-(-len(made) // columns) * columns, *made.shape[1:]), np.uint8)
    room[: len(made)] = made
    sprite = grid.mosaic(room, columns)
    grey = made.shape[3] == 1
    return routes.publish(grid.png(sprite[..., 0] if grey else sprite), "image/png"), columns


@st.cache_data(max_entries=500, show_spinner=False)
def quality(name: str, digest: str, method: str, number: int, seed: int) -> float:
    """How good a number of clusters is, the larger the better."""
    return clustering.quality(cache.codes(name, digest).mean, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner=False)
def outline(
    name: str, digest: str, method: str, number: int, seed: int, k: int
) -> tuple[tuple[float, float], ...]:
    """Corners of the region of cluster k, rounded as links are; empty where it spans no area."""
    members = clusters(name, digest, method, number, seed).members(k)
    corners = clustering.outline(cache.codes(name, digest).mean, members)
    return () if corners is None else tuple((float(x), float(y)) for x, y in corners.round(3))
