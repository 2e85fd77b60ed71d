"""Clustering of codes [N, D]: k-means, Gaussian mixtures and HDBSCAN, all by scikit-learn.

Clusters are numbered by size, the largest first; -1 is noise, which only HDBSCAN reports. The
methods run on one thread: codes are small, and more threads would slow them down.
"""

import io
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..errors import AtelierError
from ..files import csv_table, npz
from ..latent.encoding import class_centres

MAX_CLUSTERS = 30
MIN_CLUSTER_SIZES = 5, 1000  # range of HDBSCAN's min_cluster_size
FORMATS = ("csv", "parquet", "npz")
_MAX_CORNERS = 32  # of an outline


class ClusterError(AtelierError):
    """Codes or settings that cannot be clustered."""


class Clustering(NamedTuple):
    """K clusters of N items.

    `labels` [N] from -1, `centres` [K, D]. `typicality` [N] is the negative distance to the centre
    (k-means), the log density of the component in nats (mixtures), or the membership probability
    (HDBSCAN). `distance` [N] is that to the centre, 0 for noise; `bic` exists for mixtures only.
    """

    labels: np.ndarray
    centres: np.ndarray
    typicality: np.ndarray
    distance: np.ndarray
    bic: float | None = None

    def members(self, k: int) -> np.ndarray:
        """Items of cluster k, the most typical first, then by distance to the centre."""
        rows = np.flatnonzero(self.labels == k)
        return rows[np.lexsort((self.distance[rows], -self.typicality[rows]))]


class ClassShare(NamedTuple):
    """A class and its share of the items of a cluster, 0 to 1."""

    label: int
    share: float


class Agreement(NamedTuple):
    """Agreement of clusters with classes; noise is one more cluster, but not in `silhouette`."""

    v_measure: float
    adjusted_rand: float
    purity: float
    silhouette: float


def cluster(codes: np.ndarray, method: str, number: int, *, seed: int = 0) -> Clustering:
    """Codes [N, D] in `number` clusters (HDBSCAN: min_cluster_size). Raises `ClusterError`."""
    if method not in METHODS:
        raise ClusterError(f"the method is {method!r}; expected one of {', '.join(METHODS)}")
    if codes.ndim != 2 or not np.isfinite(codes).all():
        raise ClusterError("the codes are no array [N, D] of finite numbers; encode images first")
    if not 0 <= seed < 2**31:
        raise ClusterError(f"the seed is {seed}; expected 0 to {2**31 - 1:,}")
    low, high = number_range(method)
    if not low <= number <= high:
        word = "min_cluster_size" if method == "hdbscan" else "number of clusters"
        raise ClusterError(f"the {word} is {number}; expected {low} to {high}")
    if number > len(codes):
        raise ClusterError(f"{number} is more than the {len(codes)} codes; choose a lower number")
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        # With fewer distinct codes some clusters stay empty; nearly converged is good enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _METHODS[method](np.asarray(codes, np.float64), number, seed)


def quality(codes: np.ndarray, method: str, number: int, *, seed: int = 0) -> float:
    """Quality of a number of clusters, the larger the better: -BIC of a mixture (Schwarz 1978),
    otherwise the mean silhouette (Rousseeuw 1987), -1 to 1."""
    found = cluster(codes, method, number, seed=seed)
    return -found.bic if found.bic is not None else silhouette(codes, found.labels)


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of clusters [N] without noise, on at most 4,000 items; 0 for only one."""
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    rows = np.flatnonzero(labels >= 0)
    rows = rows[:: max(1, len(rows) // 2000)]
    if not 2 <= len(set(labels[rows].tolist())) < len(rows):
        return 0.0
    with threadpool_limits(1):
        return float(silhouette_score(codes[rows], labels[rows]))


def agreement(codes: np.ndarray, labels: np.ndarray, classes: np.ndarray) -> Agreement:
    """The agreement of cluster labels [N] with classes [N]."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    sizes = [np.bincount(classes[labels == k]).max() for k in np.unique(labels)]
    rand, purity = adjusted_rand_score(classes, labels), np.sum(sizes) / len(labels)
    values = v_measure_score(classes, labels), rand, purity, silhouette(codes, labels)
    return Agreement(*map(float, values))


def class_shares(labels: np.ndarray, classes: np.ndarray, k: int) -> list[ClassShare]:
    """The classes of cluster k, the most frequent first, whose share is the purity of k."""
    counts = np.bincount(classes[labels == k])
    order = np.lexsort((np.arange(len(counts)), -counts))
    return [ClassShare(int(c), float(counts[c] / counts.sum())) for c in order if counts[c]]


