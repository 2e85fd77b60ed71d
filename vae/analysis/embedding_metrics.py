"""Metrics of embeddings [N, D]: nearest neighbours, clusters, trustworthiness."""

from collections.abc import Sequence

import numpy as np


def nearest_accuracies(
    train: np.ndarray,
    train_labels: np.ndarray,
    codes: np.ndarray | None,
    labels: np.ndarray,
    ks: Sequence[int],
) -> list[float]:
    """k-NN accuracy of codes for each k, with the training codes as neighbours, from one search;
    None stands for these codes, each without itself. Among classes with as many neighbours the
    first one is predicted."""
    from scipy.stats import mode
    from sklearn.neighbors import NearestNeighbors

    tree = NearestNeighbors(n_neighbors=min(max(ks), len(train) - (codes is None))).fit(train)
    near = train_labels[tree.kneighbors(codes, return_distance=False)]
    return [float((mode(near[:, :k], axis=1).mode == labels).mean()) for k in ks]


def leave_one_out_accuracy(codes: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Leave-one-out k-NN accuracy, for embeddings without an out-of-sample extension."""
    return nearest_accuracies(codes, labels, None, labels, [k])[0]


def silhouette(codes: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette of the classes, -1 to 1 (Rousseeuw 1987)."""
    from sklearn.metrics import silhouette_score

    defined = 1 < len(set(labels.tolist())) < len(labels)
    return float(silhouette_score(codes, labels)) if defined else 0.0


def v_measure(codes: np.ndarray, labels: np.ndarray) -> float:
    """V-measure of k-means with as many clusters as classes (Rosenberg and Hirschberg 2007)."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import v_measure_score

    clusters = min(len(set(labels.tolist())), len(codes))
    found = KMeans(clusters, n_init=10, random_state=0).fit_predict(codes)
    return float(v_measure_score(labels, found))


def active_units(codes: np.ndarray) -> int:
    """The number of latents whose posterior mean has a variance above 0.01 (Burda et al. 2016,
    https://arxiv.org/abs/1509.00519, section 5.2)."""
    return int((codes.var(0) > 0.01).sum())


def trustworthiness(images: np.ndarray, codes: np.ndarray) -> float:
    """Whether the 5 nearest neighbours in the embedding are neighbours in pixels, 0 to 1.

    The value of scikit-learn's `manifold.trustworthiness`, computed in blocks of rows:
    scikit-learn sorts the whole N x N matrix at once (1.6 GB at N = 10,000).
    """
    import torch  # not at the top: t-SNE's process does without

    count = len(images)
    k = min(5, (count - 1) // 2)
    if k < 1:
        return 1.0
    pixels = torch.tensor(images.reshape(count, -1)).float() / 255
    points = torch.from_numpy(np.asarray(codes, dtype=np.float32))
    penalty = 0.0
    for rows in torch.arange(count).split(500):
        far = torch.cdist(pixels[rows], pixels)
        near = torch.cdist(points[rows].double(), points.double())
        here = torch.arange(len(rows))
        far[here, rows] = near[here, rows] = torch.inf
        chosen = near.topk(k, largest=False).indices
        distance = far.gather(1, chosen)  # an item's rank: the number of nearer ones plus one
        nearer = [(far < d[:, None]).sum(1, dtype=torch.int32) for d in distance.unbind(1)]
        ranks = torch.stack(nearer, 1) + 1
        penalty += float((ranks - k).clamp(min=0).sum())
    return 1 - penalty * 2 / (count * k * (2 * count - 3 * k - 1))
