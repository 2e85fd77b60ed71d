"""Batches of training images, in an order that depends on the seed alone.

Images in memory are copied to the device at once. Memory-mapped images stay in their file, and the
rows of the next batch are read in a thread while the model trains on the current one.
"""

import functools
import mmap
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..config import TrainConfig
from ..data.dataset import Dataset, evenly_spaced
from .transforms import transform

PROBE_SIZE = 2000  # images on which the curve's training and validation lines are measured


class LabelledImages(NamedTuple):
    """Images uint8 [N, C, H, W] and labels int64 [N]."""

    images: Tensor
    labels: Tensor


class Batches:
    """The batches of a training, and the two sets on which its curve is measured.

    `train_probe` holds training images. `validation` holds images that are not trained on: with
    early stopping a part of the training split, so that the test split chooses nothing; otherwise
    a part of the test split, which is then only displayed.
    """

    def __init__(self, dataset: Dataset, options: TrainConfig, device: torch.device) -> None:
        self.device, self.options = device, options
        mapped = is_memory_mapped(dataset.train.images)
        images = (torch.from_numpy if mapped else torch.tensor)(dataset.train.images)
        labels = torch.tensor(dataset.train.labels)
        self.rows = None  # rows of the training split that are trained on; None: all
        if options.patience:
            shuffled = epoch_permutation(len(images), options.seed, -1)
            tenth = max(1, len(images) // 10)
            held_out, self.rows = shuffled[:tenth][:PROBE_SIZE], shuffled[tenth:]
            validation = LabelledImages(images[held_out], labels[held_out])
        else:
            validation = LabelledImages(*(torch.tensor(a[:PROBE_SIZE]) for a in dataset.test))
        self.validation = self._to_device(validation)
        if not mapped:
            rows = slice(None) if self.rows is None else self.rows
            images, labels = (a[rows].to(device) for a in (images, labels))
            self.rows = None
        self._images, self._labels = images, labels
        self.count = len(self._images if self.rows is None else self.rows)
        self.batch_size = min(options.batch_size, self.count)
        self.steps_per_epoch = max(1, self.count // options.batch_size)
        probe = torch.arange(min(self.count, len(self.validation.labels)))
        self.train_probe = self._to_device(self._read(probe))
        order = functools.partial(epoch_permutation, self.count, options.seed)
        if options.balance:
            used = labels if self.rows is None else labels[self.rows]
            order = functools.partial(balanced_draw, used.cpu(), options.seed)
        where = self._images.device
        self._permutation = functools.lru_cache(1)(lambda epoch: order(epoch).to(where))
        self._reader = ThreadPoolExecutor(1, "batches") if mapped else None
        self._prefetched: tuple[object, Future] | None = None

    def batch(self, step: int, rows: slice) -> LabelledImages:
        """These rows of the batch of a step, on the device, with the random changes of training
        images that are asked for."""
        part, options = self._batch(step, rows), self.options
        if not (options.flip or options.shift):
            return part
        drawn = {"flip": options.flip, "shift": options.shift, "seed": options.seed, "step": step}
        return part._replace(images=transform(part.images, rows, self.batch_size, **drawn))

    def _batch(self, step: int, rows: slice) -> LabelledImages:
        if self._reader is None:
            return self._read(self._indices(step)[rows])
        if self._prefetched is None or self._prefetched[0] != (step, rows):
            self._prefetch(step, rows)
        batch = self._prefetched[1].result()
        self._prefetch(step + 1, rows)
        return self._to_device(batch)

    def sample(self, limit: int) -> Iterator[Tensor]:
        """At most `limit` of the images that are trained on, evenly spaced, in [0, 1] on the
        device: `[1000, C, H, W]` at a time."""
        for rows in torch.from_numpy(evenly_spaced(self.count, limit)).split(1000):
            yield self._to_device(self._read(rows)).images.float() / 255

    def close(self) -> None:
        """Ends the thread that reads ahead."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)

    def _prefetch(self, step: int, rows: slice) -> None:
        indices = self._indices(step)[rows]
        self._prefetched = (step, rows), self._reader.submit(self._read, indices)

    def _read(self, indices: Tensor) -> LabelledImages:
        rows = indices if self.rows is None else self.rows[indices]
        return LabelledImages(self._images[rows], self._labels[rows])

    def _to_device(self, part: LabelledImages) -> LabelledImages:
        return LabelledImages(*(values.to(self.device) for values in part))

    def _indices(self, step: int) -> Tensor:
        epoch, position = divmod(step, self.steps_per_epoch)
        first = position * self.batch_size
        return self._permutation(epoch)[first : first + self.batch_size]


def epoch_permutation(count: int, seed: int, epoch: int) -> Tensor:
    """The order of an epoch's images, the same on every device and after every resume."""
    return torch.randperm(count, generator=_generator(seed, epoch))


def balanced_draw(labels: Tensor, seed: int, epoch: int) -> Tensor:
    """As many images, labels [N], with every class drawn equally often, some images repeatedly."""
    weights = 1 / torch.bincount(labels).float()[labels]
    return weights.multinomial(len(labels), replacement=True, generator=_generator(seed, epoch))


def _generator(seed: int, epoch: int) -> torch.Generator:
    mixed = np.random.SeedSequence([seed, epoch + 1]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> 1))


def is_memory_mapped(array: np.ndarray) -> bool:
    """Whether an array's values are in a file and not in memory."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(getattr(array, "obj", array), mmap.mmap)  # also in a memoryview