def outline(codes: np.ndarray, members: np.ndarray, *, share: float = 0.9) -> np.ndarray | None:
    """At most 32 corners [P, 2] of the convex hull, in the first two dimensions, of the first
    `share` of `members`, which are sorted by typicality; None if they span no area."""
    from scipy.spatial import ConvexHull, QhullError

    core = np.asarray(codes, np.float64)[members[: max(3, round(share * len(members)))], :2]
    try:
        hull = core[ConvexHull(core).vertices]
    except (QhullError, ValueError):
        return None
    corners = min(len(hull), _MAX_CORNERS)
    return hull[np.linspace(0, len(hull), corners, endpoint=False).astype(int)]


def export_table(
    format: str,
    codes: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
    *,
    numbers: np.ndarray | None = None,
    class_names: Sequence[str],
    names: Sequence[str],
    known: Mapping[str, np.ndarray],
) -> bytes:
    """A file with one row per item: index (of `numbers` [N], by default 0..N-1), label, class,
    cluster (-1 for noise), cluster_name, the columns `known` of the items, and z1 to zD, as CSV,
    Parquet or npz (which holds the codes as one array [N, D])."""
    if format not in FORMATS:
        raise ClusterError(f"the format is {format!r}; expected one of {', '.join(FORMATS)}")
    columns = {
        "index": np.arange(len(codes)) if numbers is None else np.asarray(numbers, np.int64),
        "label": np.asarray(classes, np.int64),
        "class": np.array([class_names[c] for c in classes]),
        "cluster": np.asarray(labels, np.int64),
        "cluster_name": np.array([names[k] if k >= 0 else "noise" for k in labels]),
    }
    columns = columns | {k: v for k, v in known.items() if k not in columns}
    if format == "npz":
        return npz.to_npz(columns | {"codes": codes})
    columns |= {f"z{d + 1}": codes[:, d] for d in range(codes.shape[1])}
    if format == "parquet":
        from pyarrow import parquet, table

        target = io.BytesIO()
        parquet.write_table(table(columns), target)
        return target.getvalue()
    # str gives the shortest text that parses as the same float32
    texts = ([str(v) for v in values] for values in columns.values())
    return csv_table.to_csv(list(columns), zip(*texts, strict=True)).encode("utf-8")


def number_range(method: str) -> tuple[int, int]:
    """The smallest and the largest `number` of a method."""
    return MIN_CLUSTER_SIZES if method == "hdbscan" else (2, MAX_CLUSTERS)


def _k_means(codes: np.ndarray, number: int, seed: int) -> Clustering:
    from sklearn.cluster import KMeans

    found = KMeans(number, n_init=4, random_state=seed).fit(codes)
    distance = np.linalg.norm(codes - found.cluster_centers_[found.labels_], axis=1)
    return _by_size(codes, found.labels_, found.cluster_centers_, -distance)


def _mixture(codes: np.ndarray, number: int, seed: int, covariance: str) -> Clustering:
    from sklearn.mixture import GaussianMixture

    options = {"covariance_type": covariance, "reg_covar": 1e-6 * float(codes.var()) + 1e-12}
    mixture = GaussianMixture(number, **options, random_state=seed).fit(codes)
    posterior = mixture.predict_proba(codes)
    labels = posterior.argmax(1)
    # log p(z|k) = log p(k|z) + log p(z) - log p(k), accurate since p(k|z) is the largest
    log_ratio = np.log(posterior.max(1)) - np.log(mixture.weights_[labels])
    typicality = log_ratio + mixture.score_samples(codes)
    found = _by_size(codes, labels, mixture.means_, typicality)
    return found._replace(bic=float(mixture.bic(codes)))


def _hdbscan(codes: np.ndarray, number: int, seed: int) -> Clustering:
    """Leaves of the cluster tree (Campello et al. 2013); deterministic. The most stable clusters
    are of no use here: the codes of a VAE form one cloud, mostly a single cluster."""
    from sklearn.cluster import HDBSCAN

    samples = {"min_cluster_size": number, "min_samples": min(5, len(codes) - 1)}
    found = HDBSCAN(**samples, cluster_selection_method="leaf", copy=True).fit(codes)
    labels = found.labels_
    centres = class_centres(codes, labels, int(labels.max()) + 1).astype(np.float64)
    return _by_size(codes, labels, centres, found.probabilities_)


_METHODS = {
    "k-means": _k_means,
    "mixture": partial(_mixture, covariance="full"),
    "mixture-diagonal": partial(_mixture, covariance="diag"),
    "hdbscan": _hdbscan,
}
METHODS = tuple(_METHODS)


def _by_size(
    codes: np.ndarray, labels: np.ndarray, centres: np.ndarray, typicality: np.ndarray
) -> Clustering:
    """Numbers clusters by size and drops empty ones."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
    number = np.full(len(centres) + 1, -1)  # the last entry is that of noise, -1
    number[order] = np.arange(len(order))
    labels, centres = number[labels], centres[order]
    distance, clustered = np.zeros(len(codes)), labels >= 0
    distance[clustered] = np.linalg.norm(codes[clustered] - centres[labels[clustered]], axis=1)
    return Clustering(labels.astype(np.int64), centres, typicality, distance)
