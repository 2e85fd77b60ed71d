"""Links and map messages become places, or say why not."""

import math
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from pages.ui.runtime.location import (
    MAX_CORNERS,
    MAX_PINS,
    Location,
    Pin,
    Space,
    link,
    location_from_map,
    location_from_query,
)

PLANE, CLASSES, DETAILS = Space(2), Space(2, labels=10), Space(2, seeds=256)
FULL = Location(
    z=(0.25, -1.5),
    view=(0.1, -0.2, 3.5),
    layers=("manifold", "density"),
    pins=(Pin((0.1, 0.2)), Pin((-3.0, 0.0001))),
    item=42,
    show="train",
    colour="größe, in cm & mehr",
    hidden=(1, 9),
    region=((0.5, 0.25), (1.0, -2.0), (0.0001, 3.0)),
)


TOLD = replace(FULL, label=3, pins=(Pin((0.1, 0.2), 0), Pin((1.0, 2.0)), Pin((0.0, -1.0), 9)))
DETAILED = replace(FULL, seed=7, pins=(Pin((0.1, 0.2), seed=255), Pin((1e-4, 2.0))))


@pytest.mark.parametrize(
    ("place", "space"),
    [
        (Location((0.0, 0.0)), PLANE),
        (FULL, PLANE),
        (Location((1.0, 2.0, 3.0), layers=()), Space(3)),
        (FULL, CLASSES),
        (TOLD, CLASSES),
        (DETAILED, DETAILS),
        (replace(FULL, draw=2**31 - 1), PLANE),
    ],
)
def test_a_link_round_trips(place, space):
    text = link(place.to_query("fashion-vae", "0123456789abcdef"))
    query = dict(parse_qsl(text[1:], keep_blank_values=True))
    assert query["m"] == "fashion-vae" and query["d"] == "0123456789ab"
    assert location_from_query(query, Location((9.0,) * len(place.z)), space) == (place, [])


@pytest.mark.parametrize(("place", "space"), [(FULL, PLANE), (TOLD, CLASSES), (DETAILED, DETAILS)])
def test_the_map_s_message_round_trips(place, space):
    assert location_from_map(place.to_json(), space) == place


def test_pins_are_written_shortly_and_old_links_open():
    assert TOLD.to_query("m", "d")["p"] == "0.1,0.2c0;1,2;0,-1c9"
    assert DETAILED.to_query("m", "d")["p"] == "0.1,0.2s255;0.0001,2"
    for space in (PLANE, CLASSES, DETAILS):
        place, broken = location_from_query({"p": "0.5,1;-2,0.25"}, Location((0.0, 0.0)), space)
        assert (place.pins, broken) == ((Pin((0.5, 1.0)), Pin((-2.0, 0.25))), [])


@pytest.mark.parametrize(
    ("name", "text", "space"),
    [
        ("c", "10", CLASSES),
        ("c", "-1", CLASSES),
        ("c", "", CLASSES),
        ("c", "Sneaker", CLASSES),
        ("c", "0", PLANE),
        ("c", "0", DETAILS),
        ("s", "256", DETAILS),
        ("s", "-1", DETAILS),
        ("s", "7.5", DETAILS),
        ("s", "1", PLANE),
        ("s", "1", CLASSES),
        ("p", "0,0c10", CLASSES),
        ("p", "0,0c", CLASSES),
        ("p", "0,0c3", PLANE),
        ("p", "0,0s3", CLASSES),
        ("p", "0,0s999", DETAILS),
        ("p", "0,0s3c3", CLASSES),
    ],
)
def test_a_label_or_a_seed_that_the_model_has_not_is_named(name, text, space):
    place, broken = location_from_query({name: text, "z": "1,2"}, Location((0.0, 0.0)), space)
    assert (place, broken) == (Location((1.0, 2.0)), [name])


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
        ("in", "1,2;3,4"),
        ("in", "1,2;3,4;5"),
        ("in", ";".join(["1,2"] * (MAX_CORNERS + 1))),
        ("in", "1,2;3,4;1e9,0"),
        ("in", ""),
        ("rs", "-1"),
        ("rs", "1e3"),
    ],
)
def test_a_spoilt_parameter_is_named_and_the_rest_is_kept(name, text):
    query = {**FULL.to_query("m", "d"), name: text}
    place, broken = location_from_query(query, Location((9.0, 9.0)), PLANE)
    assert broken == [name]
    fields = {"z": "z", "v": "view", "l": "layers", "p": "pins", "i": "item", "h": "hidden"}
    fields |= {"in": "region"}
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
        {"pins": [Pin((0, 0)).to_json()] * (MAX_PINS + 1)},
        {"pins": [[0, 0]]},
        {"pins": [{"z": [0, 0]}]},
        {"pins": [Pin((0, 0), label=1).to_json()]},
        {"label": 0},
        {"seed": 1},
        {"seed": None},
        {"item": math.inf},
        {"item": "x"},
        {"hidden": [-1]},
        {"layers": ["script"]},
        {"region": []},
        {"region": "1,2;3,4;5,6"},
        {"region": [[0, 0], [1, 1]]},
        {"region": [[0, 0], [1, 1], [math.nan, 0]]},
        {"region": [[0, 0], [1, 1], 5]},
        {"region": [[0, 0]] * (MAX_CORNERS + 1)},
    ],
)
def test_a_hostile_message_is_refused(change):
    with pytest.raises(ValueError, match=r"\w"):
        location_from_map({**FULL.to_json(), **change}, PLANE)


def test_codes_are_rounded_like_the_map_rounds_them():
    place = location_from_map({**FULL.to_json(), "z": [0.123456, -2.00004]}, PLANE)
    assert place.z == (0.1235, -2.0)
    assert "z=0.1235,-2" in link(place.to_query("m", "d"))
