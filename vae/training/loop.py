"""The training loop: a generator that reports its progress and displays nothing.

`Run` holds everything that changes during a training. A run that was stopped between two steps,
saved and resumed gives the curve of an uninterrupted one, bit for bit on a CPU.
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
from torch.optim.swa_utils import AveragedModel

from ..config import Config
from ..data.dataset import Dataset
from ..errors import AtelierError
from ..models import build
from ..models.base import Autoencoder, Batch
from ..nn.sharded_noise import Shard, sharded
from ..nn.surgery import init_from_data
from . import distributed
from .batches import Batches, LabelledImages
from .schedules import beta_at, one_cycle

_REPORT_SECONDS = 0.5


class TrainingError(AtelierError):
    """Training cannot continue; the message says at which step and what to change."""


class EpochMetrics(NamedTuple):
    """Both terms of the loss after an epoch, in nats per image, for the averaged weights."""

    epoch: int
    train_reconstruction: float
    train_kl: float
    held_out_reconstruction: float
    held_out_kl: float


class TrainingReport(NamedTuple):
    """The progress of a run. `metrics` is set at the end of an epoch."""

    epoch: int
    step: int
    steps: int
    seconds: float
    images_per_second: float
    lr: float
    beta: float
    loss: float
    metrics: EpochMetrics | None


@dataclass
class Run:
    """The state of a training. `best_model` is set with early stopping only."""

    config: Config
    model: Autoencoder
    ema: AveragedModel
    optimisers: dict[str, torch.optim.Optimizer]
    generator: torch.Generator
    step: int = 0
    curve: list[EpochMetrics] = field(default_factory=list)
    best_loss: float = math.inf
    best_epoch: int = 0
    best_model: Autoencoder | None = None
    seconds: float = 0.0
    finished: bool = False

    @property
    def ema_model(self) -> Autoencoder:
        """The model with the averaged weights."""
        return self.ema.module

    @property
    def result(self) -> Autoencoder:
        """The averaged weights, with early stopping those of the best epoch."""
        return self.best_model or self.ema_model


def resolve_device(name: str) -> torch.device:
    """The device of a name; `auto` is a CUDA or Apple GPU if there is one, else the CPU.

    Of several processes on a machine each gets a GPU of its own.
    """
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
    """An untrained run whose weights and random numbers depend on the seed alone.

    `weights` of another model replace those that have the same name and shape.
    """
    mean_image, std = _pixel_moments(dataset.train.images)
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        if config.model.refine:
            build(config.model)  # raises now, not after the training, if refining is impossible
        torch.manual_seed(config.train.seed)
        model = build(replace(config.model, refine=0))  # training never refines posteriors
    init_from_data(model, mean_image, std)
    initial = model.state_dict()
    usable = {
        name: value
        for name, value in (weights or {}).items()
        if name in initial and value.shape == initial[name].shape
    }
    model.load_state_dict(usable, strict=False)
    model.decoder.requires_grad_(not config.train.frozen_decoder)
    model.to(device)
    optimisers = {
        player.name: torch.optim.AdamW(
            _param_groups(player.parameters, config.train.weight_decay),
            lr=config.train.lr,
            betas=(0.9, 0.99),
            fused=device.type in ("cpu", "cuda"),
        )
        for player in model.players()
    }
    generator = torch.Generator(device).manual_seed(config.train.seed)
    return Run(config, model, _ema(model, config.train.ema), optimisers, generator)


def _ema(model: Autoencoder, decay: float) -> AveragedModel:
    """The exponential moving average of a model's weights; the decay rises from 0.1 to `decay`."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        torch._foreach_lerp_(averaged, current, 1 - min(decay, float(count) / (9 + float(count))))

    ema = AveragedModel(model, multi_avg_fn=update).eval().requires_grad_(False)
    ema.n_averaged.fill_(1)  # the initial weights are the first of the average
    return ema


