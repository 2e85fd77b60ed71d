"""Refined posteriors against problems whose answer is known."""

import torch

from vae.nn.distributions import Mixture
from vae.nn.semi_amortised import GRID_SIZE, GRID_STD, decode_grid, newton_refine


def quadratic(centre: torch.Tensor, curvature: torch.Tensor):
    """f(z) = (z - c)^T H (z - c) / 2 for each image, exactly a Gaussian posterior."""

    def energy(z: torch.Tensor) -> torch.Tensor:
        d = z - centre
        return 0.5 * torch.einsum("sbi,bij,sbj->sb", d, curvature, d)

    return energy


def test_a_gaussian_posterior_is_found_exactly():
    torch.manual_seed(0)
    centre = torch.randn(50, 2, dtype=torch.float64)
    root = torch.randn(50, 2, 2, dtype=torch.float64)
    curvature = 400 * (root @ root.mT + 0.5 * torch.eye(2, dtype=torch.float64))
    start = centre + 0.03 * torch.randn(50, 2, dtype=torch.float64)
    std = torch.full((50, 2), 0.05, dtype=torch.float64)
    mean, std = newton_refine(start, std, quadratic(centre, curvature), start, 6)
    torch.testing.assert_close(mean, centre, atol=2e-3, rtol=0)
    # The diagonal Gaussian nearest in KL(q || p) has the inverse of H's diagonal as variances.
    exact = curvature.diagonal(dim1=1, dim2=2).rsqrt()
    torch.testing.assert_close(std, exact, rtol=0.05, atol=0)


def test_the_grid_candidate_is_taken_only_where_it_is_better():
    centre = torch.tensor([[1.0, 1.0], [-1.0, 0.0]])
    energy = quadratic(centre, 100 * torch.eye(2).expand(2, 2, 2))
    encoder = torch.tensor([[-2.0, -2.0], [-1.0, 0.01]])
    plane = torch.tensor([[1.01, 1.0], [-1.2, 0.0]])
    mean, _ = newton_refine(encoder, torch.full((2, 2), 0.1), energy, plane, 0)
    assert torch.equal(mean, torch.stack([plane[0], encoder[1]]))


def test_no_step_ever_raises_the_energy():
    torch.manual_seed(0)

    def bumpy(z: torch.Tensor) -> torch.Tensor:
        return (5 * z[..., 0]).sin() + (4 * z[..., 1]).cos() + 0.5 * z.square().sum(-1)

    start = torch.randn(200, 2)
    before = bumpy(start)
    for steps in (1, 3, 6):
        mean, std = newton_refine(start, torch.full((200, 2), 0.1), bumpy, start, steps)
        assert (bumpy(mean) <= before + 1e-6).all()
        assert torch.isfinite(std).all() and (std > 0).all()


def test_the_grid_covers_the_prior():
    codes, logits, log_prior = decode_grid(lambda z: z.sum(1), Mixture.standard_normal(2))
    assert codes.shape == (GRID_SIZE**2, 2) and codes.abs().max() == GRID_STD
    assert torch.equal(logits, codes.sum(1))
    expected = torch.distributions.Normal(0, 1).log_prob(codes).sum(1)
    torch.testing.assert_close(log_prior, expected)
    sample = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0))
    assert (sample.abs() < GRID_STD).all(1).float().mean() > 0.999


def test_the_std_is_that_of_the_place_where_the_mean_ends():
    """The curvature of f rises towards its minimum, so there the posterior is narrower."""
    height, width = 400.0, 0.1

    def energy(z: torch.Tensor) -> torch.Tensor:
        return height * (z.square() + width**2).sqrt().sum(-1)

    start = torch.full((1, 2), width / 2, dtype=torch.float64)
    mean, std = newton_refine(start, torch.full_like(start, 0.02), energy, start, 1)
    there, before = (
        (height * width**2 / (z.square() + width**2) ** 1.5).rsqrt() for z in (mean, start)
    )
    assert mean.abs().max() < 0.2 * width
    torch.testing.assert_close(std, there, rtol=0.05, atol=0)
    assert (std < 0.9 * before).all()


def test_the_centre_of_a_stencil_is_known_from_the_step_that_led_there():
    asked = []

    def energy(z: torch.Tensor) -> torch.Tensor:
        asked.extend(map(tuple, z.flatten(0, 1).tolist()))
        return 50 * z.square().sum(-1)

    start = torch.tensor([[0.3, -0.2]], dtype=torch.float64)
    newton_refine(start, torch.full((1, 2), 0.1, dtype=torch.float64), energy, start + 0.01, 3)
    assert len(asked) == 2 + 3 * 9 + 4
