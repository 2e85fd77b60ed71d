"""Metrics of embeddings against scikit-learn and against known answers."""

import numpy as np
import pytest

from vae.analysis import embedding_metrics


def test_trustworthiness_agrees_with_scikit_learn(tiny):
    from sklearn.manifold import trustworthiness

    images = tiny.train.images
    codes = images.reshape(60, -1)[:, :2] / 255.0
    expected = trustworthiness(images.reshape(60, -1) / 255.0, codes, n_neighbors=5)
    # float32 against float64 may swap ties.
    assert embedding_metrics.trustworthiness(images, codes) == pytest.approx(expected, abs=2e-3)


def test_active_units_are_those_that_vary():
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((500, 3)) * np.array([1.0, 0.05, 0.2])
    assert embedding_metrics.active_units(codes) == 2


def test_perfect_clusters_score_one_and_noise_near_zero():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    centres = np.array([[0, 0], [10, 0], [0, 10]])
    apart = centres[labels] + 0.1 * rng.standard_normal((300, 2))
    assert embedding_metrics.v_measure(apart, labels) == pytest.approx(1)
    assert embedding_metrics.silhouette(apart, labels) > 0.95
    assert embedding_metrics.nearest_accuracies(apart, labels, apart, labels, (1, 5)) == [1, 1]
    noise = rng.standard_normal((300, 2))
    assert (
        embedding_metrics.v_measure(noise, labels) < 0.1
        and abs(embedding_metrics.silhouette(noise, labels)) < 0.1
    )


def test_neighbours_from_one_search_vote_as_in_scikit_learn():
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    train, codes = rng.normal(size=(300, 2)), rng.normal(size=(200, 2))
    known, labels = rng.integers(0, 5, 300), rng.integers(0, 5, 200)
    found = embedding_metrics.nearest_accuracies(train, known, codes, labels, (1, 2, 5))
    each = [KNeighborsClassifier(k).fit(train, known).score(codes, labels) for k in (1, 2, 5)]
    assert found == pytest.approx(each)