def _pixel_moments(images: np.ndarray) -> tuple[Tensor, float]:
    """The mean image [C, H, W] and the standard deviation of all pixels, in [0, 1].

    Counted block by block, since the images may not fit in memory.
    """
    counts, total = np.zeros(256, np.int64), np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), 1000):
        block = images[start : start + 1000]
        counts += np.bincount(block.ravel(), minlength=256)
        total += block.sum(0, dtype=np.int64)
    mean = torch.from_numpy(total / len(images) / 255).float()
    return mean, float(np.sqrt(np.cov(np.arange(256) / 255, fweights=counts, ddof=0)))


def _param_groups(parameters: Sequence[nn.Parameter], weight_decay: float) -> list[dict]:
    """Weight decay for matrices only: biases and gains have no scale to limit."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


def train(
    run: Run, dataset: Dataset, *, should_stop: Callable[[], bool] = lambda: False
) -> Iterator[TrainingReport]:
    """Trains `run` in place until its epochs are over, it stops improving, or `should_stop()`.

    Yields about twice per second and at the end of each epoch. Raises `TrainingError` if the loss
    is not finite, before the weights change.
    """
    group = distributed.current_group()
    if group.size > 1 and run.config.train.free_bits:
        raise TrainingError(
            f"free bits are computed over a whole batch, which {group.size} processes do not have "
            "together; train in one process, or with --free-bits 0"
        )
    with closing(Batches(dataset, run.config.train, run.generator.device)) as batches:
        try:
            yield from _steps(run, batches, group, should_stop)
        except distributed.LostProcessError as error:
            raise TrainingError(
                f"another process of this training was lost at step {run.step + 1} ({error}); "
                "continue from the last saved epoch with --resume"
            ) from error


def _steps(
    run: Run, batches: Batches, group: distributed.Group, should_stop: Callable[[], bool]
) -> Iterator[TrainingReport]:
    options, device = run.config.train, batches.device
    steps, shard = options.epochs * batches.steps_per_epoch, group.shard(batches.batch_size)
    schedulers = [one_cycle(o, run.step, steps, run.config) for o in run.optimisers.values()]
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=_has_fast_bfloat16(device))
    started, reported, images = time.perf_counter() - run.seconds, time.perf_counter(), 0
    stop_requested = False
    while run.step < steps and not run.finished:
        # Several processes stop together, after the step in which one of them was asked to.
        if stop_requested or (group.size == 1 and should_stop()):
            return
        lr, beta = schedulers[0].get_last_lr()[0], beta_at(run.step, steps, run.config)
        x, y = _targets(run, batches, shard)
        batch = Batch(
            _corrupt(x, shard, run), x, y, beta, options.samples, run.generator, options.free_bits
        )
        with autocast, sharded(shard):
            requested = group.size > 1 and should_stop()
            loss, stop_requested = _update(run, batch, group, shard, requested)
        for scheduler in schedulers:
            scheduler.step()
        run.ema.update_parameters(run.model)
        run.step += 1
        images += shard.total
        now = time.perf_counter()
        run.seconds = now - started
        metrics = None
        epoch = (run.step - 1) // batches.steps_per_epoch + 1
        if run.step % batches.steps_per_epoch == 0:
            metrics = _end_epoch(run, batches, epoch)
            run.finished = run.step == steps or 0 < options.patience <= epoch - run.best_epoch
        if metrics or now - reported > _REPORT_SECONDS:
            rate = images / max(now - reported, 1e-9)
            reported, images = time.perf_counter(), 0
            yield TrainingReport(
                epoch, run.step, steps, run.seconds, rate, lr, beta, loss, metrics
            )


def _targets(run: Run, batches: Batches, shard: Shard) -> tuple[Tensor, Tensor]:
    """The images in [0, 1] and labels of this process's rows of the next batch."""
    options = run.config.train
    # Binarising draws the random numbers of the whole batch, and so needs all its images.
    images, y = batches.batch(run.step, slice(0, shard.total) if options.binarize else shard.rows)
    x = images.float() / 255
    if options.binarize:
        x, y = torch.bernoulli(x, generator=run.generator)[shard.rows], y[shard.rows]
    if options.unlabelled:
        draws = torch.rand(shard.total, generator=run.generator, device=x.device)[shard.rows]
        y = torch.where(draws < options.unlabelled, -1, y)
    return x, y


