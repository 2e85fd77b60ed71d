"""The trunks of the models: a residual MLP and a small convolutional network.

Nothing here draws random numbers or changes its behaviour between training and evaluation.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from .layers import Beside, Draw, Fourier, Outer, Residual, Standardise, full_precision


def encoder(config: ModelConfig) -> tuple[nn.Sequential, int]:
    """The trunk from images `[B, C, H, W]` to features `[B, width]`, and that width."""
    channels, height, width = config.image_shape
    if config.network == "mlp":
        layers = _dense(channels * height * width, config.encoder_widths)
        trunk = nn.Sequential(Standardise(), nn.Flatten(), *layers, nn.SiLU())
        return trunk, config.encoder_widths[-1]
    half, quarter, dense = config.encoder_widths
    trunk = nn.Sequential(
        Standardise(),
        nn.Conv2d(channels, half, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(half, quarter, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(quarter * (height // 4) * (width // 4), dense),
        nn.SiLU(),
    )
    return trunk, dense


def decoder(config: ModelConfig, extra: int = 0) -> nn.Sequential:
    """The network from codes and `extra` further numbers `[B, D + E]` to logits `[B, C, H, W]`."""
    first, features = _features(config, extra)
    if extra:  # one layer to the outside, so that others keep the place they have without labels
        outer = Outer(features - extra, extra)
        first, features = [nn.Sequential(*first, outer)], outer.out_features
    return nn.Sequential(*first, *_to_pixels(config, features, config.decoder_widths))


def top_down(config: ModelConfig) -> nn.Sequential:
    """The network from the top code and the noise of all lower levels to logits.

    One path of constant width on which the levels lie one after the other, each followed by a
    residual block that the next one depends on.
    """
    first, features = _features(config, sum(config.levels))
    rest, width = sum(config.levels), config.decoder_widths[0]
    features -= rest
    layers = [
        *first,
        Beside(features, nn.Sequential(nn.Linear(features, width))),
        Beside(width, _block(width)),
    ]
    for size in config.levels:
        layers.append(Draw(width, size))
        rest -= size
        layers.append(Beside(width, _block(width)) if rest else _block(width))
    tail = _to_pixels(config, width, config.decoder_widths[1:])
    return nn.Sequential(*layers, nn.SiLU(), *tail)


def _block(width: int) -> nn.Sequential:
    body = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
    return nn.Sequential(Residual(body))


def _features(config: ModelConfig, extra: int) -> tuple[list[nn.Module], int]:
    """The waves that the decoder sees beside z, and how many columns there are then."""
    if not config.fourier:
        return [], config.latent + extra
    layer = Fourier(config.latent, config.fourier, config.fourier_scale, extra)
    return [layer], layer.out_features


def _to_pixels(config: ModelConfig, features: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Layers from features `[B, features]` to logits."""
    channels, height, width = config.image_shape
    if config.network == "mlp":
        layers = [*_dense(features, widths), nn.SiLU()] if widths else []
        last = nn.Linear(widths[-1] if widths else features, channels * height * width)
        return [*layers, last, nn.Unflatten(1, config.image_shape)]
    dense, quarter, half, full = config.decoder_widths
    small = (quarter, height // 4, width // 4)
    return [
        nn.Linear(features, dense),
        nn.SiLU(),
        nn.Linear(dense, math.prod(small)),
        nn.SiLU(),
        nn.Unflatten(1, small),
        nn.ConvTranspose2d(quarter, half, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.ConvTranspose2d(half, full, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(full, channels, 3, padding=1),
    ]


def _dense(features: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Linear layers with SiLU between them, around which a residual runs where widths agree."""
    layers: list[nn.Module] = [nn.Linear(features, widths[0])]
    for before, after in itertools.pairwise(widths):
        step = [nn.SiLU(), nn.Linear(before, after)]
        layers += [Residual(nn.Sequential(*step))] if before == after else step
    return layers


def first_layers(decoder: nn.Sequential) -> int:
    """How many of a decoder's layers there are up to the first that mixes its inputs."""
    return 1 + next(i for i, layer in enumerate(decoder) if isinstance(layer, nn.Linear | Beside))


# No code that explains an image lies beyond 6 prior deviations, but a network can put a stray test
# image at 300 and charge 50,000 nats of KL for it. The deviations stay within e^-7 and e^2.
FARTHEST = 6.0
_LOG_VAR = (-14.0, 4.0)
_FIRST_LOG_STD = -1.5


def gaussian_heads(width: int, latent: int) -> tuple[nn.Linear, nn.Linear]:
    """Layers from features `[B, width]` to the mean and the log-variance of q(z|x)."""
    mean, log_var = nn.Linear(width, latent), nn.Linear(width, latent)
    with torch.no_grad():  # start with clouds small enough to tell images apart
        log_var.weight.mul_(0.1)
        log_var.bias.fill_(2 * _FIRST_LOG_STD)
    return mean, log_var


def gaussian(
    features: Tensor, mean: nn.Linear, log_var: nn.Linear, farthest: float = FARTHEST
) -> tuple[Tensor, Tensor]:
    """Mean and log-variance `[B, D]` of q(z|x), in float32 also under autocast: bfloat16 would
    place the codes on a coarse lattice."""
    with full_precision(features):
        features = features.float()
        return mean(features).clamp(-farthest, farthest), log_var(features).clamp(*_LOG_VAR)


def decode(decoder: nn.Sequential, z: Tensor) -> Tensor:
    """Logits `[B, C, H, W]` at codes `[B, D]`, in float32 up to the first layer's output.

    bfloat16 would round z to steps of 0.008 near 1, a quarter of a typical posterior's width.
    """
    first = first_layers(decoder)
    with full_precision(z):
        h = decoder[:first](z.float())
    return decoder[first:](h)


@torch.no_grad()
def macs(decoder: nn.Sequential) -> int:
    """Multiply-adds that one image costs, biases and activations not counted."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal total
        # Every weight is used once a position: of the input when transposed, else of the output.
        grid = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        positions = math.prod(grid.shape[2:])
        total += layer.weight.numel() * positions

    layers = [
        m for m in decoder.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
    ]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    first = next(m for m in decoder.modules() if hasattr(m, "in_features"))
    parameter = next(decoder.parameters())
    decoder(torch.zeros(1, first.in_features, dtype=parameter.dtype, device=parameter.device))
    for hook in hooks:
        hook.remove()
    return total
