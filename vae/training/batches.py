"""What a training learns from: batches in an order that follows from the seed alone.

Images in memory lie on the device whole. Memory-mapped ones stay in their file, and the rows of
the next batch are read while the model learns from this one.
"""

from __future__ import annotations

import mmap
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..config import TrainConfig
from ..data.dataset import Dataset

HELD_OUT = 2000  # images on which the curve's second line is measured


class Labelled(NamedTuple):
    """Images uint8 [N, C, H, W] and labels int64 [N]."""

    images: Tensor
    labels: Tensor


class Feed:
    """Batches of the images that are learned from, a few of those, and a few that are held out.

    With early stopping the latter are taken from the training split, so that the test split never
    chooses anything; otherwise they only watch and come from the test split.
    """

    def __init__(self, dataset: Dataset, options: TrainConfig, device: torch.device) -> None:
        self.device, self.seed = device, options.seed
        mapped = is_mapped(dataset.train.images)
        images = torch.from_numpy(dataset.train.images) if mapped else _copy(dataset.train.images)
        labels = _copy(dataset.train.labels)
        self.rows = None  # those learned from, where not all are
        if options.patience:
            shuffled = order(len(images), options.seed, -1)
            tenth = max(1, len(images) // 10)
            aside, self.rows = shuffled[:tenth][:HELD_OUT], shuffled[tenth:]
            held_out = Labelled(images[aside], labels[aside])
        else:
            test = dataset.test
            held_out = Labelled(*(_copy(np.array(a[:HELD_OUT])) for a in test))
        self.held_out = Labelled(*(a.to(device) for a in held_out))
        if mapped:
            self._images, self._labels = images, labels
        else:
            own = slice(None) if self.rows is None else self.rows
            self._images, self._labels = (a[own].to(device) for a in (images, labels))
            self.rows = None
        self.count = len(self._images if self.rows is None else self.rows)
        self.batch_size = min(options.batch_size, self.count)
        self.steps_an_epoch = max(1, self.count // options.batch_size)
        few = self._read(torch.arange(min(self.count, len(self.held_out.labels))))
        self.few = Labelled(*(a.to(device) for a in few))
        self._order, self._order_epoch = None, -1
        self._reader = ThreadPoolExecutor(1, "feed") if mapped else None
        self._ahead: tuple[object, Future] | None = None

    def batch(self, step: int, own: slice) -> Labelled:
        """Rows `own` of the batch of a step, on the device."""
        if self._reader is None:
            return self._read(self._chosen(step)[own])
        if self._ahead is None or self._ahead[0] != (step, own):
            self._look_ahead(step, own)
        found = self._ahead[1].result()
        self._look_ahead(step + 1, own)
        return Labelled(*(a.to(self.device) for a in found))

    def close(self) -> None:
        """Ends the reading ahead."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)

    def _look_ahead(self, step: int, own: slice) -> None:
        chosen = self._chosen(step)[own]
        self._ahead = (step, own), self._reader.submit(self._read, chosen)

    def _read(self, chosen: Tensor) -> Labelled:
        rows = chosen if self.rows is None else self.rows[chosen]
        return Labelled(self._images[rows], self._labels[rows])

    def _chosen(self, step: int) -> Tensor:
        epoch, position = divmod(step, self.steps_an_epoch)
        if epoch != self._order_epoch:
            shuffled = order(self.count, self.seed, epoch)
            self._order = shuffled.to(self._images.device)
            self._order_epoch = epoch
        return self._order[position * self.batch_size : (position + 1) * self.batch_size]


def order(count: int, seed: int, epoch: int) -> Tensor:
    """The order of an epoch, the same on every device and after every resume."""
    mixed = np.random.SeedSequence([seed, epoch + 1]).generate_state(1, np.uint64)[0]
    return torch.randperm(count, generator=torch.Generator().manual_seed(int(mixed >> 1)))


def is_mapped(array: np.ndarray) -> bool:
    """Whether an array's values lie in a file and not in memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap) or (
        isinstance(array, memoryview) and isinstance(array.obj, mmap.mmap)
    )


def _copy(array: np.ndarray) -> Tensor:
    return torch.tensor(array)