def _corrupt(x: Tensor, shard: Shard, run: Run) -> Tensor:
    """The encoder's input: the images, with noise and missing pixels if the options say so.

    The loss is still a bound on log p(x), and generalises better (Im et al. 2017,
    https://arxiv.org/abs/1511.06406).
    """
    options, shape = run.config.train, (shard.total, *x.shape[1:])
    if options.noise:
        draws = torch.randn(shape, generator=run.generator, device=x.device)[shard.rows]
        x = x + options.noise * draws
    if options.dropout:
        draws = torch.rand(shape, generator=run.generator, device=x.device)[shard.rows]
        x = x * (draws >= options.dropout)
    return x


def _update(
    run: Run, batch: Batch, group: distributed.Group, shard: Shard, stop_requested: bool
) -> tuple[float, bool]:
    """One optimisation step of every player.

    Returns the first player's loss in nats per image, and whether any process was requested to
    stop.
    """
    pixels, batch_fraction = math.prod(run.config.model.image_shape), shard.count / shard.total
    losses = []
    for player in run.model.players():
        optimiser = run.optimisers[player.name]
        optimiser.zero_grad(set_to_none=True)
        loss = player.loss(batch)
        loss = loss if batch_fraction == 1 else loss * batch_fraction
        (loss / pixels).backward()
        value, stop_requested = group.sum_gradients(player.parameters, loss, stop_requested)
        clip = run.config.train.clip or math.inf
        norm = torch.nn.utils.clip_grad_norm_(player.parameters, clip)
        if not math.isfinite(value + norm.item()):
            raise TrainingError(
                f"the {player.name}'s loss became {value} (gradient {norm.item()}) at step "
                f"{run.step + 1}; the weights before it are saved. Lower --lr (now "
                f"{run.config.train.lr:g}), or lengthen the warm-up"
            )
        optimiser.step()
        losses.append(value)
    return losses[0], stop_requested


def _end_epoch(run: Run, batches: Batches, epoch: int) -> EpochMetrics:
    train, validation = (_measure(run, part) for part in (batches.train_probe, batches.validation))
    metrics = EpochMetrics(epoch, *train, *validation)
    run.curve.append(metrics)
    loss = metrics.held_out_reconstruction + run.config.model.beta * metrics.held_out_kl
    if loss < run.best_loss:
        run.best_loss, run.best_epoch = loss, epoch
        if run.config.train.patience:
            run.best_model = copy.deepcopy(run.ema_model)
    return metrics


@torch.inference_mode()
def _measure(run: Run, part: LabelledImages) -> tuple[float, float]:
    """Both terms of the averaged weights, with the same random numbers at every call."""
    device, group = run.generator.device, distributed.current_group()
    generator = torch.Generator(device).manual_seed(0)
    blocks = []
    for images, y in zip(*(values.split(1000) for values in part), strict=True):
        x = images.float() / 255
        if run.config.train.binarize:
            x = torch.bernoulli(x, generator=generator)
        shard = group.shard(len(x))
        with sharded(shard):
            terms = run.ema_model.terms(x[shard.rows], y[shard.rows], generator=generator)
        blocks.append((terms.reconstruction, terms.kl))
    sums = torch.stack([torch.cat(values).sum() for values in zip(*blocks, strict=True)])
    return tuple((group.sum(sums) / len(part.labels)).tolist())


def _has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device has units for bfloat16 products, so that autocast saves time."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu":
        return False
    features = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(features.get("avx512_bf16") or features.get("amx_bf16"))
