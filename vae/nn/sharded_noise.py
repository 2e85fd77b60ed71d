"""Random numbers for a batch that several processes share.

If every process holds some rows of a batch, each draws the noise of the whole batch and keeps that
of its rows: the generators stay equal, and the batch gets the same noise as in a single process.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor


class Shard(NamedTuple):
    """Rows `start` to `stop` (exclusive) of a batch of `total` rows."""

    start: int
    stop: int
    total: int

    @property
    def rows(self) -> slice:
        return slice(self.start, self.stop)

    @property
    def count(self) -> int:
        return self.stop - self.start


_current: ContextVar[Shard | None] = ContextVar("shard", default=None)


def sharded(shard: Shard) -> AbstractContextManager[None]:
    """Within this context, `normal` draws the noise of the rows that this process holds."""
    return _drawing(shard if shard.count < shard.total else None)


def same_for_all(rows: int) -> AbstractContextManager[None]:
    """Within this context, `normal` draws the same noise for all rows of a batch, so that no row
    depends on its place in it."""
    return _drawing(Shard(0, rows, 1))


@contextmanager
def _drawing(shard: Shard | None) -> Iterator[None]:
    token = _current.set(shard)
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
    """Standard normal numbers of a shape whose `axis` holds the rows of the batch.

    The axis may hold several copies of the batch one after the other. The numbers are drawn on the
    generator's device and moved to `device`, so that they are the same on every device.
    """
    shard, source = _current.get(), device if generator is None else generator.device
    if shard is None or not shard.count:
        noise = torch.randn(tuple(shape), generator=generator, device=source, dtype=dtype)
        return noise.to(device)
    before, after = tuple(shape[:axis]), tuple(shape[axis + 1 :])
    whole = (*before, shape[axis] // max(1, shard.count), shard.total, *after)
    noise = torch.randn(whole, generator=generator, device=source, dtype=dtype)
    if shard.total == 1:
        noise = noise.expand(*before, -1, shard.count, *after)
    else:
        noise = noise.narrow(axis + 1, shard.start, shard.count)
    return noise.reshape(tuple(shape)).to(device)
