"""Links and map messages become places, or say why not."""

import math
from urllib.parse import parse_qsl

import pytest

from pages.ui.place import MOST_PINS, Place, link, place_from_map, place_from_query

FULL = Place(
    z=(0.25, -1.5),
    view=(0.1, -0.2, 3.5),
    layers=("manifold", "density"),
    pins=((0.1, 0.2), (-3.0, 0.0001)),
    item=42,
    hidden=(1, 9),
)


@pytest.mark.parametrize("place", [Place((0.0, 0.0)), FULL, Place((1.0, 2.0, 3.0), layers=())])
def test_a_link_round_trips(place):
    text = link(place.to_query("fashion-vae", "0123456789abcdef"))
    query = dict(parse_qsl(text[1:], keep_blank_values=True))
    assert query["m"] == "fashion-vae" and query["d"] == "0123456789ab"
    assert place_from_query(query, Place((9.0,) * len(place.z))) == (place, [])


def test_the_map_s_message_round_trips():
    assert place_from_map(FULL.to_json(), 2) == FULL


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("z", "1"),
        ("z", "nan,0"),
        ("z", "1e9,0"),
        ("z", "a,b"),
        ("v", "0,0,0"),
        ("v", "1,2"),
        ("l", "points,lasers"),
        ("p", "1,2;3"),
        ("i", "-1"),
        ("h", "x"),
    ],
)
def test_a_spoilt_parameter_is_named_and_the_rest_is_kept(name, text):
    query = {**FULL.to_query("m", "d"), name: text}
    place, broken = place_from_query(query, Place((9.0, 9.0)))
    assert broken == [name]
    fields = {"z": "z", "v": "view", "l": "layers", "p": "pins", "i": "item", "h": "hidden"}
    for key, field in fields.items():
        if key != name:
            assert getattr(place, field) == getattr(FULL, field)


@pytest.mark.parametrize(
    "change",
    [
        {"z": [0]},
        {"z": [True, 0]},
        {"z": [math.inf, 0]},
        {"z": None},
        {"view": [0, 0, -1]},
        {"pins": [[0, 0]] * (MOST_PINS + 1)},
        {"item": "x"},
        {"hidden": [-1]},
        {"layers": ["script"]},
    ],
)
def test_a_hostile_message_is_refused(change):
    with pytest.raises(ValueError, match=r"\w"):
        place_from_map({**FULL.to_json(), **change}, 2)


def test_codes_are_rounded_like_the_map_rounds_them():
    place = place_from_map({**FULL.to_json(), "z": [0.123456, -2.00004]}, 2)
    assert place.z == (0.1235, -2.0)
    assert "z=0.1235,-2" in link(place.to_query("m", "d"))
