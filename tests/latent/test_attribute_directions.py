"""Attribute directions between groups, and their files."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from vae.latent.attribute_directions import DirectionError, fit_direction, from_json


@pytest.fixture
def groups():
    rng = np.random.default_rng(0)
    return rng.standard_normal((80, 2)), rng.standard_normal((60, 2)) + np.array([2.0, 0.5])


@pytest.fixture
def direction(groups):
    return fit_direction(*groups, name="sleeves", model="fashion-vae", digest="0" * 64)


def test_a_direction_connects_the_means_and_knows_its_auc(groups, direction):
    start, end = groups
    assert start.mean(0) + direction.vector == pytest.approx(end.mean(0), abs=1e-6)
    along = np.concatenate([start, end]) @ direction.vector
    truth = np.repeat([0, 1], [80, 60])
    assert direction.auc == pytest.approx(roc_auc_score(truth, along), abs=1e-9)
    back = direction.reversed()
    assert end.mean(0) + back.vector == pytest.approx(start.mean(0), abs=1e-6)
    exchanged = fit_direction(end, start, name="", model="", digest="")
    assert back.auc == pytest.approx(exchanged.auc) and back.vector == exchanged.vector


def test_a_file_comes_back_unchanged(direction):
    assert from_json(direction.to_json()) == direction


def test_groups_with_the_same_mean_are_refused(groups):
    for start, end, words in (
        (groups[0][:0], groups[1], "is empty"),
        (groups[0], groups[0], "same mean"),
    ):
        with pytest.raises(DirectionError, match=words):
            fit_direction(start, end, name="n", model="m", digest="d")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vector": [1, "a"]}, r"vector\[1\] is 'a'; expected a number"),
        ({"vector": []}, r"vector is \[\]; expected a list of length at least 1"),
        ({"vector": [1e9, 0]}, r"vector\[0\] is 1000000000.0; expected a number of at most 1000"),
        ({"vector": "0,1"}, "vector is '0,1'; expected a list"),
        ({"auc": 2.0}, "auc is 2.0; expected a number of at most 1"),
        ({"auc": True}, "auc is True"),
        ({"name": 3}, "name is 3"),
        ({"more": 1}, "more is not a known field"),
        ({"schema": 2}, "schema is 2; expected"),
    ],
)
def test_an_invalid_file_is_refused_by_its_field(direction, change, words):
    with pytest.raises(DirectionError, match=words):
        from_json(json.dumps(json.loads(direction.to_json()) | change))
    with pytest.raises(DirectionError, match="not JSON"):
        from_json("{" * 5000)
    with pytest.raises(DirectionError, match="is inf; expected a number"):
        from_json(
            json.dumps(json.loads(direction.to_json())).replace(str(direction.vector[0]), "1e400")
        )
