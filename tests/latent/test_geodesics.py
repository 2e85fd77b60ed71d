"""Lengths and geodesics against surfaces whose geometry is known in closed form."""

import time

import numpy as np
import pytest
import torch

import vae
from vae.latent.density import Field, bounds
from vae.latent.geodesics import (
    Metric,
    density_penalty,
    jacobian_metric,
    pixel_length,
    pixel_means,
)
from vae.latent.polylines import resample
from vae.models import build


def sphere(z):
    """Colatitude and longitude -> the unit sphere: G = diag(1, sin^2)."""
    a, b = z[:, 0], z[:, 1]
    return torch.stack([a.sin() * b.cos(), a.sin() * b.sin(), a.cos()], 1)


def polar(z):
    """Radius and angle -> the plane, where geodesics are straight."""
    return torch.stack([z[:, 0] * z[:, 1].cos(), z[:, 0] * z[:, 1].sin()], 1)


def cone(z):
    """Distance from the tip and angle -> a cone of half angle 30 degrees, which unrolls to a
    half disc: G = diag(1, (r / 2)^2)."""
    r, a = z[:, 0], z[:, 1]
    return torch.stack([r * a.cos() / 2, r * a.sin() / 2, r * 0.75**0.5], 1)


def on_sphere(a, b):
    return float(torch.arccos((sphere(a) * sphere(b)).sum()))


def on_plane(a, b):
    return float((polar(a) - polar(b)).norm())


def on_cone(a, b):
    half = torch.tensor([[1, 0.5]])
    return on_plane(a * half, b * half)


SURFACES = {
    "sphere": (sphere, (0.2, 2.9, -1.5, 1.5), on_sphere, 0.01),
    "polar": (polar, (0.3, 3.0, -1.4, 1.4), on_plane, 0.01),
    "cone": (cone, (0.3, 3.0, -2.0, 2.0), on_cone, 0.01),
}


@pytest.fixture(scope="module", params=SURFACES)
def surface(request):
    decode, area, distance, error = SURFACES[request.param]
    return Metric(decode, area), distance, error


def pairs(area, n):
    x0, x1, y0, y1 = area
    shares = np.random.default_rng(3).random((n, 2, 2))
    return np.array([x0, y0]) + shares * np.array([x1 - x0, y1 - y0])


def test_geodesics_have_the_length_that_the_closed_form_gives(surface):
    metric, distance, error = surface
    for start, end in pairs(metric.area, 25):
        wanted = distance(torch.tensor(start)[None], torch.tensor(end)[None])
        found = metric.geodesic(start, end)
        assert np.allclose(found[[0, -1]], [start, end])
        assert pixel_length(metric.decode, found) == pytest.approx(wanted, rel=error, abs=1e-3)
        # No path between the same images is shorter.
        assert pixel_length(metric.decode, found) > wanted * (1 - 1e-4)


def test_geodesics_are_symmetric_and_never_longer_than_the_straight_line(surface):
    metric, *_ = surface
    for start, end in pairs(metric.area, 25):
        there, back = metric.geodesic(start, end), metric.geodesic(end, start)
        assert np.array_equal(there, back[::-1])
        line = resample(np.stack([start, end]), len(there))
        assert metric.metric_length(there) <= metric.metric_length(line) * (1 + 1e-12)


def test_a_geodesic_is_smooth_and_of_constant_speed():
    metric = Metric(*SURFACES["polar"][:2])
    path = metric.geodesic(np.array([2.5, -1.2]), np.array([2.5, 1.2]))
    flat = polar(torch.tensor(path)).numpy()
    assert np.ptp(flat[:, 0]) < 0.03  # a straight, vertical line in the decoded plane
    moves = np.diff(flat, axis=0)
    lengths = np.linalg.norm(moves, axis=1)
    assert lengths.max() < 1.15 * lengths.min()
    turns = (moves[1:] * moves[:-1]).sum(1) / (lengths[1:] * lengths[:-1])
    assert turns.min() > 0.99


