"""Directions between groups, and their files."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from vae.latent.attribute_directions import DirectionError, between, from_json


@pytest.fixture
def groups():
    rng = np.random.default_rng(0)
    return rng.standard_normal((80, 2)), rng.standard_normal((60, 2)) + np.array([2.0, 0.5])


@pytest.fixture
def direction(groups):
    return between(*groups, name="sleeves", model="fashion-vae", digest="0" * 64)


def test_it_leads_from_one_mean_to_the_other_and_says_how_well_it_separates(groups, direction):
    start, end = groups
    assert direction.at(start.mean(0), 1.0) == pytest.approx(end.mean(0), abs=1e-6)
    assert direction.at(start, 0.0) == pytest.approx(start.astype(np.float32))
    along = np.concatenate([start, end]) @ direction.vector
    truth = np.repeat([0, 1], [80, 60])
    assert direction.auc == pytest.approx(roc_auc_score(truth, along), abs=1e-9)
    back = direction.reversed()
    assert back.at(end.mean(0), 1.0) == pytest.approx(start.mean(0), abs=1e-6)
    exchanged = between(end, start, name="", model="", digest="")
    assert back.auc == pytest.approx(exchanged.auc) and back.vector == exchanged.vector


def test_its_file_brings_it_back(direction):
    assert from_json(direction.to_json()) == direction


def test_groups_without_a_difference_are_refused(groups):
    for start, end, words in (
        (groups[0][:0], groups[1], "is empty"),
        (groups[0], groups[0], "same middle"),
    ):
        with pytest.raises(DirectionError, match=words):
            between(start, end, name="n", model="m", digest="d")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vector": [1, "a"]}, "vector is no list of numbers"),
        ({"vector": []}, "vector is no list"),
        ({"vector": [1e9, 0]}, "beyond 1000"),
        ({"vector": "0,1"}, "vector is '0,1'"),
        ({"auc": 2.0}, "auc is 2.0; expected 0 to 1"),
        ({"auc": True}, "auc is True"),
        ({"name": 3}, "name is 3"),
        ({"more": 1}, "more is no field"),
        ({"schema": 2}, "no direction of schema 1"),
    ],
)
def test_a_wrong_file_is_refused_by_its_field(direction, change, words):
    with pytest.raises(DirectionError, match=words):
        from_json(json.dumps(json.loads(direction.to_json()) | change))
    with pytest.raises(DirectionError, match="no JSON"):
        from_json("{" * 5000)
    with pytest.raises(DirectionError, match="beyond 1000"):
        from_json(
            json.dumps(json.loads(direction.to_json())).replace(str(direction.vector[0]), "1e400")
        )
