"""The training loop: a generator that reports its progress and displays nothing.

A run that was stopped between two steps, saved and resumed gives the curve of an uninterrupted
one, bit for bit on a CPU.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..data.dataset import Dataset
from ..errors import AtelierError
from ..models.base import Batch, Player
from ..nn.sharded_noise import Shard, sharded
from . import distributed
from .batches import Batches, LabelledImages
from .diagnosis import diagnose
from .schedules import beta_at, one_cycle
from .state import EpochMetrics, Run

_REPORT_SECONDS = 0.5


class TrainingError(AtelierError):
    """Training cannot continue; the message says at which step and what to change."""


class TrainingReport(NamedTuple):
    """The progress of a run. `metrics` is set at the end of an epoch; `measure` computes the same
    at any time. `warnings` say what goes wrong, and what to change."""

    epoch: int
    step: int
    steps: int
    seconds: float
    images_per_second: float
    lr: float
    beta: float
    loss: float
    metrics: EpochMetrics | None
    measure: Callable[[], EpochMetrics] | None = None
    warnings: tuple[str, ...] = ()


def train(
    run: Run, dataset: Dataset, *, should_stop: Callable[[], bool] = lambda: False
) -> Iterator[TrainingReport]:
    """Trains `run` in place until its epochs are over, it stops improving, or `should_stop()`.

    Yields before the first step, about twice per second and at the end of each epoch. Raises
    `TrainingError` if the loss was not finite; the weights are those before that step.
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
    players, failure = run.model.players(), torch.zeros(4, device=device)
    stop_requested, warnings = False, ()
    # Asked by one process alone, so nothing is summed over the group.
    measure = partial(_measure, run, batches, distributed.Group())
    if not run.step:
        yield TrainingReport(0, 0, steps, run.seconds, 0.0, 0.0, 0.0, math.nan, None, measure)
    started, reported, images = time.perf_counter() - run.seconds, time.perf_counter(), 0
    while run.step < steps and not run.finished:
        # Several processes stop together, after the step in which one of them was asked to.
        if stop_requested or (group.size == 1 and should_stop()):
            break
        lr, beta = schedulers[0].get_last_lr()[0], beta_at(run.step, steps, run.config)
        x, y = _targets(run, batches, shard)
        shown = _corrupt(x, shard, run)
        more = options.samples, run.generator, options.free_bits, options.ssim
        batch = Batch(shown, x, y, beta, *more)
        with autocast, sharded(shard):
            requested = group.size > 1 and should_stop()
            loss, stop_requested = _update(run, players, batch, group, shard, failure, requested)
        for scheduler in schedulers:
            scheduler.step()
        run.ema.update_parameters(run.model)
        run.step += 1
        images += shard.total
        now, metrics = time.perf_counter(), None
        run.seconds = now - started
        epoch = (run.step - 1) // batches.steps_per_epoch + 1
        ended = run.step % batches.steps_per_epoch == 0
        due = ended or now - reported > _REPORT_SECONDS
        if due or group.size > 1:  # several processes fail together
            _raise_failure(run, players, failure)
        if ended:
            metrics = _end_epoch(run, batches, group)
            warnings = diagnose(run, batches.validation)
            run.finished = run.step == steps or 0 < options.patience <= epoch - run.best_epoch
        if due:
            rate = images / max(now - reported, 1e-9)
            reported, images = time.perf_counter(), 0
            numbers = (epoch, run.step, steps, run.seconds, rate, lr, beta, loss.item())
            yield TrainingReport(*numbers, metrics, measure, warnings)
    _keep(run, batches)
    _raise_failure(run, players, failure)


