"""The caches of the Clusters page. Keys are names, digests and the settings of the clustering."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from vae.analysis import clustering as analysis
from vae.data import selection

from ..models import shown_items
from ..runtime import cache, routes

SHOWN = 6  # most and least typical items of a cluster


class ClusterSummary(NamedTuple):
    """A cluster: its size, its classes (label, share), its centre [D], the numbers of its most
    typical and of its least typical items."""

    size: int
    shares: list[tuple[int, float]]
    centre: list[float]
    typical: list[int]
    least: list[int]


class ClusterReport(NamedTuple):
    """All clusters, the URL of a sprite of their decoded centres with `columns`, the URL of the
    labels of all items as int16 by their numbers, the agreement with the classes, and the number
    of noise items."""

    clusters: list[ClusterSummary]
    sprite: str
    columns: int
    labels: str
    agreement: analysis.Agreement
    noise: int


@st.cache_resource(max_entries=32, show_spinner="Clustering the images")
def clustering(
    name: str, digest: str, method: str, number: int, seed: int, show: str
) -> analysis.Clustering:
    """The clusters of the shown images' codes."""
    codes = shown_items.codes(name, digest, show).mean
    return analysis.cluster(codes, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner="Decoding the centres")
def report(
    name: str, digest: str, method: str, number: int, seed: int, show: str
) -> ClusterReport:
    """The clustering as the page shows it."""
    found = clustering(name, digest, method, number, seed, show)
    codes, data = shown_items.codes(name, digest, show).mean, cache.display_dataset(name, digest)
    numbers = selection.select(data, show).numbers
    classes = selection.labels_of(data, numbers)
    clusters = []
    for k, centre in enumerate(found.centres):
        members = found.members(k)
        shares = [tuple(share) for share in analysis.class_shares(found.labels, classes, k)]
        typical, least = members[:SHOWN], members[SHOWN:][::-1][:SHOWN]
        ends = (numbers[typical].tolist(), numbers[least].tolist())
        clusters.append(ClusterSummary(len(members), shares, centre.round(4).tolist(), *ends))
    by_number = np.full(numbers[-1] + 1, -1, "<i2")
    by_number[numbers] = found.labels
    return ClusterReport(
        clusters,
        *_sprite(name, digest, clusters),
        routes.publish(by_number.tobytes()),
        analysis.agreement(codes, found.labels, classes),
        int((found.labels < 0).sum()),
    )


def condition(name: str, digest: str, cluster: ClusterSummary) -> int | None:
    """The class that a conditional model decodes a cluster with: its most frequent one."""
    return cluster.shares[0][0] if cache.space(name, digest).labels else None


def _sprite(name: str, digest: str, clusters: list[ClusterSummary]) -> tuple[str, int]:
    """The URL of the decoded centres and the number of columns."""
    if not clusters:
        return "", 1
    codec, columns = cache.codec(name, digest), min(8, len(clusters))
    images = [
        codec.decode(np.array([cluster.centre]), label=condition(name, digest, cluster))
        for cluster in clusters
    ]
    return cache.publish_mosaic(np.concatenate(images), columns), columns


@st.cache_data(max_entries=500, show_spinner=False)
def quality(name: str, digest: str, method: str, number: int, seed: int, show: str) -> float:
    """The quality of a number of clusters, higher is better."""
    codes = shown_items.codes(name, digest, show).mean
    return analysis.quality(codes, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner=False)
def outline(
    name: str, digest: str, method: str, number: int, seed: int, show: str, k: int
) -> tuple[tuple[float, float], ...]:
    """Corners of the region of cluster k, rounded as in links; empty where it spans no area."""
    members = clustering(name, digest, method, number, seed, show).members(k)
    corners = analysis.outline(shown_items.codes(name, digest, show).mean, members)
    return () if corners is None else tuple((float(x), float(y)) for x, y in corners.round(3))
