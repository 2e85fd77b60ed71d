"""Random numbers of a batch that several processes share.

Where each process holds some rows of a batch, each draws the noise of the whole batch and keeps
that of its own rows: their generators stay equal, and the batch meets the same noise as in one
process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor


class Rows(NamedTuple):
    """Rows `start` to `stop` of a batch of `of`."""

    start: int
    stop: int
    of: int


_held: ContextVar[Rows | None] = ContextVar("rows", default=None)


@contextmanager
def rows(held: Rows) -> Iterator[None]:
    """Says which rows of the batch this process holds."""
    token = _held.set(held if held.stop - held.start < held.of else None)
    try:
        yield
    finally:
        _held.reset(token)


def normal(
    shape: Sequence[int],
    generator: torch.Generator | None,
    *,
    axis: int = 0,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Standard normal numbers; along `axis` lie the rows, once or, rows fastest, several times."""
    held = _held.get()
    if held is None:
        return torch.randn(tuple(shape), generator=generator, device=device, dtype=dtype)
    before, after = tuple(shape[:axis]), tuple(shape[axis + 1 :])
    times = shape[axis] // (held.stop - held.start)
    whole = (*before, times, held.of, *after)
    drawn = torch.randn(whole, generator=generator, device=device, dtype=dtype)
    return drawn.narrow(axis + 1, held.start, held.stop - held.start).reshape(tuple(shape))
