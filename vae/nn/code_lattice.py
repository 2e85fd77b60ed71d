"""Refined posteriors of many images at once, from codes that are decoded once for all of them.

`refine_posterior` decodes some thirty codes for each image. With a likelihood that is linear in
the image (`Likelihood.as_linear_in_x`) images can share them: codes are decoded on a lattice,
f(z) = -log p(x|z) - log p(z) of all images near by is one matrix product, and the Newton steps
take f between the points of the lattice from polynomials of degree five. Images whose posterior is
too narrow for the lattice, or whose steps leave their neighbourhood, are left to decoding.

For the bundled VAE the means are those of decoding within 0.0006 standard deviations for half of
the images and within 0.14 for 99 %; one in some hundreds ends in another mode. -ELBO with these
posteriors differs by less than 0.001 nats on average.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .likelihoods import Likelihood
from .semi_amortised import newton_steps

STEP = 0.02  # of the lattice
BLOCK = (
    16  # points along a side of a block; an image sees the block of its start, and eight around
)
MAX_PIXELS = 3072  # of an image; three columns of blocks are kept, up to 1,000 codes wide
_MIN_STD = STEP / 4  # along an axis, below which a posterior is too narrow
_SIDE = 3 * BLOCK
_DEGREE = 5


class Refined(NamedTuple):
    """The numbers `rows` `[B]` of images, mean and std `[B, 2]` of their posteriors, and which of
    them `[B]` are to be refined by decoding instead."""

    rows: Tensor
    mean: Tensor
    std: Tensor
    unsolved: Tensor


class Lattice:
    """Slope and offset of f on blocks of the lattice, decoded when they are first asked for."""

    def __init__(
        self,
        decode: Callable[[Tensor], Tensor],
        likelihood: Likelihood,
        log_prior: Callable[[Tensor], Tensor],
    ) -> None:
        self._decode, self._likelihood, self._log_prior = decode, likelihood, log_prior
        self._points = torch.cartesian_prod(*[torch.arange(BLOCK)] * 2)
        self._blocks: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def around(self, block: tuple[int, int], flat: Tensor) -> Tensor:
        """f up to a constant for each of the images `[B, pixels]`, on a block and the eight
        around it: `[B, 48, 48]`."""
        values = flat.new_empty(len(flat), 3, BLOCK, 3, BLOCK)
        for row in range(3):
            for column in range(3):
                slope, offset = self._block((block[0] + row - 1, block[1] + column - 1))
                part = torch.addmm(offset, flat, slope.T, alpha=-1)
                values[:, row, :, column] = part.unflatten(1, (BLOCK, BLOCK))
        return values.view(len(flat), _SIDE, _SIDE)

    def forget(self, before: int) -> None:
        """Frees the blocks whose first coordinate is below `before`."""
        self._blocks = {at: values for at, values in self._blocks.items() if at[0] >= before}

    def _block(self, at: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """f(z) = offset - x . slope, `[BLOCK^2, pixels]` and `[BLOCK^2]`."""
        if at not in self._blocks:
            codes = (self._points + torch.tensor(at) * BLOCK) * STEP
            slope, offset = self._likelihood.as_linear_in_x(self._decode(codes))
            self._blocks[at] = slope, offset - self._log_prior(codes)
        return self._blocks[at]


def needed_points(start: Tensor) -> int:
    """How many points are decoded for posteriors whose Newton steps start at codes `[B, 2]`."""
    around = torch.cartesian_prod(*[torch.arange(-1, 2)] * 2)
    blocks = (_blocks(start).unique(dim=0)[:, None] + around).flatten(0, 1)
    return len(blocks.unique(dim=0)) * BLOCK**2


def refine_on_lattice(
    start: Tensor, std: Tensor, pixels: Callable[[Tensor], Tensor], lattice: Lattice, steps: int
) -> Iterator[Refined]:
    """The posteriors of N images after `steps` Newton steps, a column of blocks at a time.

    The steps begin at `start` `[N, 2]` (`better_start`) with the encoder's `std` `[N, 2]`;
    `pixels` takes the numbers `[B]` of images and returns them as `[B, pixels]`.
    """
    blocks = _blocks(start)
    for column in blocks[:, 0].unique().tolist():
        lattice.forget(column - 1)
        rows = (blocks[:, 0] == column).nonzero()[:, 0]
        rows = rows[blocks[rows, 1].argsort(stable=True)]
        found, counts = blocks[rows, 1].unique_consecutive(return_counts=True)
        together = zip(found.tolist(), rows.split(counts.tolist()), strict=True)
        values = [lattice.around((column, block), pixels(part)) for block, part in together]
        energy = _Energy(torch.cat(values), (blocks[rows] - 1) * BLOCK)
        f0 = energy(start[None, rows])[0]
        mean, narrow = newton_steps(start[rows], std[rows], energy, f0, steps)
        yield Refined(rows, mean, narrow, energy.left | (narrow < _MIN_STD).any(1))


class _Energy:
    """f `[S, B]` up to a constant at codes `[S, B, 2]`, from its values `[B, 48, 48]` on the
    lattice from point `corner` `[B, 2]` on; `left` `[B]` is set where a code was beyond them."""

    def __init__(self, values: Tensor, corner: Tensor) -> None:
        self._values, self._corner = values, corner
        self.left = torch.zeros(len(values), dtype=torch.bool)

    def __call__(self, z: Tensor) -> Tensor:
        at = z / STEP - self._corner
        self.left |= ((at < 0) | (at > _SIDE - 1)).any(-1).any(0)
        return interpolate(self._values, at)


def interpolate(values: Tensor, at: Tensor) -> Tensor:
    """Functions with `values` `[B, K, K]` on a lattice at positions `[S, B, 2]`, in steps from the
    first point: `[S, B]`, from the polynomial through the 6 x 6 points around."""
    side, before = values.shape[1], _DEGREE // 2
    first = (at.floor() - before).clamp(0, side - _DEGREE - 1)
    taps = torch.arange(_DEGREE + 1)
    distance = (at - first)[..., None] - taps  # [S, B, 2, 6]
    factors = []
    for tap in taps.tolist():
        others = [other for other in taps.tolist() if other != tap]
        scale = torch.tensor([tap - other for other in others]).prod()
        factors.append(distance[..., others].prod(-1) / scale)
    across, along = torch.stack(factors, -1).unbind(-2)  # [S, B, 6]
    rows, columns = ((first[..., axis, None].long() + taps) for axis in (0, 1))
    image = torch.arange(len(values))[:, None, None] * side**2
    near = values.flatten()[image + rows[..., None] * side + columns[..., None, :]]
    return torch.einsum("sbij,sbi,sbj->sb", near, across, along)


def _blocks(codes: Tensor) -> Tensor:
    """The block `[B, 2]` in which each code `[B, 2]` lies."""
    return (codes / (STEP * BLOCK)).floor().long()
