"""Projections against scikit-learn and against known answers."""

import importlib.util
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from vae.analysis import embedding_metrics, projections
from vae.analysis.projections import ReductionError


def flat(images):
    return images.reshape(len(images), -1) / np.float32(255)


def test_pca_agrees_with_scikit_learn_and_is_inverted(tiny):
    from sklearn.decomposition import PCA

    images = tiny.train.images
    found, other = projections.project(images, "pca"), PCA(2).fit(flat(images))
    theirs = other.transform(flat(images))
    signs = np.sign((found.points * theirs).sum(0))
    assert found.points == pytest.approx(theirs * signs, abs=1e-4)
    assert found.linear.explained_variance_ratio == pytest.approx(
        other.explained_variance_ratio_, abs=1e-5
    )
    assert found.linear.inverse_transform(found.points) == pytest.approx(
        other.inverse_transform(theirs), abs=1e-4
    )
    again = projections.project(images[::-1], "pca")
    assert again.points[::-1] == pytest.approx(found.points, abs=1e-4)  # signs included


def test_principal_components_of_large_colour_pictures_need_no_covariance_of_their_pixels():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (40, 3, 64, 64)).astype(np.uint8)
    images[:20, 0] += 120
    images[::2, :, :32] += 70
    tracemalloc.start()
    found = projections.project(images, "pca")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20  # the covariance alone would take 1.2 GB
    flat = images.reshape(40, -1) / 255.0
    left, values, _ = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    theirs = left[:, :2] * values[:2]
    signs = np.sign((theirs * found.points).sum(0))
    assert found.points == pytest.approx(theirs * signs, abs=1e-3)
    share = values**2 / (values**2).sum()
    assert found.linear.explained_variance_ratio == pytest.approx(share[:2], abs=1e-5)


def test_all_principal_components_of_codes_are_a_rotation():
    codes = np.random.default_rng(0).standard_normal((50, 4)) * [0.1, 3, 1, 2]
    frame = projections.pca(codes, 4)
    points = frame.transform(codes)
    assert frame.inverse_transform(points) == pytest.approx(codes)
    assert np.cov(points, rowvar=False) == pytest.approx(np.diag(points.var(0, ddof=1)), abs=1e-9)
    assert list(points.var(0)) == sorted(points.var(0), reverse=True)


def test_selected_dimensions_come_first():
    codes = np.random.default_rng(0).standard_normal((500, 4)) * [0.1, 3, 1, 2]
    frame = projections.select_dimensions(codes, 2, 0)
    assert np.array_equal(frame.transform(codes), codes[:, [2, 0, 1, 3]])
    assert np.array_equal(frame.inverse_transform(frame.transform(codes)), codes)
    assert frame.explained_variance_ratio.sum() == pytest.approx(1)


def test_tsne_in_its_process_agrees_with_scikit_learn_and_reports_progress(tiny):
    from sklearn.manifold import TSNE

    calls = []
    found = projections.project(
        tiny.train.images,
        "tsne",
        seed=3,
        perplexity=8,
        progress=lambda done, total: calls.append((done, total)),
    )
    theirs = TSNE(perplexity=8, random_state=3).fit_transform(flat(tiny.train.images))
    # Rounding depends on the threads and grows over the steps: neighbourhoods are compared.
    assert found.points.shape == (60, 2) and found.seconds > 0
    assert embedding_metrics.trustworthiness(found.points, theirs) > 0.97
    assert calls[0] == (0, 1) and calls[-1][1] in (1, 1000)


def test_a_projection_can_be_stopped_and_leaves_no_process(tiny, monkeypatch):
    class Enough(Exception):
        pass

    started = []
    popen = subprocess.Popen

    def record(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    def stop(done, total):
        raise Enough

    monkeypatch.setattr(subprocess, "Popen", record)
    with pytest.raises(Enough):
        projections.project(tiny.train.images, "tsne", perplexity=8, progress=stop)
    assert len(started) == 1 and started[0].poll() is not None


@pytest.mark.parametrize(
    ("method", "count", "options", "word"),
    [
        ("isomap", 60, {}, "expected one of pca, tsne, umap"),
        ("pca", 9, {}, "expected 10 or more"),
        ("tsne", 20, {"perplexity": 20}, "perplexity of 20 with 20 images; expected 2 to 19"),
        ("tsne", 20, {"perplexity": 1}, "expected 2 to 19"),
    ],
)
def test_invalid_requests_are_rejected(tiny, method, count, options, word):
    with pytest.raises(ReductionError, match=word):
        projections.project(tiny.train.images[:count], method, **options)


def test_without_umap_learn_the_other_methods_are_available(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    assert projections.available_methods() == ("pca", "tsne")
    with pytest.raises(ReductionError, match="pip install umap-learn"):
        projections.project(tiny.train.images, "umap")


@pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="umap-learn is optional")
def test_umap_separates_two_classes(tiny):
    found = projections.project(tiny.train.images, "umap", neighbours=10)
    assert found.points.shape == (60, 2)
    assert embedding_metrics.leave_one_out_accuracy(found.points, tiny.train.labels, 5) > 0.9


def test_leave_one_out_excludes_the_item_itself():
    codes = np.array([[0.0], [1.0], [10.0], [11.5], [30.0]])
    labels = np.array([0, 1, 1, 1, 0])
    # nearest others: 0 -> 1, 1 -> 0, 2 -> 3, 3 -> 2, 4 -> 3
    assert embedding_metrics.leave_one_out_accuracy(codes, labels, 1) == pytest.approx(2 / 5)


def test_metrics_are_leave_one_out_and_report_progress(tiny):
    from sklearn.metrics import silhouette_score
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    images, labels = tiny.train
    places = projections.project(images, "pca").points + np.arange(60)[:, None] % 7
    steps = []
    found = projections.measure(images, places, labels, progress=lambda *s: steps.append(s))
    for k in (1, 5):
        votes = cross_val_score(KNeighborsClassifier(k), places, labels, cv=LeaveOneOut())
        assert found[f"knn{k}"] == pytest.approx(votes.mean())
    assert found["silhouette"] == pytest.approx(silhouette_score(places, labels))
    assert set(found) == {"trustworthiness", "knn1", "knn5", "silhouette", "v_measure"}
    assert steps == [(k, 5) for k in range(5)]
