"""The only training loop: a generator of progress that knows nothing of who is watching.

`Run` is everything that changes while a model learns; stopping between two steps and going on
from a saved run gives the curve of a run that was never stopped, bit for bit on a CPU.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..config import Config
from ..data.dataset import Dataset
from ..errors import AtelierError
from ..models import build
from ..models.base import Autoencoder, Batch
from ..nn import sharded_noise
from ..nn.sharded_noise import Shard
from ..nn.surgery import init_from_data
from . import distributed
from .batches import Feed, Labelled
from .schedules import beta_at, learning_rate

_REPORT_SECONDS = 0.5


class TrainingError(AtelierError):
    """Training cannot go on; the message says where it stands and what to change."""


class Point(NamedTuple):
    """One epoch of the curve in nats per image, measured with the averaged weights."""

    epoch: int
    train_reconstruction: float
    train_kl: float
    held_out_reconstruction: float
    held_out_kl: float


class Progress(NamedTuple):
    """Where a run stands. `point` is set once an epoch, when it ends."""

    epoch: int
    step: int
    steps: int
    seconds: float
    images_per_second: float
    lr: float
    beta: float
    loss: float
    point: Point | None


@dataclass
class Run:
    """The state of one training: what a resume restores."""

    config: Config
    model: Autoencoder
    averaged: Autoencoder
    optimisers: dict[str, torch.optim.Optimizer]
    generator: torch.Generator
    step: int = 0
    curve: list[Point] = field(default_factory=list)
    best: float = math.inf
    best_epoch: int = 0
    kept: Autoencoder | None = None
    seconds: float = 0.0
    finished: bool = False

    @property
    def result(self) -> Autoencoder:
        """The weights to keep: the averaged ones, with early stopping those of the best epoch."""
        return self.kept or self.averaged


def device_named(name: str) -> torch.device:
    """`auto` is a CUDA or Apple GPU where there is one, else the processor; each of several
    processes on a machine gets a GPU of its own."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def new_run(
    config: Config,
    dataset: Dataset,
    device: torch.device,
    weights: dict[str, Tensor] | None = None,
) -> Run:
    """An untrained run: weights, optimisers and random numbers all follow from the seed.

    `weights` of another model take the place of those that agree with them in name and shape.
    """
    mean_image, deviation = _brightness(dataset.train.images)
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        if config.model.refine:
            build(config.model)  # refuses at once what could not be asked when trained
        torch.manual_seed(config.train.seed)
        # Posteriors are refined when a trained model is asked, never while it learns.
        model = build(replace(config.model, refine=0))
    init_from_data(model, mean_image, deviation)
    own = model.state_dict()
    model.load_state_dict(
        {k: v for k, v in (weights or {}).items() if k in own and v.shape == own[k].shape},
        strict=False,
    )
    model.decoder.requires_grad_(not config.train.frozen_decoder)
    model.to(device)
    averaged = copy.deepcopy(model).eval().requires_grad_(False)
    optimisers = {
        player.name: torch.optim.AdamW(
            _groups(player.parameters, config.train.weight_decay),
            lr=config.train.lr,
            betas=(0.9, 0.99),
            fused=device.type in ("cpu", "cuda"),
        )
        for player in model.players()
    }
    generator = torch.Generator(device).manual_seed(config.train.seed)
    return Run(config, model, averaged, optimisers, generator)


def _brightness(images: np.ndarray) -> tuple[Tensor, float]:
    """The mean image [C, H, W] and the standard deviation of all pixels, in [0, 1]; counted in
    parts, for the images may not fit in memory."""
    counts, total = np.zeros(256, np.int64), np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), 1000):
        part = images[start : start + 1000]
        counts += np.bincount(part.ravel(), minlength=256)
        total += part.sum(0, dtype=np.int64)
    mean = torch.from_numpy(total / len(images) / 255).float()
    return mean, float(np.sqrt(np.cov(np.arange(256) / 255, fweights=counts, ddof=0)))


