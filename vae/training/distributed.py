"""Data-parallel training in several processes: `torchrun --nproc-per-node N -m vae train ...`.

Every process holds the same weights and its rows of every batch; the gradients are summed before
the weights change, each weighted by the process's fraction of the batch. torch's
DistributedDataParallel does this for one loss of one `forward`; our models have several players
with a loss each, so the sum is computed here, in one message per step that also carries the loss
and the request to stop.
"""

import datetime
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous

from ..errors import AtelierError
from ..nn.sharded_noise import Shard

_TIMEOUT = datetime.timedelta(minutes=10)


class LostProcessError(AtelierError):
    """Another process of the group has ended."""


class Group(NamedTuple):
    """The rank of this process and the number of processes that train together."""

    rank: int = 0
    size: int = 1

    def shard(self, count: int) -> Shard:
        """The rows that this process holds of a batch of `count` rows."""
        return Shard(self.rank * count // self.size, (self.rank + 1) * count // self.size, count)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place. Raises `LostProcessError`."""
        if self.size > 1:
            try:
                dist.all_reduce(values)
            except RuntimeError as error:
                raise LostProcessError(str(error)) from error
        return values

    def gather(self, part: object) -> list | None:
        """The parts of all processes in order of rank on the first process; None on the others."""
        if self.size == 1:
            return [part]
        parts = [None] * self.size if self.rank == 0 else None
        dist.gather_object(part, parts)
        return parts

    def sum_gradients(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, stop_requested: bool
    ) -> tuple[float, bool]:
        """Sums the gradients over all processes, in place.

        Returns the sum of the losses, and whether any process was requested to stop.
        """
        if self.size == 1:
            return loss.item(), stop_requested
        gradients = [p.grad for p in parameters if p.grad is not None]
        head = torch.stack([loss.detach().float(), loss.new_tensor(float(stop_requested)).float()])
        message = self.sum(torch.cat([head, *(g.flatten().float() for g in gradients)]))
        summed = message[2:].split([g.numel() for g in gradients])
        for gradient, values in zip(gradients, summed, strict=True):
            gradient.copy_(values.view_as(gradient))
        return message[0].item(), message[1].item() > 0


def current_group() -> Group:
    """The group that this process has joined, by default a group of one."""
    if dist.is_available() and dist.is_initialized():
        return Group(dist.get_rank(), dist.get_world_size())
    return Group()


@contextmanager
def process_group() -> Iterator[Group]:
    """Joins the processes that torchrun started: gloo on CPUs, nccl on GPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Group()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    store, rank, size = next(rendezvous("env://", timeout=_TIMEOUT))
    # The store outlives the processes that torchrun restarts. A prefix hides what the earlier
    # processes wrote there, such as addresses on which no process listens any more.
    store = dist.PrefixStore(f"attempt {_attempt()}", store)
    dist.init_process_group(
        "nccl" if cuda else "gloo", store=store, rank=rank, world_size=size, timeout=_TIMEOUT
    )
    try:
        yield current_group()
    finally:
        dist.destroy_process_group()


def was_restarted() -> bool:
    """Whether torchrun has restarted these processes after one of them was lost."""
    return _attempt() > 0


def _attempt() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
