"""What is asked on the Anomalies page: its form in links; and the list of unusual images."""

import math

import numpy as np
import pytest

from pages.ui.anomalies.gallery import Entry, standing, unusual_list
from pages.ui.anomalies.settings import (
    Choices,
    Inquiry,
    first_inquiry,
    inquiry_from_query,
    sound,
    threshold_from_histogram,
)
from vae.pictures.grid import heated

NAMES = ("left", "middle", "right")
CHOICES = Choices(("structure", "squared"), NAMES, ("digits",))
ASKED = [
    Inquiry(),
    Inquiry("squared", "class", label=2, only=1, false_alarms=0.001),
    Inquiry(suspects="damage", damage="turn", seed=7, threshold=-1.2345678901234567),
    Inquiry(suspects="none", listed="normal", count=96),
]


@pytest.mark.parametrize("asked", ASKED)
def test_an_inquiry_survives_the_address_bar(asked):
    assert inquiry_from_query(asked.to_query("m", "d" * 64), CHOICES) == (asked, [])


def test_a_spoilt_link_is_read_as_far_as_it_can_be():
    query = {
        "score": "elbow", "of": "class", "c": "9", "fa": "2", "t": "nan", "n": "25", "seed": "-1",
        "damage": "burn", "list": "all", "data": "faces", "only": "x",
    }  # fmt: skip
    found, broken = inquiry_from_query(query, CHOICES)
    assert found == Inquiry(suspects="class")
    assert sorted(broken) == sorted(set(query) - {"of"})


def test_what_a_model_cannot_answer_becomes_what_it_can():
    poor = Choices(("squared",), ("all",), ())
    asked = Inquiry("structure", "class", label=2, only=1, threshold=3.0)
    found = sound(asked, poor)
    assert (found.score, found.suspects, found.only) == ("squared", "damage", None)
    assert found.threshold is None
    assert first_inquiry(poor).suspects == "damage"
    same = sound(Inquiry(suspects="class", label=1, only=1), CHOICES)
    assert same.label != 1 and same.only == 1


def test_the_histogram_is_not_trusted():
    asked = Inquiry()
    wanted = threshold_from_histogram({"share": 0.01, "threshold": None}, asked)
    assert (wanted.false_alarms, wanted.threshold) == (0.01, None)
    dragged = threshold_from_histogram({"share": 0, "threshold": 4}, asked)
    assert (dragged.false_alarms, dragged.threshold) == (0, 4)
    for value in (
        {}, {"share": 0.1}, {"share": 2, "threshold": None}, {"share": None, "threshold": None},
        {"share": 0.1, "threshold": math.inf}, {"share": 0.1, "threshold": []},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            threshold_from_histogram(value, asked)


def test_the_list_escapes_names_and_says_how_images_stand():
    entry = Entry("<b>x</b>", 1.5, 0.998, True, "./?m=a&z=0", False)
    text = unusual_list([entry, entry], "atelier/content/1", 1000)
    assert "<b>x</b>" not in text and "&lt;b&gt;x" in text and "./?m=a&amp;z=0" in text
    assert "more unusual than 99.8 % of normal images" in text
    assert standing(1.0, 1000, among=False) == "more unusual than all 1,000 normal images"
    assert standing(0.999, 1000, among=True) == "more unusual than all 999 other normal images"
    assert standing(0.9999, 10_000, among=False).startswith("more unusual than 99.99 %")


def test_heat_leaves_cold_pixels_dim_and_colours_hot_ones():
    picture = np.full((1, 1, 1, 3), 200, np.uint8)
    out = heated(picture, np.array([[[0.0, 0.5, 7.0]]]))[0, :, 0]
    assert out[:, 0].tolist() == [100, 100, 100] and out[:, 2].tolist() == [255, 240, 170]
    light = out.astype(float).mean(0)
    assert light[0] < light[1] < light[2]
