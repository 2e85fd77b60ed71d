"""A way's form in links and in the map's messages, with everything checked that comes in."""

import pytest

from pages.ui.place import SEEDS, Space
from pages.ui.way import Way, kinds_for, way_from_map, way_from_query

PLANE, START = Space(2), Way(((0.0, 0.0), (1.0, 1.0)))
WAYS = [
    (Way(((0.5, -1.25), (2.0, 0.0), (1e-4, 3.0)), frames=60), PLANE),
    (Way(((0.5, -1.25), (2.0, 0.0)), "geodesic", spacing="change", guard=False), PLANE),
    (Way(((1.0, 2.0),), "drawn", stroke=((0.0, 0.0), (1.0, 0.5), (2.0, 0.0))), PLANE),
    (Way(((0.5, 1.0), (2.0, 0.0)), label=3, layers=("speed",)), Space(2, 10)),
    (Way(((0.5, 1.0), (2.0, 0.0)), seed=7, layers=()), Space(2, 0, SEEDS)),
    (Way(((0.5, 1.0, 2.0), (2.0, 0.0, -1.0)), "spherical"), Space(3)),
]


@pytest.mark.parametrize(("way", "space"), WAYS)
def test_a_way_survives_the_address_bar_and_the_map(way, space):
    assert way_from_query(way.to_query("m", "d" * 64), START, space) == (way, [])
    assert way_from_map(way.to_json(), space) == way


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", "1,2,3;4,5,6"),
        ("p", "nan,1;2,3"),
        ("k", "spherical"),
        ("n", "121"),
        ("n", "many"),
        ("e", "oddly"),
        ("c", "3"),
        ("s", "7"),
        ("l", "nothing"),
    ],
)
def test_a_broken_part_of_a_link_is_named_and_left_out(name, value):
    way, broken = way_from_query({name: value}, START, PLANE)
    assert way == START and broken == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stops", [[0.0, float("inf")]]),
        ("stops", [[0.0, 0.0]] * 41),
        ("stops", None),
        ("kind", "drawn"),
        ("frames", 1),
        ("label", 2),
        ("stroke", [[1, "a"]]),
    ],
)
def test_a_message_that_is_no_way_is_refused(name, value):
    with pytest.raises(ValueError):
        way_from_map(START.to_json() | {name: value}, PLANE)


def test_a_sphere_is_offered_beyond_the_plane_only():
    assert "spherical" not in kinds_for(PLANE) and "geodesic" not in kinds_for(Space(3))
