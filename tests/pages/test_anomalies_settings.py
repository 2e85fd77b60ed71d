"""The settings of the Anomalies page in links, and the gallery."""

import math

import numpy as np
import pytest

from pages.ui.anomalies.gallery import GalleryItem, gallery_html, rank_text
from pages.ui.anomalies.settings import (
    AnomalySettings,
    Choices,
    default_settings,
    settings_from_query,
    supported,
    threshold_from_histogram,
)
from vae.pictures.grid import overlay_heatmap

NAMES = ("left", "middle", "right")
CHOICES = Choices(("structure", "squared"), NAMES, ("digits",))
SETTINGS = [
    AnomalySettings(),
    AnomalySettings("squared", "class", label=2, only=1, fpr=0.001),
    AnomalySettings(candidates="damage", damage="turn", seed=7, threshold=-1.2345678901234567),
    AnomalySettings(candidates="none", listed="normal", count=96),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_settings_survive_the_address_bar(settings):
    assert settings_from_query(settings.to_query("m", "d" * 64), CHOICES) == (settings, [])


def test_the_valid_part_of_a_link_is_read():
    query = {
        "score": "elbow", "of": "class", "c": "9", "fa": "2", "t": "nan", "n": "25", "seed": "-1",
        "damage": "burn", "list": "all", "data": "faces", "only": "x",
    }  # fmt: skip
    found, broken = settings_from_query(query, CHOICES)
    assert found == AnomalySettings(candidates="class")
    assert sorted(broken) == sorted(set(query) - {"of"})


def test_unsupported_settings_are_replaced():
    poor = Choices(("squared",), ("all",), ())
    settings = AnomalySettings("structure", "class", label=2, only=1, threshold=3.0)
    found = supported(settings, poor)
    assert (found.score, found.candidates, found.only) == ("squared", "damage", None)
    assert found.threshold is None
    assert default_settings(poor).candidates == "damage"
    same = supported(AnomalySettings(candidates="class", label=1, only=1), CHOICES)
    assert same.label != 1 and same.only == 1


def test_messages_of_the_histogram_are_checked():
    settings = AnomalySettings()
    wanted = threshold_from_histogram({"share": 0.01, "threshold": None}, settings)
    assert (wanted.fpr, wanted.threshold) == (0.01, None)
    dragged = threshold_from_histogram({"share": 0, "threshold": 4}, settings)
    assert (dragged.fpr, dragged.threshold) == (0, 4)
    for value in (
        {}, {"share": 0.1}, {"share": 2, "threshold": None}, {"share": None, "threshold": None},
        {"share": 0.1, "threshold": math.inf}, {"share": 0.1, "threshold": []},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            threshold_from_histogram(value, settings)


def test_the_gallery_escapes_names_and_shows_ranks():
    entry = GalleryItem("<b>x</b>", 1.5, 0.998, True, "./?m=a&z=0", False)
    text = gallery_html([entry, entry], "atelier/content/1", 1000)
    assert "<b>x</b>" not in text and "&lt;b&gt;x" in text and "./?m=a&amp;z=0" in text
    assert "more anomalous than 99.8 % of normal images" in text
    assert rank_text(1.0, 1000, among=False) == "more anomalous than all 1,000 normal images"
    assert rank_text(0.999, 1000, among=True) == "more anomalous than all 999 other normal images"
    assert rank_text(0.9999, 10_000, among=False).startswith("more anomalous than 99.99 %")


def test_the_heat_map_dims_cold_pixels_and_colours_hot_ones():
    picture = np.full((1, 1, 1, 3), 200, np.uint8)
    out = overlay_heatmap(picture, np.array([[[0.0, 0.5, 7.0]]]))[0, :, 0]
    assert out[:, 0].tolist() == [100, 100, 100] and out[:, 2].tolist() == [255, 240, 170]
    light = out.astype(float).mean(0)
    assert light[0] < light[1] < light[2]
