"""The caches of the Clusters page. Keys are names, digests and the settings of the clustering."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from vae.analysis import clustering as analysis

from ..runtime import cache, routes

SHOWN = 6  # most and least typical items of a cluster


class ClusterSummary(NamedTuple):
    """A cluster: its size, its classes (label, share), its centre [D], its most typical and its
    least typical items."""

    size: int
    shares: list[tuple[int, float]]
    centre: list[float]
    typical: list[int]
    least: list[int]


class ClusterReport(NamedTuple):
    """All clusters, the URL of a sprite of their decoded centres with `columns`, the URL of the
    labels of all items as int16, the agreement with the classes, and the number of noise items."""

    clusters: list[ClusterSummary]
    sprite: str
    columns: int
    labels: str
    agreement: analysis.Agreement
    noise: int


@st.cache_resource(max_entries=32, show_spinner="Clustering the images")
def clustering(name: str, digest: str, method: str, number: int, seed: int) -> analysis.Clustering:
    """The clusters of the test images' codes."""
    return analysis.cluster(cache.codes(name, digest).mean, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner="Decoding the centres")
def report(name: str, digest: str, method: str, number: int, seed: int) -> ClusterReport:
    """The clustering as the page shows it."""
    found = clustering(name, digest, method, number, seed)
    codes = cache.codes(name, digest).mean
    classes = cache.display_dataset(name, digest).shown.labels
    clusters = []
    for k, centre in enumerate(found.centres):
        members = found.members(k)
        shares = [tuple(share) for share in analysis.class_shares(found.labels, classes, k)]
        ends = (members[:SHOWN].tolist(), members[SHOWN:][::-1][:SHOWN].tolist())
        clusters.append(ClusterSummary(len(members), shares, centre.round(4).tolist(), *ends))
    return ClusterReport(
        clusters,
        *_sprite(name, digest, clusters),
        routes.publish(found.labels.astype("<i2").tobytes()),
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
def quality(name: str, digest: str, method: str, number: int, seed: int) -> float:
    """The quality of a number of clusters, higher is better."""
    return analysis.quality(cache.codes(name, digest).mean, method, number, seed=seed)


@st.cache_data(max_entries=64, show_spinner=False)
def outline(
    name: str, digest: str, method: str, number: int, seed: int, k: int
) -> tuple[tuple[float, float], ...]:
    """Corners of the region of cluster k, rounded as in links; empty where it spans no area."""
    members = clustering(name, digest, method, number, seed).members(k)
    corners = analysis.outline(cache.codes(name, digest).mean, members)
    return () if corners is None else tuple((float(x), float(y)) for x, y in corners.round(3))
