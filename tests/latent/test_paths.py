"""Paths between waypoints, frames on them, and their files."""

import csv
import io
import json

import numpy as np
import pytest
import torch

from vae.latent import paths
from vae.latent.geodesics import Metric, pixel_distances
from vae.latent.paths import Frame, PathError, PathOrigin
from vae.latent.polylines import simplify


def bent(z):
    """Images that change three times as fast where z1 is above 0."""
    fast = z[:, :1] * torch.where(z[:, :1] > 0, 3.0, 1.0)
    return torch.cat([fast, z[:, 1:]], 1)


WAYPOINTS = np.array([[-2.0, 0.0], [2.0, 0.0], [2.0, 3.0]])


def test_uniform_spacing_in_z_has_equal_steps_and_both_ends():
    found = paths.place_frames(WAYPOINTS, 15, decode=bent)
    assert np.allclose(found[[0, -1]], WAYPOINTS[[0, -1]])
    assert np.allclose(np.linalg.norm(np.diff(found, axis=0), axis=1), 0.5)
    assert found[8].tolist() == [2, 0]


def test_uniform_pixel_change_has_equal_changes():
    found = paths.place_frames(WAYPOINTS[:2], 17, spacing="change", decode=bent)
    steps = pixel_distances(bent, found)
    assert steps == pytest.approx(steps.mean(), rel=0.02)
    assert (found[:, 0] < -0.01).sum() == 4  # a quarter of the change lies there


def travelled(codes):
    """The pixel change from the start to each code."""
    images = bent(torch.as_tensor(codes, dtype=torch.float32))
    return np.concatenate([[0], (images[1:] - images[:-1]).norm(dim=1).cumsum(0).numpy()])


def test_motion_is_slow_at_both_ends_or_at_every_waypoint():
    eased = paths.place_frames(WAYPOINTS, 41, spacing="ease", decode=bent, waypoints=WAYPOINTS)
    np.testing.assert_allclose(eased[[0, -1]], WAYPOINTS[[0, -1]], atol=1e-9)
    speed = np.diff(travelled(eased))
    assert max(speed[0], speed[-1]) < 0.1 * speed.max() < 0.2 * speed[18:22].min()
    stopped = paths.place_frames(WAYPOINTS, 81, spacing="stops", decode=bent, waypoints=WAYPOINTS)
    np.testing.assert_allclose(stopped[[0, -1]], WAYPOINTS[[0, -1]], atol=1e-9)
    speed = np.diff(travelled(stopped))
    for waypoint in WAYPOINTS:
        at = np.linalg.norm(stopped - waypoint, axis=1).argmin()
        assert speed[max(0, at - 1) : at + 1].min() < 0.15 * np.median(speed)
    # A way back over the same waypoints stops at each of them, too.
    back = np.concatenate([WAYPOINTS, WAYPOINTS[-2::-1]])
    found = paths.place_frames(back, 161, spacing="stops", decode=bent, waypoints=back)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[80], WAYPOINTS[-1], atol=0.05)


def test_a_path_without_change_still_has_frames():
    still = paths.place_frames(
        WAYPOINTS[:2], 5, spacing="change", decode=lambda z: torch.zeros(len(z), 3)
    )
    assert np.allclose(still[:, 0], [-2, -1, 0, 1, 2])


@pytest.mark.parametrize("n", [0, 1, 601])
def test_the_number_of_frames_has_limits(n):
    with pytest.raises(PathError, match="2 to 600"):
        paths.place_frames(WAYPOINTS, n, decode=bent)


def test_a_geodesic_path_contains_every_waypoint():
    metric = Metric(bent, (-3, 3, -1, 4), side=24)
    path = paths.geodesic_path(WAYPOINTS, metric)
    for waypoint in WAYPOINTS:
        assert np.abs(path - waypoint).sum(1).min() < 1e-12
    with pytest.raises(PathError, match="these codes have 3"):
        paths.geodesic_path(np.zeros((2, 3)), metric)


def test_spherical_paths_keep_the_radius_and_the_angular_speed():
    stops = np.array([[2.0, 0, 0], [0, 2.0, 0], [0, 0, 4.0]])
    path = paths.spherical_path(stops)
    first, second = path[:33], path[32:]
    assert np.allclose(np.linalg.norm(first, axis=1), 2)
    assert np.allclose(np.linalg.norm(second, axis=1), np.linspace(2, 4, 33))
    turns = (first[1:] * first[:-1]).sum(1) / 4
    assert np.allclose(turns, np.cos(np.pi / 2 / 32))
    opposite = paths.spherical_path(np.array([[1.0, 0, 0], [-1.0, 0, 0]]))
    assert np.isfinite(opposite).all() and np.allclose(opposite[-1], [-1, 0, 0])


