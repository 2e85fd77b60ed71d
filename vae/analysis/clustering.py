"""Groups of codes [N, D] that nobody named: k-means, a Gaussian mixture, HDBSCAN.

Clusters are numbered by size, the largest first; -1 is noise, which only HDBSCAN knows. The
methods are scikit-learn's, at one thread: codes are small, and threads that wait for each other
cost more than they save.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError
from ..files import csv_table
from ..latent.encoding import class_centres

METHODS = ("k-means", "mixture", "mixture-diagonal", "hdbscan")
MOST = 30  # clusters that are asked for
LEAST_ITEMS, MOST_ITEMS = 5, 1000  # of HDBSCAN's smallest cluster
FORMATS = ("csv", "parquet", "npz")
_JUDGED = 2000  # items on which a silhouette is measured
_CORNERS = 32  # of a region


class ClusterError(AtelierError):
    """What cannot be grouped: one sentence with what came, what was expected, what to do."""


class Clustering(NamedTuple):
    """K clusters of N items: `labels` [N] from -1, `centres` [K, D], `typical` [N]: the larger,
    the more an item is like its cluster (k-means: minus the distance to the centre; a mixture: the
    log density of its component, in nats; HDBSCAN: the strength of membership, 0 to 1); `away`
    [N]: the distance to its centre, 0 for noise; `bic` of a mixture: the smaller, the better."""

    labels: np.ndarray
    centres: np.ndarray
    typical: np.ndarray
    away: np.ndarray
    bic: float | None = None

    def members(self, k: int) -> np.ndarray:
        """Items of cluster k, the most typical first; equals by nearness to the centre."""
        own = np.flatnonzero(self.labels == k)
        return own[np.lexsort((self.away[own], -self.typical[own]))]


class Share(NamedTuple):
    """A class and what share of a cluster belongs to it, 0 to 1."""

    label: int
    share: float


class Agreement(NamedTuple):
    """How far clusters agree with classes, noise counted as a cluster of its own; `silhouette` is
    of the clusters themselves, without noise."""

    v_measure: float
    adjusted_rand: float
    purity: float
    silhouette: float


def cluster(codes: np.ndarray, method: str, number: int, *, seed: int = 0) -> Clustering:
    """Groups codes [N, D] into `number` clusters; for HDBSCAN, into those of at least `number`
    items, whose count it finds itself. Raises `ClusterError`."""
    _check(codes, method, number)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _METHODS[method](np.asarray(codes, np.float64), number, seed)


def quality(codes: np.ndarray, method: str, number: int, *, seed: int = 0) -> float:
    """How good `number` clusters are, the larger the better: minus the BIC of a mixture (Schwarz
    1978), else the mean silhouette (Rousseeuw 1987), -1 to 1."""
    found = cluster(codes, method, number, seed=seed)
    return -found.bic if found.bic is not None else silhouette(codes, found.labels)


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of labels [N] without noise, over 2,000 items evenly spread; 0 where there
    is but one cluster."""
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    own = np.flatnonzero(labels >= 0)
    own = own[:: max(1, len(own) // _JUDGED)]
    kinds = len(set(labels[own].tolist()))
    if not 2 <= kinds < len(own):
        return 0.0
    with threadpool_limits(1):
        return float(silhouette_score(codes[own], labels[own]))


def agreement(codes: np.ndarray, labels: np.ndarray, classes: np.ndarray) -> Agreement:
    """Of cluster labels [N] with classes [N]."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    sizes = [np.bincount(classes[labels == k]).max() for k in np.unique(labels)]
    return Agreement(
        float(v_measure_score(classes, labels)),
        float(adjusted_rand_score(classes, labels)),
        float(np.sum(sizes) / len(labels)),
        silhouette(codes, labels),
    )


def shares(labels: np.ndarray, classes: np.ndarray, k: int) -> list[Share]:
    """The classes of cluster k, the most frequent first; the first one's share is its purity."""
    counts = np.bincount(classes[labels == k])
    order = np.lexsort((np.arange(len(counts)), -counts))
    return [Share(int(c), float(counts[c] / counts.sum())) for c in order if counts[c]]


def outline(codes: np.ndarray, members: np.ndarray, *, share: float = 0.9) -> np.ndarray | None:
    """Corners [P, 2], at most 32, of the convex hull of the most typical `share` of `members`,
    which come in that order; over the first two dimensions. None where they span no area."""
    from scipy.spatial import ConvexHull, QhullError

    core = np.asarray(codes, np.float64)[members[: max(3, round(share * len(members)))], :2]
    try:
        hull = core[ConvexHull(core).vertices]
    except (QhullError, ValueError):
        return None
    return hull[np.linspace(0, len(hull), min(len(hull), _CORNERS), endpoint=False).astype(int)]


def table(
    form: str,
    codes: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
    *,
    class_names: Sequence[str],
    names: Sequence[str],
) -> bytes:
    """A file of one row an item: index, label, class, cluster (-1: noise), cluster_name, z1 to zD.

    As CSV, Parquet or npz; the latter holds z as one array `codes` [N, D] and no Python object.
    """
    if form not in FORMATS:
        raise ClusterError(f"the format is {form!r}; expected one of {', '.join(FORMATS)}")
    told = [names[k] if k >= 0 else "noise" for k in labels]
    columns = {
        "index": np.arange(len(codes)),
        "label": np.asarray(classes, np.int64),
        "class": np.array([class_names[c] for c in classes]),
        "cluster": np.asarray(labels, np.int64),
        "cluster_name": np.array(told),
    }
    target = io.BytesIO()
    if form == "npz":
        np.savez_compressed(target, **columns, codes=codes)
        return target.getvalue()
    columns |= {f"z{d + 1}": codes[:, d] for d in range(codes.shape[1])}
    if form == "parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table(columns), target)
        return target.getvalue()
    # str: the shortest text that reads back as the same float32
    texts = ([str(v) for v in values] for values in columns.values())
    return csv_table.to_csv(list(columns), zip(*texts, strict=True)).encode("utf-8")


def _check(codes: np.ndarray, method: str, number: int) -> None:
    if method not in METHODS:
        raise ClusterError(f"the method is {method!r}; expected one of {', '.join(METHODS)}")
    if codes.ndim != 2 or not np.isfinite(codes).all():
        raise ClusterError("the codes are no table [N, D] of finite numbers; encode images first")
    low, high = range_of(method)
    if not low <= number <= high:
        what = "items of the smallest cluster" if method == "hdbscan" else "number of clusters"
        raise ClusterError(f"the {what} is {number}; expected {low} to {high}")
    if number > len(codes):
        raise ClusterError(f"{number} were asked of {len(codes)} codes; ask for fewer")


def range_of(method: str) -> tuple[int, int]:
    """The least and the greatest `number` of a method."""
    return (LEAST_ITEMS, MOST_ITEMS) if method == "hdbscan" else (2, MOST)


def _k_means(codes: np.ndarray, number: int, seed: int) -> Clustering:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # fewer distinct codes than clusters: the rest stay empty
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(number, n_init=4, random_state=seed).fit(codes)
    near = -np.linalg.norm(codes - found.cluster_centers_[found.labels_], axis=1)
    return _sorted(codes, found.labels_, found.cluster_centers_, near)


def _mixture(kind: str):
    def fit(codes: np.ndarray, number: int, seed: int) -> Clustering:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        least = 1e-6 * float(codes.var()) + 1e-12
        mixture = GaussianMixture(number, covariance_type=kind, reg_covar=least, random_state=seed)
        with warnings.catch_warnings():  # one that is still creeping is good enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit(codes)
        shared = mixture.predict_proba(codes)
        labels = shared.argmax(1)
        # log p(z|k) = log p(k|z) + log p(z) - log p(k); where p(k|z) is large, as it is here.
        own = np.log(shared[np.arange(len(codes)), labels]) - np.log(mixture.weights_[labels])
        found = _sorted(codes, labels, mixture.means_, own + mixture.score_samples(codes))
        return found._replace(bic=float(mixture.bic(codes)))

    return fit


def _hdbscan(codes: np.ndarray, number: int, seed: int) -> Clustering:
    """Leaves of the cluster tree (Campello et al. 2013): the codes of a VAE are one cloud, and the
    tree's most stable clusters are mostly that cloud whole. It draws no random number."""
    from sklearn.cluster import HDBSCAN

    own = min(5, len(codes) - 1)
    found = HDBSCAN(
        min_cluster_size=number, min_samples=own, cluster_selection_method="leaf", copy=True
    ).fit(codes)
    labels = found.labels_
    centres = class_centres(codes, labels, int(labels.max()) + 1).astype(np.float64)
    return _sorted(codes, labels, centres, found.probabilities_)


_METHODS = {
    "k-means": _k_means,
    "mixture": _mixture("full"),
    "mixture-diagonal": _mixture("diag"),
    "hdbscan": _hdbscan,
}


def _sorted(
    codes: np.ndarray, labels: np.ndarray, centres: np.ndarray, typical: np.ndarray
) -> Clustering:
    """Numbers clusters by size; empty ones are left out."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
    to = np.full(len(centres) + 1, -1)
    to[order] = np.arange(len(order))
    named, middles = to[labels], centres[order]
    away, inside = np.zeros(len(codes)), named >= 0
    away[inside] = np.linalg.norm(codes[inside] - middles[named[inside]], axis=1)
    return Clustering(named.astype(np.int64), middles, typical, away)
