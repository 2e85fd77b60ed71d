"""Many processes that train one model: `torchrun --nproc-per-node N -m vae train ...`.

Every process holds the same weights and takes its rows of every batch; gradients are summed, each
weighted by its share of the rows, before any weight moves. torch's DistributedDataParallel does
the same for one loss of one `forward`; our models have players with losses of their own, so the
sum is made here, in one message a step that also carries the loss and the wish to stop.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch import distributed as processes
from torch.distributed.rendezvous import rendezvous

from ..errors import AtelierError
from ..nn.sharded_noise import Shard

_PATIENCE = datetime.timedelta(minutes=10)


class LostError(AtelierError):
    """Another process of the group is gone."""


class Group(NamedTuple):
    """This process among those that train together."""

    rank: int = 0
    size: int = 1

    def rows(self, count: int) -> Shard:
        """The rows of a batch that are this process's own."""
        return Shard(self.rank * count // self.size, (self.rank + 1) * count // self.size, count)

    def sum(self, numbers: Tensor) -> Tensor:
        """The sum over all processes, in place. Raises `LostError` where one is gone."""
        if self.size > 1:
            try:
                processes.all_reduce(numbers)
            except RuntimeError as error:
                raise LostError(str(error)) from error
        return numbers

    def gather(self, part: object) -> list | None:
        """The parts of all processes in their order, for the first one; None for the others."""
        if self.size == 1:
            return [part]
        parts = [None] * self.size if self.rank == 0 else None
        processes.gather_object(part, parts)
        return parts

    def sum_gradients(
        self, parameters: Sequence[nn.Parameter], loss: Tensor, asked: bool
    ) -> tuple[float, bool]:
        """Sums the gradients over all processes; returns the sum of the losses, and whether any
        process was asked to stop."""
        if self.size == 1:
            return loss.item(), asked
        gradients = [p.grad for p in parameters if p.grad is not None]
        told = torch.stack([loss.detach().float(), loss.new_tensor(float(asked)).float()])
        message = self.sum(torch.cat([told, *(g.flatten().float() for g in gradients)]))
        at = 2
        for gradient in gradients:
            gradient.copy_(message[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()
        return message[0].item(), message[1].item() > 0


def current() -> Group:
    """The group that this process has joined; alone where it has not."""
    if processes.is_available() and processes.is_initialized():
        return Group(processes.get_rank(), processes.get_world_size())
    return Group()


@contextmanager
def joined() -> Iterator[Group]:
    """Joins the processes that torchrun started with this one: gloo on CPUs, nccl on GPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Group()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    store, rank, size = next(rendezvous("env://", timeout=_PATIENCE))
    # The store outlives processes that torchrun starts anew; what those before them left in it,
    # such as addresses where nobody listens any more, must not be read again.
    store = processes.PrefixStore(f"attempt {_attempt()}", store)
    processes.init_process_group(
        "nccl" if cuda else "gloo", store=store, rank=rank, world_size=size, timeout=_PATIENCE
    )
    try:
        yield current()
    finally:
        processes.destroy_process_group()


def restarted() -> bool:
    """Whether torchrun has started these processes anew after one of them was lost."""
    return _attempt() > 0


def _attempt() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
