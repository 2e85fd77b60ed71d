"""A way's form in links and in the map's messages, with everything checked that comes in."""

import pytest

from pages.ui.interpolate.settings import (
    MOST_STOPS,
    Way,
    kinds_for,
    way_from_file,
    way_from_map,
    way_from_query,
)
from pages.ui.runtime.location import MOST_PINS, SEEDS, Space
from vae.latent.paths import Frame, to_json

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


DIGEST = "ab" * 32


def saved(way, digest=DIGEST):
    """The file of a way, with its stops as frames."""
    codes = way.stroke or way.stops
    frames = [Frame(codes[i % len(codes)], way.label, way.seed) for i in range(way.frames)]
    made = {"kind": way.kind, "spacing": way.spacing, "stops": codes, "guard": way.guard}
    return to_json(frames, model="m", digest=digest, **made).encode()


@pytest.mark.parametrize(("way", "space"), WAYS)
def test_a_saved_path_opens_as_the_way_it_was(way, space):
    opened, told = way_from_file(saved(way), "m", DIGEST, space)
    wanted = way.to_json() | {"layers": ["points", "names"]}
    if way.kind == "drawn":
        wanted["stops"] = []
    assert opened.to_json() == wanted and told == ()
    assert way_from_map(opened.to_json(), space) == opened


def test_what_does_not_match_a_saved_path_is_said():
    _, told = way_from_file(saved(WAYS[1][0], "cd" * 32), "other", DIGEST, PLANE)
    assert len(told) == 1 and "made with m (cdcdcdcdcdcd)" in told[0]
    way, told = way_from_file(saved(WAYS[3][0]), "m", DIGEST, PLANE)
    assert way.label is None and "knows no class 3" in told[0]
    with pytest.raises(ValueError, match="its codes have 3 numbers; m expects 2"):
        way_from_file(saved(WAYS[5][0]), "m", DIGEST, PLANE)
    round = Way(((1.0, 2.0), (3.0, 4.0)), "spherical")
    way, told = way_from_file(saved(round), "m", DIGEST, PLANE)
    assert way.kind == "straight" and "knows no spherical way" in told[0]


def test_a_long_path_is_thinned_to_what_the_page_takes():
    codes = tuple((float(k), 0.0) for k in range(500))
    straight, _ = way_from_file(saved(Way(codes, frames=500)), "m", DIGEST, PLANE)
    drawn, _ = way_from_file(saved(Way((), "drawn", stroke=codes)), "m", DIGEST, PLANE)
    assert len(straight.stops) == MOST_STOPS and len(drawn.stroke) == MOST_PINS
    assert straight.stops[-1] == drawn.stroke[-1] == codes[-1] and straight.frames == 120
    for way in (straight, drawn):
        assert way_from_map(way.to_json(), PLANE) == way
