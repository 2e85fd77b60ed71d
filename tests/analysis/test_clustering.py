"""Clusters of codes against known clusters and against scikit-learn."""

import csv
import io

import numpy as np
import pytest

from vae.analysis import clustering

CENTRES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
SIZES = (60, 40, 20)


@pytest.fixture
def clouds():
    """Codes [120, 2] of three clouds of 60, 40 and 20 in random order, and their cloud."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat(np.arange(3), SIZES))
    return (CENTRES[truth] + 0.5 * rng.standard_normal((120, 2))).astype(np.float32), truth


@pytest.mark.parametrize(("method", "number"), [(m, 3) for m in clustering.METHODS[:3]]
                         + [("hdbscan", 10)])  # fmt: skip
def test_clouds_are_found_and_numbered_by_size(clouds, method, number):
    codes, truth = clouds
    found = clustering.cluster(codes, method, number, seed=3)
    kept = found.labels >= 0
    assert np.array_equal(found.labels[kept], truth[kept]) and kept.mean() > 0.7
    assert np.abs(found.centres - CENTRES).max() < 0.6
    assert (found.bic is not None) == method.startswith("mixture")
    again = clustering.cluster(codes, method, number, seed=3)
    assert np.array_equal(found.labels, again.labels) and np.array_equal(
        found.typicality, again.typicality
    )
    for k in range(3):
        members = found.members(k)
        assert set(members) == set(np.flatnonzero(found.labels == k))
        assert (np.diff(found.typicality[members]) <= 0).all()
        far = np.linalg.norm(codes[members] - found.centres[k], axis=1)
        assert np.allclose(far, found.distance[members], atol=1e-5)
    if method == "k-means":
        assert (np.diff(far) >= -1e-6).all()  # the most typical is the nearest
    if method == "hdbscan":
        assert (codes[found.members(0)] == found.centres[0]).all(1).any()  # a real item


def test_typicality_in_a_mixture_is_the_log_density_of_the_component(clouds):
    from scipy.stats import multivariate_normal
    from sklearn.mixture import GaussianMixture

    codes, _ = clouds
    found = clustering.cluster(codes, "mixture", 3, seed=0)
    for k in range(3):
        members = codes[found.labels == k].astype(float)
        density = multivariate_normal(members.mean(0), np.cov(members.T, ddof=0)).logpdf(members)
        assert np.allclose(found.typicality[found.labels == k], density, atol=0.05)
    one = GaussianMixture(1).fit(codes.astype(float))
    assert clustering.quality(codes, "mixture", 3) > -one.bic(codes.astype(float))


def test_the_true_number_of_clusters_has_the_best_quality(clouds):
    codes, _ = clouds
    for method in ("k-means", "mixture", "mixture-diagonal"):
        found = {k: clustering.quality(codes, method, k) for k in range(2, 7)}
        assert max(found, key=found.get) == 3, method


def test_agreement_by_hand():
    codes = np.array([[0.0], [0.1], [5.0], [5.1], [9.0]])
    labels, classes = np.array([0, 0, 1, 1, -1]), np.array([4, 4, 2, 4, 2])
    found = clustering.agreement(codes, labels, classes)
    assert found.purity == pytest.approx(4 / 5)
    assert clustering.class_shares(labels, classes, 1) == [(2, 0.5), (4, 0.5)]
    assert clustering.class_shares(labels, classes, 0) == [(4, 1.0)]
    # (b - a) / max(a, b) of each of the four, a = 0.1, b = 5 -+ 0.05 from the other two
    assert found.silhouette == pytest.approx(np.mean([1 - 0.1 / b for b in (5.05, 4.95) * 2]))
    assert clustering.agreement(codes, classes, classes)[:3] == (1, 1, 1)
    assert clustering.silhouette(codes, np.zeros(5, int)) == 0


def test_an_outline_contains_the_core_with_at_most_32_corners(clouds):
    from vae.latent.polylines import in_polygon

    codes, _ = clouds
    found = clustering.cluster(codes, "k-means", 3)
    members = found.members(0)
    corners = clustering.outline(codes, members)
    middle = codes[members[:40]] * 0.98 + found.centres[0] * 0.02
    assert in_polygon(middle, corners).all() and len(corners) <= 32
    line = np.stack([np.arange(9.0), np.arange(9.0)], 1)
    assert clustering.outline(line, np.arange(9)) is None


@pytest.mark.parametrize("form", clustering.FORMATS)
def test_exported_tables_can_be_read(form):
    codes = np.array([[0.1, -2], [3.5, 1e-6], [1, 1]], np.float32)
    raw = clustering.export_table(
        form,
        codes,
        np.array([0, 1, -1]),
        np.array([1, 0, 1]),
        class_names=("T-shirt/top", "Bag"),
        names=("Boots, high", "=1+1"),
        known={"file": np.array(["a.png", "b.png", "c.png"])},
    )
    if form == "npz":
        read = dict(np.load(io.BytesIO(raw), allow_pickle=False))
        assert np.array_equal(read["codes"], codes) and read["codes"].dtype == np.float32
    elif form == "parquet":
        from pyarrow import parquet

        found = parquet.read_table(io.BytesIO(raw)).to_pydict()
        read = {k: np.array(v) for k, v in found.items()}
        assert np.array_equal(np.stack([read["z1"], read["z2"]], 1).astype(np.float32), codes)
    else:
        rows = list(csv.DictReader(io.StringIO(raw.decode())))
        read = {k: np.array([row[k] for row in rows]) for k in rows[0]}
        assert np.array_equal(np.stack([read["z1"], read["z2"]], 1).astype(np.float32), codes)
        assert read["cluster_name"][1] == "'=1+1"  # no formula
        read["cluster_name"][1] = "=1+1"
    assert read["index"].astype(int).tolist() == [0, 1, 2]
    assert read["class"].tolist() == ["Bag", "T-shirt/top", "Bag"]
    assert read["cluster"].astype(int).tolist() == [0, 1, -1]
    assert read["cluster_name"].tolist() == ["Boots, high", "=1+1", "noise"]


def test_invalid_codes_and_settings_are_rejected(clouds):
    codes, _ = clouds
    for wrong, words in (
        ((codes, "kmeans", 3), "kmeans"),
        ((codes, "k-means", 1), "is 1; expected 2 to 30"),
        ((codes, "hdbscan", 2), "min_cluster_size is 2; expected 5"),
        ((codes[:4], "k-means", 5), "5 is more than the 4 codes"),
        ((codes * np.nan, "k-means", 3), "finite"),
    ):
        with pytest.raises(clustering.ClusterError, match=words):
            clustering.cluster(*wrong)
    with pytest.raises(clustering.ClusterError, match="xls"):
        clustering.export_table("xls", codes, codes, codes, class_names=(), names=(), known={})


def test_equal_codes_and_pure_noise_can_be_clustered():
    same = np.zeros((20, 2))
    for method in clustering.METHODS[:3]:
        assert clustering.cluster(same, method, 3).labels.max() == 0
    codes = np.random.default_rng(0).standard_normal((12, 2))
    found = clustering.cluster(codes, "hdbscan", 10)
    assert found.centres.shape[0] == found.labels.max() + 1
