"""The path settings in links, messages and files; everything that comes in is checked."""

import pytest

from pages.ui.interpolate.settings import (
    MAX_WAYPOINTS,
    PathSettings,
    path_from_file,
    path_from_map,
    path_from_query,
    path_kinds,
)
from pages.ui.runtime.location import MAX_PINS, Space
from vae.latent.paths import Frame, PathOrigin, to_json

PLANE, START = Space(2), PathSettings(((0.0, 0.0), (1.0, 1.0)))
PATHS = [
    (PathSettings(((0.5, -1.25), (2.0, 0.0), (1e-4, 3.0)), frames=60), PLANE),
    (
        PathSettings(
            ((0.5, -1.25), (2.0, 0.0)), "geodesic", spacing="change", avoid_low_density=False
        ),
        PLANE,
    ),
    (PathSettings(((1.0, 2.0),), "drawn", stroke=((0.0, 0.0), (1.0, 0.5), (2.0, 0.0))), PLANE),
    (PathSettings(((0.5, 1.0), (2.0, 0.0)), label=3, layers=("speed",)), Space(2, 10)),
    (PathSettings(((0.5, 1.0), (2.0, 0.0)), seed=7, layers=()), Space(2, 0, 256)),
    (PathSettings(((0.5, 1.0, 2.0), (2.0, 0.0, -1.0)), "spherical"), Space(3)),
]


@pytest.mark.parametrize(("path", "space"), PATHS)
def test_a_path_survives_the_address_bar_and_the_map(path, space):
    assert path_from_query(path.to_query("m", "d" * 64), START, space) == (path, [])
    assert path_from_map(path.to_json(), space) == path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", "1,2,3;4,5,6"),
        ("p", "nan,1;2,3"),
        ("k", "spherical"),
        ("n", "241"),
        ("n", "many"),
        ("e", "oddly"),
        ("c", "3"),
        ("s", "7"),
        ("l", "nothing"),
    ],
)
def test_an_unreadable_parameter_is_named_and_left_out(name, value):
    path, broken = path_from_query({name: value}, START, PLANE)
    assert path == START and broken == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("waypoints", [[0.0, float("inf")]]),
        ("waypoints", [[0.0, 0.0]] * 41),
        ("waypoints", None),
        ("kind", "drawn"),
        ("frames", 1),
        ("label", 2),
        ("stroke", [[1, "a"]]),
    ],
)
def test_an_invalid_message_is_refused(name, value):
    with pytest.raises(ValueError):
        path_from_map(START.to_json() | {name: value}, PLANE)


def test_spherical_paths_are_offered_above_two_latents_only():
    assert "spherical" not in path_kinds(PLANE) and "geodesic" not in path_kinds(Space(3))


DIGEST = "ab" * 32


def saved(path, digest=DIGEST):
    """The file of a path, with its waypoints as frames."""
    codes = path.stroke or path.waypoints
    frames = [Frame(codes[i % len(codes)], path.label, path.seed) for i in range(path.frames)]
    origin = PathOrigin("m", digest, path.kind, path.spacing, codes, path.avoid_low_density)
    return to_json(frames, origin).encode()


@pytest.mark.parametrize(("path", "space"), PATHS)
def test_a_saved_path_opens_unchanged(path, space):
    opened, warnings = path_from_file(saved(path), "m", DIGEST, space)
    wanted = path.to_json() | {"layers": ("points", "names")}
    if path.kind == "drawn":
        wanted["waypoints"] = ()
    assert opened.to_json() == wanted and warnings == ()
    assert path_from_map(opened.to_json(), space) == opened


def test_a_warning_names_each_difference_from_a_saved_path():
    _, warnings = path_from_file(saved(PATHS[1][0], "cd" * 32), "other", DIGEST, PLANE)
    assert len(warnings) == 1 and "made with m (cdcdcdcdcdcd)" in warnings[0]
    path, warnings = path_from_file(saved(PATHS[3][0]), "m", DIGEST, PLANE)
    assert path.label is None and "has no class 3" in warnings[0]
    with pytest.raises(ValueError, match="its codes have 3 numbers; m expects 2"):
        path_from_file(saved(PATHS[5][0]), "m", DIGEST, PLANE)
    circle = PathSettings(((1.0, 2.0), (3.0, 4.0)), "spherical")
    path, warnings = path_from_file(saved(circle), "m", DIGEST, PLANE)
    assert path.kind == "straight" and "has no spherical paths" in warnings[0]


def test_a_long_path_is_subsampled_to_the_limits_of_the_page():
    codes = tuple((float(k), 0.0) for k in range(500))
    straight, _ = path_from_file(saved(PathSettings(codes, frames=500)), "m", DIGEST, PLANE)
    drawn, _ = path_from_file(saved(PathSettings((), "drawn", stroke=codes)), "m", DIGEST, PLANE)
    assert len(straight.waypoints) == MAX_WAYPOINTS and len(drawn.stroke) == MAX_PINS
    assert straight.waypoints[-1] == drawn.stroke[-1] == codes[-1] and straight.frames == 240
    for path in (straight, drawn):
        assert path_from_map(path.to_json(), PLANE) == path