def _keep(run: Run, batches: Batches) -> None:
    """Gives the averaged weights what they keep of training images. The model gets the same, as
    the average takes its buffers from there at every step."""
    if run.model.kept_images:
        run.ema_model.keep(batches.sample(run.model.kept_images))
        for own, averaged in zip(run.model.buffers(), run.ema_model.buffers(), strict=True):
            own.copy_(averaged)


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
    run: Run,
    players: Sequence[Player],
    batch: Batch,
    group: distributed.Group,
    shard: Shard,
    failure: Tensor,
    stop_requested: bool,
) -> tuple[Tensor, bool]:
    """One optimisation step of every player.

    Returns the first player's loss in nats per image, and whether any process was requested to
    stop. The first loss that is not finite is noted in `failure`, [step, loss, gradient norm,
    player]; from then on the optimisers change nothing. Nothing is read back from the device, so
    a GPU need not wait for the CPU.
    """
    pixels, batch_fraction = math.prod(run.config.model.image_shape), shard.count / shard.total
    losses = []
    for index, player in enumerate(players):
        optimiser = run.optimisers[player.name]
        optimiser.zero_grad(set_to_none=True)
        loss = player.loss(batch) if shard.count else batch.x.new_zeros(())
        loss = loss if batch_fraction == 1 else loss * batch_fraction
        if shard.count:
            (loss / pixels).backward()
        loss, stop_requested = group.sum_gradients(player.parameters, loss, stop_requested)
        clip = run.config.train.clip or math.inf
        norm = torch.nn.utils.clip_grad_norm_(player.parameters, clip)
        step, player_index = (torch.full_like(norm, n) for n in (run.step + 1, index))
        fails = ~(loss + norm).isfinite() & (failure[0] == 0)
        now = torch.stack([step, loss.float(), norm, player_index])
        failure.copy_(torch.where(fails, now, failure))
        if optimiser.defaults["fused"]:
            optimiser.found_inf = (failure[0] > 0).float()
        else:
            _raise_failure(run, players, failure)
        optimiser.step()
        losses.append(loss)
    return losses[0], stop_requested


def _raise_failure(run: Run, players: Sequence[Player], failure: Tensor) -> None:
    step, loss, norm, player = failure.tolist()
    if step:
        run.step = int(step) - 1
        raise TrainingError(
            f"the {players[int(player)].name}'s loss became {loss} (gradient {norm}) at step "
            f"{int(step)}; the weights before it are saved. Lower --lr (now "
            f"{run.config.train.lr:g}), or lengthen the warm-up"
        )


def _end_epoch(run: Run, batches: Batches, group: distributed.Group) -> EpochMetrics:
    metrics = _measure(run, batches, group)
    run.curve.append(metrics)
    loss = metrics.held_out_reconstruction + run.model.kl_weight * metrics.held_out_kl
    if loss < run.best_loss:
        run.best_loss, run.best_epoch = loss, metrics.epoch
        if run.config.train.patience:
            run.best_model = copy.deepcopy(run.ema_model)
    return metrics


def _measure(run: Run, batches: Batches, group: distributed.Group) -> EpochMetrics:
    """Both terms of the averaged weights on the two sets of the curve, always with the same
    random numbers."""
    _keep(run, batches)
    parts = (batches.train_probe, batches.validation)
    terms = [term for part in parts for term in _terms(run, part, group)]
    return EpochMetrics(run.step // batches.steps_per_epoch, *terms)


@torch.inference_mode()
def _terms(run: Run, part: LabelledImages, group: distributed.Group) -> list[float]:
    generator, blocks = torch.Generator(run.generator.device).manual_seed(0), []
    for images, y in zip(*(values.split(1000) for values in part), strict=True):
        x = images.float() / 255
        if run.config.train.binarize:
            x = torch.bernoulli(x, generator=generator)
        shard = group.shard(len(x))
        with sharded(shard):
            terms = run.ema_model.terms(x[shard.rows], y[shard.rows], generator=generator)
        blocks.append((terms.reconstruction, terms.kl))
    sums = torch.stack([torch.cat(values).sum() for values in zip(*blocks, strict=True)])
    return (group.sum(sums) / len(part.labels)).tolist()


def _has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device has units for bfloat16 products, so that autocast saves time."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type != "cpu":
        return False
    features = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(features.get("avx512_bf16") or features.get("amx_bf16"))