@pytest.mark.parametrize("name", ["vae", "cvae", "hvae"])
def test_the_metric_agrees_with_autograd(settings, name):
    torch.manual_seed(1)
    model = build(settings(name).model).eval().requires_grad_(False)
    kind = {"cvae": {"label": 1}, "hvae": {"seed": 5}}.get(name, {})
    codes = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    found = jacobian_metric(pixel_means(model, **kind), codes)

    def pixels(z):
        if name == "hvae":
            return model.picture(z[None], seed=5).ravel()
        y = torch.tensor([1]) if name == "cvae" else None
        return model.decode(z[None], y).sigmoid().ravel()

    for z, g in zip(torch.tensor(codes), found, strict=True):
        j = torch.autograd.functional.jacobian(pixels, z)
        wanted = (j.T @ j).double().numpy()
        assert np.allclose(g, wanted[[0, 0, 1], [0, 1, 1]], rtol=0.01, atol=2e-3 * wanted.max())


def test_lengths_under_the_metric_agree_with_decoded_lengths(surface):
    metric, *_ = surface
    for line in pairs(metric.area, 10):
        assert metric.metric_length(resample(line, 65)) == pytest.approx(
            pixel_length(metric.decode, line), rel=2e-3
        )


def test_the_penalty_leads_around_a_hole_that_the_metric_alone_would_cross():
    def flat(z):
        return torch.stack([z[:, 0], z[:, 1]], 1)

    area = (-2.0, 2.0, -2.0, 2.0)
    y, x = np.mgrid[-2:2:64j, -2:2:64j]
    hole = Field(np.clip(1.5 - np.hypot(x, y), 0, 1) ** 0.5, area)
    ends = np.array([[-1.6, -0.1], [1.6, -0.1]])
    through, around = Metric(flat, area), Metric(flat, area, penalty=hole)
    assert np.abs(through.geodesic(*ends)[:, 1] + 0.1).max() < 0.02
    detour = around.geodesic(*ends)
    assert np.hypot(*detour.T).min() > 0.9
    assert pixel_length(through.decode, detour) > 3.2 * 1.1


def test_the_density_penalty_is_low_among_items_and_high_away_from_them():
    codes = np.random.default_rng(0).normal(size=(4000, 2)) * 0.5
    codes[:4] = [[3, 3], [3, 3.1], [-3, -3], [-3, -3.1]]
    field = density_penalty(codes)
    assert field.bounds == bounds(codes)
    middle = field.values[96:160, 96:160]
    assert middle.mean() < 0.15 and field.values.max() > 0.95


def test_ends_outside_the_grid_and_equal_ends_are_supported():
    metric = Metric(*SURFACES["polar"][:2])
    far = metric.geodesic(np.array([-9.0, 0]), np.array([9.0, 0.5]))
    assert np.isfinite(far).all() and np.allclose(far[[0, -1]], [[-9, 0], [9, 0.5]])
    still = metric.geodesic(np.array([1.0, 0]), np.array([1.0, 0]))
    assert np.allclose(still, [1, 0]) and pixel_length(metric.decode, still) == 0


def test_a_bundled_model_takes_a_second_to_prepare_and_milliseconds_per_geodesic():
    from live import ROOT

    from vae.latent.encoding import split_codes

    ck = vae.load(ROOT / "checkpoints/fashion-vae")
    codes = split_codes(ck, vae.load_dataset("fashion-mnist-starter").test).mean
    decode = pixel_means(ck.model)
    start = time.process_time()
    metric = Metric(decode, bounds(codes), penalty=density_penalty(codes))
    prepared = time.process_time() - start
    times, gains = [], []
    for ends in np.random.default_rng(1).choice(codes, (40, 2)):
        start = time.process_time()
        path = metric.geodesic(*ends)
        times.append(time.process_time() - start)
        gains.append(pixel_length(metric.decode, path) / pixel_length(decode, ends))
    assert prepared < 2 and np.median(times) < 0.02  # CPU seconds, twice the budget
    assert np.median(gains) < 0.95
