"""Data-parallel training in several processes: `torchrun --nproc-per-node N -m vae train ...`.

Every process holds the same weights and its rows of every batch; the gradients are summed before
the weights change, each weighted by the process's fraction of the batch. torch's
DistributedDataParallel does this for one loss of one `forward`; our models have several players
with a loss each, so the sum is computed here, in one message per step that also carries the loss
and the request to stop.
"""

import datetime
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous

from ..errors import AtelierError
from ..nn.sharded_noise import Shard
from ..validation import ConfigError

_TIMEOUT = datetime.timedelta(minutes=10)
# What gloo and nccl say if another process has ended; they raise RuntimeError for any fault.
_LOST = re.compile(
    r"(closed|reset) by peer|broken pipe|timed? ?out|connection (closed|refused)|remote (process|"
    r"error)|ncclRemoteError|aborted", re.I
)  # fmt: skip


class LostProcessError(AtelierError):
    """Another process of the group has ended."""


class Group(NamedTuple):
    """The rank of this process and the number of processes that train together."""

    rank: int = 0
    size: int = 1

    def shard(self, count: int) -> Shard:
        """The rows that this process holds of a batch of `count` rows; none if there are fewer
        rows than processes, but the first process, which saves its generator, has some."""
        start, stop = (-(-rank * count // self.size) for rank in (self.rank, self.rank + 1))
        return Shard(start, stop, count)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place. Raises `LostProcessError`."""
        if self.size > 1:
            try:
                dist.all_reduce(values)
            except RuntimeError as error:
                if _LOST.search(str(error)):
                    raise LostProcessError(str(error)) from error
                raise
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
    ) -> tuple[Tensor, bool]:
        """Sums the gradients over all processes, in place. Returns the sum of the losses, and
        whether any process was requested to stop."""
        loss = loss.detach()
        if self.size == 1:
            return loss, stop_requested
        for parameter in parameters:  # a process without rows has no gradients
            if parameter.requires_grad and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [p.grad for p in parameters if p.requires_grad]
        head = torch.stack([loss.float(), loss.new_tensor(float(stop_requested)).float()])
        message = self.sum(torch.cat([head, *(g.flatten().float() for g in gradients)]))
        summed = message[2:].split([g.numel() for g in gradients])
        for gradient, values in zip(gradients, summed, strict=True):
            gradient.copy_(values.view_as(gradient))
        return message[0], message[1].item() > 0


def current_group() -> Group:
    """The group that this process has joined, by default a group of one."""
    if dist.is_available() and dist.is_initialized():
        return Group(dist.get_rank(), dist.get_world_size())
    return Group()


@contextmanager
def process_group(device: str = "auto") -> Iterator[Group]:
    """Joins the processes that torchrun started: by nccl if they compute on GPUs, of which each
    gets its own, else by gloo. Raises `ConfigError` if there are too few GPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Group()
        return
    cuda = device.startswith(("auto", "cuda")) and torch.cuda.is_available()
    if cuda:
        local, gpus = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if local >= gpus:
            raise ConfigError(
                f"process {local + 1} of this machine has no GPU, there are {gpus}; start "
                f"--nproc-per-node {gpus}, or add --device cpu"
            )
        torch.cuda.set_device(local)
    # Its functions take the group that there is at its import, in the first step, as a default:
    # the group and its threads would last until Python ends, which then aborts now and then.
    import_module("torch.distributed.nn")
    store, rank, size = next(rendezvous("env://", timeout=_TIMEOUT))
    # The store outlives the processes that torchrun restarts. A prefix hides what the earlier
    # processes wrote there, such as addresses on which no process listens any more.
    store = dist.PrefixStore(f"attempt {restarts()}", store)
    dist.init_process_group(
        "nccl" if cuda else "gloo", store=store, rank=rank, world_size=size, timeout=_TIMEOUT
    )
    try:
        yield current_group()
    finally:
        dist.destroy_process_group()


def restarts() -> int:
    """How often torchrun has restarted these processes after one of them was lost."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
