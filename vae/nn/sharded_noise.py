"""Random numbers for a batch whose rows are shared among several processes.

Each process draws the noise of the whole batch and uses that of its own rows. The generators
therefore stay equal, and the batch gets the same noise as in a single process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor


class Shard(NamedTuple):
    """Rows `start` to `stop` of a batch with `total` rows."""

    start: int
    stop: int
    total: int


_current: ContextVar[Shard | None] = ContextVar("shard", default=None)


@contextmanager
def shard(rows: Shard) -> Iterator[None]:
    """Within this context, `normal` draws for the given rows of the batch."""
    token = _current.set(rows if rows.stop - rows.start < rows.total else None)
    try:
        yield
    finally:
        _current.reset(token)


def normal(
    shape: Sequence[int],
    generator: torch.Generator | None,
    *,
    axis: int = 0,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Standard normal numbers. The rows of the shard lie along `axis`, once or several times with
    the rows varying fastest."""
    rows = _current.get()
    if rows is None:
        return torch.randn(tuple(shape), generator=generator, device=device, dtype=dtype)
    before, after = tuple(shape[:axis]), tuple(shape[axis + 1 :])
    size = rows.stop - rows.start
    repeats = shape[axis] // size
    whole = (*before, repeats, rows.total, *after)
    drawn = torch.randn(whole, generator=generator, device=device, dtype=dtype)
    return drawn.narrow(axis + 1, rows.start, size).reshape(tuple(shape))