def test_a_stroke_becomes_a_smooth_curve_close_to_it():
    t = np.linspace(0, np.pi, 300)
    stroke = np.stack([np.cos(t), np.sin(t)], 1)
    noisy = stroke + np.random.default_rng(0).normal(size=stroke.shape) * 0.004
    assert len(simplify(noisy, 0.03)) < 20
    curve = paths.smooth_stroke(noisy, tolerance=0.03)
    assert np.allclose(curve[[0, -1]], noisy[[0, -1]])
    assert np.abs(np.linalg.norm(curve, axis=1) - 1).max() < 0.05
    moves = np.diff(curve, axis=0)
    units = moves / np.linalg.norm(moves, axis=1, keepdims=True)
    assert (units[1:] * units[:-1]).sum(1).min() > 0.9  # no corners
    assert paths.smooth_stroke(noisy[:2], tolerance=0.03).shape == (2, 2)


PATH = [Frame((0.5, -0.25)), Frame((1.0, 0.125), 3, 7)]
ORIGIN = PathOrigin("mine", "ab12", "straight", "steps")


def test_json_comes_back_unchanged():
    origin = PathOrigin("mine", "ab12", "geodesic", "change", ((0.5, 1.0), (2.0, 3.0)), False)
    saved = paths.from_json(paths.to_json(PATH, origin))
    assert saved.frames == tuple(PATH)
    assert PathOrigin(**{f: getattr(saved, f) for f in PathOrigin.__struct_fields__}) == origin


def test_the_json_format_stays_and_older_files_open():
    data = json.loads(paths.to_json(PATH, ORIGIN))
    assert data["stops"] == [] and data["guard"] is True
    assert data["frames"][1] == {"z": [1.0, 0.125], "label": 3, "seed": 7}
    del data["stops"], data["guard"]
    saved = paths.from_json(json.dumps(data | {"unknown": 1}))
    assert saved.waypoints == () and saved.avoid_low_density is True


def test_csv_has_one_line_per_frame():
    lines = list(csv.DictReader(io.StringIO(paths.to_csv(PATH, model="mine", digest="ab12"))))
    assert [line["z1"] for line in lines] == ["0.5", "1.0"]
    assert lines[1] | {"digest": "ab12", "label": "3", "seed": "7", "frame": "2"} == lines[1]
    assert lines[0]["label"] == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": "other"}, "format"),
        ({"version": 2}, "version"),
        ({"model": 3}, "model"),
        ({"digest": ""}, "digest"),
        ({"kind": "curly"}, "kind is 'curly'; expected one of straight, geodesic, drawn"),
        ({"spacing": None}, "spacing"),
        ({"frames": []}, "frames"),
        ({"frames": [3]}, r"frames\[0\]"),
        ({"frames": [{"z": [1, 2]}, {"z": [1, "2"]}]}, r"frames\[1\]\.z"),
        ({"frames": [{"z": [1, float("nan")]}]}, r"frames\[0\]\.z"),
        ({"frames": [{"z": [1, 1e9]}]}, r"frames\[0\]\.z"),
        ({"frames": [{"z": [True]}]}, r"frames\[0\]\.z"),
        ({"frames": [{"z": [1], "label": -1}]}, r"frames\[0\]\.label"),
        ({"frames": [{"z": [1], "seed": 1.5}]}, r"frames\[0\]\.seed"),
        ({"frames": [{"z": [1], "colour": 1}]}, r"frames\[0\]\.colour"),
        ({"frames": [{"z": [1]}, {"z": [1, 2]}]}, "one length"),
        ({"stops": [[1, 2, 3]]}, "one length"),
        ({"stops": [[1, 2], [1, "2"]]}, r"stops\[1\]"),
        ({"stops": {"z": 1}}, "stops is .*; expected a list"),
        ({"guard": 1}, "guard is 1; expected true or false"),
    ],
)
def test_an_invalid_file_is_refused_by_its_field(change, named):
    data = json.loads(paths.to_json(PATH, ORIGIN))
    with pytest.raises(PathError, match=named):
        paths.from_json(json.dumps(data | change))


def test_a_file_that_is_no_path_is_refused():
    for text in ("", "{", "[" * 100_000, "[]", "3", b"\xff\xfe", "9" * 10_000):
        with pytest.raises(PathError):
            paths.from_json(text)
    with pytest.raises(PathError, match="at most"):
        paths.from_json(" " * (paths.MAX_BYTES + 1))
