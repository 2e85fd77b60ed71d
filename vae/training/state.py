"""The state of a training: its weights, their average, the optimisers and the random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ..config import Config
from ..data.dataset import Dataset
from ..models import build
from ..models.base import Autoencoder
from ..nn.surgery import init_from_data
from ..validation import ConfigError

_PIXELS = 784  # of the images for which the learning rate was chosen


class EpochMetrics(NamedTuple):
    """Both terms of the loss after an epoch, in nats per image, for the averaged weights."""

    epoch: int
    train_reconstruction: float
    train_kl: float
    held_out_reconstruction: float
    held_out_kl: float


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
    data: str = ""  # digest of the images; a training on other images cannot be resumed

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

    Of several processes on a machine each gets a GPU of its own. Raises `ConfigError` for a device
    that this machine does not have.
    """
    try:
        if name == "auto":
            apple = "mps" if torch.backends.mps.is_available() else "cpu"
            name = "cuda" if torch.cuda.is_available() else apple
        return torch.empty(0, device=torch.device(name)).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"the device is {name!r}, which this machine cannot use; try --device auto"
        ) from error


def new_run(
    config: Config, dataset: Dataset, device: torch.device, start: dict[str, Tensor] | None = None
) -> Run:
    """An untrained run whose weights and random numbers depend on the seed alone. The weights
    `start` of another model replace those that have the same name and shape."""
    mean_image, std = _pixel_moments(dataset.train.images)
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        if config.model.refine:
            build(config.model)  # raises now, not after the training, if refining is impossible
        torch.manual_seed(config.train.seed)
        model = build(replace(config.model, refine=0))  # training never refines posteriors
    init_from_data(model, mean_image, std)
    initial, start = model.state_dict(), model.adopted(start or {})
    alike = [n for n, v in start.items() if n in initial and v.shape == initial[n].shape]
    model.load_state_dict({name: start[name] for name in alike}, strict=False)
    if config.train.frozen_map:
        _freeze_map(model, alike, config.train.start)
    model.decoder.requires_grad_(not config.train.frozen_decoder)
    model.to(device)
    first = {_first_layer(encoder).weight for encoder in model.encoders}
    lr, fused, optimisers = config.train.lr, device.type in ("cpu", "cuda"), {}
    for player in model.players():
        groups = _param_groups(player.parameters, config.train.weight_decay, first)
        optimisers[player.name] = torch.optim.AdamW(groups, lr, (0.9, 0.99), fused=fused)
    generator = torch.Generator(device).manual_seed(config.train.seed)
    return Run(config, model, _ema(model, config.train.ema), optimisers, generator)


def _freeze_map(model: Autoencoder, adopted: Sequence[str], start: str) -> None:
    """Excludes the map from training. Raises `ConfigError` if it was not adopted as a whole."""
    model.freeze_map()
    for name, weight in model.named_parameters():
        needed = not weight.requires_grad and name.split(".")[0] not in model.training_only
        if needed and name not in adopted:
            raise ConfigError(
                f"--frozen-map with --start {start or '(none)'} got no {name} of the shape "
                f"{list(weight.shape)}; start from a vae or an exemplar with the same --latent, "
                "--network and --encoder-widths"
            )


def _ema(model: Autoencoder, decay: float) -> AveragedModel:
    """The exponential moving average of a model's weights; the decay rises from 0.1 to `decay`."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        torch._foreach_lerp_(averaged, current, 1 - min(decay, float(count) / (9 + float(count))))

    ema = AveragedModel(model, multi_avg_fn=update).eval().requires_grad_(False)
    ema.n_averaged.fill_(1)  # the initial weights are the first of the average
    return ema


def _pixel_moments(images: np.ndarray) -> tuple[Tensor, float]:
    """The mean image [C, H, W] and the standard deviation of all pixels, in [0, 1]. Counted block
    by block, since the images may not fit in memory."""
    counts, total = np.zeros(256, np.int64), np.zeros(images.shape[1:], np.int64)
    for start in range(0, len(images), 1000):
        block = images[start : start + 1000]
        counts += np.bincount(block.ravel(), minlength=256)
        total += block.sum(0, dtype=np.int64)
    mean = torch.from_numpy(total / len(images) / 255).float()
    return mean, float(np.sqrt(np.cov(np.arange(256) / 255, fweights=counts, ddof=0)))


def _first_layer(network: nn.Sequential) -> nn.Module:
    return next(m for m in network if isinstance(m, nn.Linear | nn.Conv2d))


def _param_groups(
    parameters: Sequence[nn.Parameter], weight_decay: float, first: set[nn.Parameter]
) -> list[dict]:
    """Weight decay for matrices only: biases and gains have no scale to limit.

    Adam changes every weight by about the learning rate, so one step changes a feature in
    proportion to the number of its inputs. Where an encoder's `first` layer has more than the
    pixels of Fashion-MNIST, for which the rate was chosen, it gets so much less of it (Yang and Hu
    2021, https://arxiv.org/abs/2011.14522): large colour images would else push all codes to the
    edge within an epoch.
    """
    scale = _PIXELS / max(weight[0].numel() for weight in first)
    wide = [p for p in parameters if p in first and scale < 1]
    matrices = [p for p in parameters if p.ndim > 1 and not (wide and p in first)]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        {"params": wide, "weight_decay": weight_decay, "lr_scale": scale},
    ]
    return groups if wide else groups[:2]