def _groups(parameters: Sequence[nn.Parameter], weight_decay: float) -> list[dict]:
    """Matrices decay; biases and gains, which have no scale to hold down, do not."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def train(
    run: Run, dataset: Dataset, *, should_stop: Callable[[], bool] = lambda: False
) -> Iterator[Progress]:
    """Trains `run` in place until its epochs are over, it stops improving, or it is asked to stop.

    Yields about twice a second and at the end of each epoch. Raises `TrainingError` on a loss that
    is not finite, before any weight has moved.
    """
    options, device, group = run.config.train, run.generator.device, distributed.current()
    if group.size > 1 and run.config.train.free_bits:
        raise TrainingError(
            f"free bits are counted over a whole batch, which {group.size} processes do not have "
            "together; train in one process, or with --free-bits 0"
        )
    with closing(Feed(dataset, options, device)) as feed:
        try:
            yield from _steps(run, feed, group, should_stop)
        except distributed.LostError as error:  # in a step, or in what is measured after an epoch
            raise TrainingError(
                f"another process of this training was lost at step {run.step + 1} ({error}); "
                "go on from the last saved epoch with --resume"
            ) from error


def _steps(
    run: Run, feed: Feed, group: distributed.Group, should_stop: Callable[[], bool]
) -> Iterator[Progress]:
    options, device = run.config.train, feed.device
    steps, own = options.epochs * feed.steps_an_epoch, group.rows(feed.batch_size)
    part, whole = slice(own.start, own.stop), slice(0, own.total)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=_fast_bfloat16(device))
    begun, said, seen = time.perf_counter() - run.seconds, time.perf_counter(), 0
    asked = False
    while run.step < steps and not run.finished:
        # Among several processes all stop after the step in which one of them was asked to.
        if asked or (group.size == 1 and should_stop()):
            return
        # Binarising draws a number a pixel from what the whole batch is.
        images, y = feed.batch(run.step, whole if options.binarize else part)
        x = images.float() / 255
        if options.binarize:
            x, y = torch.bernoulli(x, generator=run.generator)[part], y[part]
        if options.unlabelled:
            shown = torch.rand(own.total, generator=run.generator, device=device)[part]
            y = torch.where(shown < options.unlabelled, -1, y)
        lr, beta = learning_rate(run.step, steps, run.config), beta_at(run.step, steps, run.config)
        batch = Batch(
            _spoilt(x, own, run), x, y, beta, options.samples, run.generator, options.free_bits
        )
        with autocast, sharded_noise.shard(own):
            share, wish = (own.stop - own.start) / own.total, group.size > 1 and should_stop()
            loss, asked = _learn(run, batch, lr, group, share, asked=wish)
        _average(run)
        run.step += 1
        seen += own.total
        now = time.perf_counter()
        run.seconds = now - begun
        point = None
        epoch = (run.step - 1) // feed.steps_an_epoch
        if run.step % feed.steps_an_epoch == 0:
            point = _end_epoch(run, feed, epoch + 1)
            run.finished = run.step == steps or (
                0 < options.patience <= epoch + 1 - run.best_epoch
            )
        if point or now - said > _REPORT_SECONDS:
            rate = seen / max(now - said, 1e-9)
            said, seen = time.perf_counter(), 0
            yield Progress(epoch + 1, run.step, steps, run.seconds, rate, lr, beta, loss, point)


def _spoilt(x: Tensor, own: Shard, run: Run) -> Tensor:
    """What the encoder is shown: the image, or a noisy, holed copy of it (Im et al. 2017,
    https://arxiv.org/abs/1511.06406: still a bound on log p(x), and it generalises better)."""
    options, part, whole = run.config.train, slice(own.start, own.stop), (own.total, *x.shape[1:])
    if options.noise:
        drawn = torch.randn(whole, generator=run.generator, device=x.device)[part]
        x = x + options.noise * drawn
    if options.dropout:
        drawn = torch.rand(whole, generator=run.generator, device=x.device)[part]
        x = x * (drawn >= options.dropout)
    return x


def _learn(
    run: Run, batch: Batch, lr: float, group: distributed.Group, share: float, *, asked: bool
) -> tuple[float, bool]:
    """One step of every player, this process holding a `share` of the batch; returns the first
    one's loss in nats per image, and whether any process was asked to stop."""
    pixels = math.prod(run.config.model.image_shape)
    losses = []
    for player in run.model.players():
        optimiser = run.optimisers[player.name]
        for part in optimiser.param_groups:
            part["lr"] = lr
        optimiser.zero_grad(set_to_none=True)
        loss = player.loss(batch)
        loss = loss if share == 1 else loss * share
        (loss / pixels).backward()
        value, asked = group.sum_gradients(player.parameters, loss, asked)
        clip = run.config.train.clip or math.inf
        norm = torch.nn.utils.clip_grad_norm_(player.parameters, clip)
        if not math.isfinite(value + norm.item()):
            raise TrainingError(
                f"the {player.name}'s loss became {value} (gradient {norm.item()}) at step "
                f"{run.step + 1}; the weights before it are kept. Lower --lr (now "
                f"{run.config.train.lr:g}), or lengthen the warm-up"
            )
        optimiser.step()
        losses.append(value)
    return losses[0], asked


@torch.no_grad()
def _average(run: Run) -> None:
    """Exponential moving average of the weights, quicker at the start where they move far."""
    decay = min(run.config.train.ema, (1 + run.step) / (10 + run.step))
    source = list(run.model.parameters())
    torch._foreach_lerp_(list(run.averaged.parameters()), source, 1 - decay)


def _end_epoch(run: Run, feed: Feed, epoch: int) -> Point:
    numbers = [_measure(run, part) for part in (feed.few, feed.held_out)]
    point = Point(epoch, *numbers[0], *numbers[1])
    run.curve.append(point)
    score = point.held_out_reconstruction + run.config.model.beta * point.held_out_kl
    if score < run.best:
        run.best, run.best_epoch = score, epoch
        if run.config.train.patience:
            run.kept = copy.deepcopy(run.averaged)
    return point


@torch.inference_mode()
def _measure(run: Run, part: Labelled) -> tuple[float, float]:
    """Both terms of the averaged weights on a few images, with random numbers of their own."""
    generator, group = torch.Generator(run.generator.device).manual_seed(0), distributed.current()
    both = []
    for images, y in zip(*(values.split(1000) for values in part), strict=True):
        x = images.float() / 255
        if run.config.train.binarize:
            x = torch.bernoulli(x, generator=generator)
        own = group.rows(len(x))
        with sharded_noise.shard(own):
            mine = slice(own.start, own.stop)
            terms = run.averaged.terms(x[mine], y[mine], generator=generator)
        both.append((terms.reconstruction, terms.kl))
    sums = torch.stack([torch.cat(values).sum() for values in zip(*both, strict=True)])
    return tuple((group.sum(sums) / len(part[0])).tolist())


def _fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products run on units of their own, where autocast saves time."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu":
        return False
    can = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))
