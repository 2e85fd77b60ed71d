"""Regions: items inside by winding number, moments by numpy, and exported files."""

import csv
import io
import json

import numpy as np
import pytest

from vae.analysis.regions import members, moments, to_csv, to_json, to_npz
from vae.data.dataset import Metadata
from vae.latent.polylines import in_polygon

NAMES = ("Shirt", "Bag, small", "Boot")
KNOWN = Metadata(tuple(f"{k}.png" for k in range(2000)), {"size": np.arange(2000)})


def winding(points, polygon):
    """The winding number of a polygon around each point, from the angles between its corners."""
    to = np.asarray(polygon)[None] - points[:, None]
    after = np.roll(to, -1, axis=1)
    cross = to[..., 0] * after[..., 1] - to[..., 1] * after[..., 0]
    return np.arctan2(cross, (to * after).sum(2)).sum(1) / (2 * np.pi)


@pytest.mark.parametrize("corners", [3, 4, 11, 64])
def test_inside_agrees_with_the_winding_number(corners):
    rng = np.random.default_rng(corners)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))  # a star does not cross itself
    reach = rng.uniform(0.3, 2, corners)
    star = np.stack([0.3 + reach * np.cos(angles), reach * np.sin(angles) - 0.2], 1)
    points = rng.normal(size=(20_000, 2))
    expected = np.abs(winding(points, star)) > 0.5
    assert np.array_equal(in_polygon(points, star), expected)
    assert np.array_equal(in_polygon(points, star[::-1]), expected)
    assert 0 < expected.sum() < len(points)


@pytest.fixture
def plane():
    """Codes [N, 3] and labels of 3 classes; the third dimension must not matter."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(500, 3)).astype(np.float32), rng.integers(0, 3, 500)


SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))


def test_members_are_counted_by_class_except_hidden_ones(plane):
    codes, labels = plane
    chosen = (np.abs(codes[:, :2]) < 1).all(1)
    found = members(codes, labels, NAMES, SQUARE)
    assert np.array_equal(found.index, np.flatnonzero(chosen))
    assert found.counts.tolist() == [int((labels[chosen] == k).sum()) for k in range(3)]
    fewer = members(codes, labels, NAMES, SQUARE, exclude=(1,))
    assert fewer.counts.tolist() == [found.counts[0], 0, found.counts[2]]
    assert np.array_equal(fewer.codes, codes[chosen & (labels != 1)])
    none = members(codes, labels, NAMES, [(50, 50), (51, 50), (50, 51)])
    assert none.counts.tolist() == [0, 0, 0] and none.codes.shape == (0, 3)


@pytest.mark.parametrize("count", [1, 3, 4096, 9001])
@pytest.mark.parametrize("channels", [1, 3])
def test_moments_agree_with_numpy(count, channels):
    pictures = np.random.default_rng(count).integers(0, 256, (count, channels, 4, 5), np.uint8)
    pictures[:, :, 0] = 255  # a pixel that never changes
    found = moments(pictures)
    exact = pictures / 255.0
    assert np.allclose(found.mean, exact.mean(0), atol=1e-12)
    assert np.allclose(found.variance, exact.var(0), atol=1e-12)
    assert (found.variance[:, 0] == 0).all() and found.variance.max() <= 0.25


def test_exported_files_contain_the_items_inside(plane):
    codes, labels = plane
    found = members(codes, labels, NAMES, SQUARE, exclude=(2,))
    rows = list(csv.reader(io.StringIO(to_csv(found, KNOWN))))
    assert rows[0] == ["index", "label", "class", "path", "size", "z1", "z2", "z3"]
    assert [int(row[0]) for row in rows[1:]] == found.index.tolist()
    assert all(row[2] == NAMES[int(row[1])] for row in rows[1:])
    again = np.array([row[5:] for row in rows[1:]], np.float32)
    assert np.array_equal(again, found.codes)  # nine digits represent a float32 exactly

    pictures = np.random.default_rng(1).integers(0, 256, (len(found.index), 1, 2, 2), np.uint8)
    with np.load(io.BytesIO(to_npz(found, pictures, KNOWN)), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["index"], found.index)
        assert np.array_equal(arrays["label"], found.labels)
        assert np.array_equal(arrays["codes"], found.codes)
        assert arrays["class_names"].tolist() == list(NAMES)
        assert arrays["path"].tolist() == [KNOWN.paths[i] for i in found.index]
        assert np.allclose(arrays["mean"], pictures.mean(0) / 255)
        assert np.allclose(arrays["variance"], (pictures / 255).var(0))
    empty = members(codes, labels, NAMES, [(50, 50), (51, 50), (50, 51)])
    with np.load(io.BytesIO(to_npz(empty, pictures[:0], KNOWN)), allow_pickle=False) as arrays:
        assert len(arrays["index"]) == 0 and "mean" not in arrays
    assert len(to_csv(empty, KNOWN).splitlines()) == 1

    kept = json.loads(
        to_json(
            found, SQUARE, model="m", digest="d" * 64, data="x", total=500, not_counted=["Boot"]
        )
    )
    assert kept["polygon"] == [list(corner) for corner in SQUARE] and kept["digest"] == "d" * 64
    assert kept["inside"] == len(found.index) and kept["total"] == 500
    assert kept["counts"] == dict(zip(NAMES, found.counts.tolist(), strict=True))
    assert kept["not_counted"] == ["Boot"]
