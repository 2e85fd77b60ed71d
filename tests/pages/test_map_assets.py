"""What the map is told about its items."""

import json

import numpy as np
import pytest

from pages.ui.runtime import map_assets, routes
from vae.analysis.columns import MISSING, colouring
from vae.explorer.map_data import map_data
from vae.latent.encoding import Codes


def content(url: routes.PublishedUrl) -> bytes:
    import gzip

    item = url.content
    return gzip.decompress(item.body) if item.gzipped else item.body


@pytest.fixture
def items():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 500)
    codes = (rng.normal(size=(500, 2)) * 0.2 + labels[:, None]).astype(np.float32)
    return Codes(codes, np.full_like(codes, 0.1)), labels


def test_all_items_travel_as_they_are(items):
    codes, labels = items
    made = map_assets.publish_map(codes, labels, "abc")
    raw = content(made.urls["points"])
    assert len(raw) == 500 * (8 + 8 + 1)
    assert np.array_equal(np.frombuffer(raw, "<f4", 1000).reshape(500, 2), codes.mean)
    assert np.array_equal(np.frombuffer(raw[-500:], np.uint8), labels)
    assert made.facts["layers"] == ["points", "names"] and not made.facts["sampled"]
    quantiles = made.facts["densityQuantiles"]
    assert len(quantiles) == 101 and quantiles == sorted(quantiles)


def test_too_many_items_become_a_sample_over_their_density(items):
    codes, labels = items
    made = map_data(codes, labels, "abc", most=100)
    assert (made.facts["total"], made.facts["count"]) == (500, 100)
    assert "density" in made.facts["layers"]
    raw = made.arrays["points"]
    shown = np.frombuffer(raw[1600:2000], "<u4")
    assert np.array_equal(np.frombuffer(raw, "<f4", 200).reshape(100, 2), codes.mean[shown])
    assert np.array_equal(np.frombuffer(raw[2000:], np.uint8), labels[shown])
    density = np.frombuffer(made.arrays["density"], "<f4")
    x0, x1, y0, y1 = made.facts["bounds"]
    cell = (x1 - x0) * (y1 - y0) / density.size
    assert density.sum() * cell == pytest.approx(1, abs=0.02)  # of all 500, not of the sample


def test_more_than_256_classes_keep_their_labels(items):
    codes = items[0]
    labels = np.arange(500) % 300
    made = map_assets.publish_map(codes, labels, [str(k) for k in range(300)])
    raw = content(made.urls["points"])
    assert np.array_equal(np.frombuffer(raw[-1000:], "<u2"), labels)


def test_columns_travel_for_the_items_on_the_map_alone(items):
    codes, labels = items
    numbers = np.arange(500) * 2 + 100  # of a data set of 1,200 images
    tone = np.array(["red", "green", ""] * 400)
    size = np.arange(1200) / 7
    columns = {"tone": colouring(tone), "size": colouring(size)}
    made = map_assets.publish_map(codes, labels, "abc", numbers=numbers, columns=columns)
    assert made.facts["columns"] == ["tone", "size"] and made.facts["numbered"]
    raw = content(made.urls["points"])
    assert np.array_equal(np.frombuffer(raw[8000:10000], "<u4"), numbers)
    sent = json.loads(made.urls["column tone"].content.work())
    assert sent["names"] == ["green", "red", MISSING] and (sent["own"], sent["ends"]) == (2, None)
    assert sent["texts"] == tone[numbers].tolist() and len(sent["kinds"]) == 500
    members = codes.mean[np.array(sent["kinds"]) == 1]
    assert np.abs(members - sent["centres"][1]).sum(1).min() < 1e-3 and sent["centres"][2] is None
    sent = json.loads(made.urls["column size"].content.work())
    assert sent["ends"] == ["0", "171.286"] and sent["texts"][0] == f"{100 / 7:.6g}"
    other = map_assets.publish_map(codes, labels, "abc", numbers=numbers + 1, columns=columns)
    assert other.urls["column tone"] != made.urls["column tone"]
