"""Posteriors refined on a lattice against decoding, and its polynomials against known ones."""

import pytest
import torch

from vae.nn.code_lattice import BLOCK, STEP, Lattice, interpolate, needed_points, refine_on_lattice
from vae.nn.distributions import Mixture
from vae.nn.likelihoods import LIKELIHOODS
from vae.nn.semi_amortised import newton_refine

PRIOR = Mixture.standard_normal(2)


WEIGHT = torch.randn(2, 40, generator=torch.Generator().manual_seed(0))


def waves(z):
    """A smooth decoder of 40 pixels."""
    return 3 * (z @ WEIGHT + torch.arange(40)).sin()[:, None, None]


def problem(likelihood, decode, spread=0.3, n=200):
    """Images of the decoder with noise, codes near theirs, and -log p(x|z) - log p(z)."""
    generator = torch.Generator().manual_seed(1)
    z = spread * torch.randn(n, 2, generator=generator)
    noise = 0.1 * torch.randn(n, 1, 1, 40, generator=generator)
    x = (decode(z).sigmoid() + noise).clamp(0, 1)

    def energy(codes):
        flat = codes.flatten(0, 1)
        nll = likelihood.nll(decode(flat), x.repeat(len(codes), 1, 1, 1))
        return (nll - PRIOR.log_prob(flat)).view(codes.shape[:2])

    return x, z + 0.02 * torch.randn(n, 2, generator=generator), energy


def refined(start, std, x, lattice, steps=3):
    mean, width = torch.full_like(start, torch.nan), torch.full_like(start, torch.nan)
    unsolved = torch.ones(len(start), dtype=torch.bool)
    for part in refine_on_lattice(start, std, lambda rows: x[rows].flatten(1), lattice, steps):
        mean[part.rows], width[part.rows] = part.mean, part.std
        unsolved[part.rows] = part.unsolved
    return mean, width, unsolved


def test_polynomials_of_degree_five_are_interpolated_exactly_up_to_the_edge():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(7, 6, 6, generator=generator, dtype=torch.float64)  # their coefficients
    axis = torch.arange(12, dtype=torch.float64)

    def polynomial(x, y):
        powers = ((t[..., None] / 12) ** torch.arange(6) for t in (x, y))
        return torch.einsum("bij,b...i,b...j->b...", values, *powers)

    lattice = polynomial(
        axis[:, None].expand(7, 12, 12).clone(), axis[None].expand(7, 12, 12).clone()
    )
    at = 11 * torch.rand(5, 7, 2, generator=generator, dtype=torch.float64)
    at[0, 0], at[1, 1] = torch.tensor([0.0, 11.0]), torch.tensor([0.3, 10.9])
    expected = polynomial(*at.transpose(0, 1).unbind(-1)).T
    torch.testing.assert_close(interpolate(lattice, at), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("family", LIKELIHOODS)
def test_the_lattice_agrees_with_decoding_at_every_step(family):
    likelihood = LIKELIHOODS[family]()
    with torch.no_grad():
        x, start, energy = problem(likelihood, waves)
        std = torch.full_like(start, 0.05)
        exact = newton_refine(start, std, energy, start, 3)
        lattice = Lattice(waves, likelihood, PRIOR.log_prob)
        mean, width, unsolved = refined(start, std, x, lattice)
    assert unsolved.float().mean() < 0.1
    # A step that gains less than float32 resolves is taken by one and not by the other.
    assert ((mean - exact[0]).abs() / exact[1]).quantile(0.9) < 0.01
    assert (width / exact[1]).log().abs().quantile(0.9) < 0.01


def test_images_that_the_lattice_cannot_refine_are_named():
    likelihood = LIKELIHOODS["bernoulli"]()

    def unsolved(decode, spread, away, std):
        with torch.no_grad():
            x, start, _ = problem(likelihood, decode, spread)
            lattice = Lattice(decode, likelihood, PRIOR.log_prob)
            return refined(start + away, torch.full_like(start, std), x, lattice)[2]

    def steep(z):
        return (200 * z @ WEIGHT)[:, None, None]

    def flat(z):
        return (0.3 * z @ WEIGHT)[:, None, None]

    assert unsolved(steep, 0.002, 0.0, 0.004).float().mean() > 0.9  # narrower than the lattice
    assert unsolved(flat, 0.1, 2.0, 0.15).float().mean() > 0.9  # the mode is beyond the blocks
    assert not unsolved(flat, 0.1, 0.0, 0.15).all()


def test_each_block_around_a_start_is_decoded_once_and_then_freed():
    likelihood, asked = LIKELIHOODS["bernoulli"](), []
    x, start, _ = problem(likelihood, waves, n=1000)

    def counted(z):
        asked.append(len(z))
        return waves(z)

    lattice = Lattice(counted, likelihood, PRIOR.log_prob)
    with torch.no_grad():
        refined(start, torch.full_like(start, 0.05), x, lattice)
    cells = {tuple((z / (STEP * BLOCK)).floor().int().tolist()) for z in start}
    around = {(a + i, b + j) for a, b in cells for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert sum(asked) == len(around) * BLOCK**2 == needed_points(start)
    assert sum(asked) < 33 * len(start)
    assert len({column for column, _ in lattice._blocks}) <= 3
