"""Encoder and decoder networks: a residual MLP, a small CNN, and a residual CNN (`resnet`).

Nothing here draws random numbers or behaves differently in training and evaluation.
"""

import itertools
import math

import torch
from torch import Tensor, nn

from ..config import ModelConfig
from . import layers as ours
from . import resnet

# No code that explains an image lies beyond 6 prior standard deviations, but a network can map an
# outlier to 300 and charge 50,000 nats of KL for it.
MEAN_LIMIT = 6.0
_LOG_VAR = (-14.0, 4.0)
_INITIAL_LOG_STD = -1.5


def encoder(config: ModelConfig) -> tuple[nn.Sequential, int]:
    """The network from images `[B, C, H, W]` to features `[B, width]`, and that width."""
    channels, height, width = config.image_shape
    if config.network == "mlp":
        layers = _dense(channels * height * width, config.encoder_widths)
        trunk = nn.Sequential(ours.Standardise(), nn.Flatten(), *layers, nn.SiLU())
        return trunk, config.encoder_widths[-1]
    if config.network == "resnet":
        return resnet.encoder(config), config.encoder_widths[-1]
    half, quarter, dense = config.encoder_widths
    trunk = nn.Sequential(
        ours.Standardise(),
        nn.Conv2d(channels, half, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(half, quarter, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(quarter * (height // 4) * (width // 4), dense),
        nn.SiLU(),
    )
    return trunk, dense


def decoder(config: ModelConfig, labels: int = 0) -> nn.Sequential:
    """The network from codes and one-hot labels `[B, D + K]` to logits `[B, C, H, W]`."""
    layers, features = _input_layers(config, labels)
    if labels:  # one module, so that the later layers have the same index with and without labels
        interaction = ours.LabelInteraction(features - labels, labels)
        layers, features = [nn.Sequential(*layers, interaction)], interaction.out_features
    return nn.Sequential(*layers, *_output_layers(config, features, config.decoder_widths))


def ladder_decoder(config: ModelConfig) -> nn.Sequential:
    """The network from the top code and the noise of all lower levels to logits.

    A trunk of constant width with one stochastic layer per level, each followed by a residual
    block on which the next level depends.
    """
    noise, width = sum(config.levels), config.decoder_widths[0]
    layers, features = _input_layers(config, noise)
    features -= noise
    first = nn.Sequential(nn.Linear(features, width))
    layers += [ours.OnFirstColumns(features, first), ours.OnFirstColumns(width, _block(width))]
    for size in config.levels:
        layers.append(ours.StochasticLayer(width, size))
        noise -= size
        layers.append(ours.OnFirstColumns(width, _block(width)) if noise else _block(width))
    tail = _output_layers(config, width, config.decoder_widths[1:])
    return nn.Sequential(*layers, nn.SiLU(), *tail)


def input_depth(decoder: nn.Sequential) -> int:
    """The number of a decoder's layers up to and including the first that mixes its inputs."""
    mixes = [isinstance(layer, nn.Linear | ours.OnFirstColumns) for layer in decoder]
    return 1 + mixes.index(True)


def decode(decoder: nn.Sequential, inputs: Tensor) -> Tensor:
    """Logits `[B, C, H, W]` for codes and context `[B, D + E]`, in float32 up to the output of the
    first layer: bfloat16 would round z to steps of 0.008 near 1, a quarter of a typical
    posterior's width."""
    depth = input_depth(decoder)
    with ours.autocast_off(inputs):
        h = decoder[:depth](inputs.float())
    return decoder[depth:](h)


def gaussian_heads(width: int, latent: int) -> tuple[nn.Linear, nn.Linear]:
    """Layers from features `[B, width]` to the mean and the log-variance of q(z|x)."""
    mean, log_var = nn.Linear(width, latent), nn.Linear(width, latent)
    with torch.no_grad():  # start with posteriors narrow enough to distinguish images
        log_var.weight.mul_(0.1)
        log_var.bias.fill_(2 * _INITIAL_LOG_STD)
    return mean, log_var


def gaussian_parameters(
    features: Tensor, mean: nn.Linear, log_var: nn.Linear, mean_limit: float = MEAN_LIMIT
) -> tuple[Tensor, Tensor]:
    """Mean and log-variance `[B, D]` of q(z|x), in float32 also under autocast: bfloat16 would
    round the codes to a coarse lattice."""
    with ours.autocast_off(features):
        features = features.float()
        means = bounded(mean(features), -mean_limit, mean_limit)
        return means, bounded(log_var(features), *_LOG_VAR)


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """x clamped to [low, high]. Outside, gradients that lead back inside pass: behind a clamp
    alone, a code that has got to the edge would stay there for ever."""
    return _Bounded.apply(x, low, high) if x.requires_grad else x.clamp(low, high)


class _Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x > high, x < low)
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        above, below = ctx.saved_tensors
        leaves = (above & (gradient < 0)) | (below & (gradient > 0))
        return gradient.masked_fill(leaves, 0), None, None


def _block(width: int) -> nn.Sequential:
    body = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
    return nn.Sequential(ours.Residual(body))


def _input_layers(config: ModelConfig, context: int) -> tuple[list[nn.Module], int]:
    """The Fourier features of z, if any, and the number of columns after them."""
    if not config.fourier:
        return [], config.latent + context
    layer = ours.FourierFeatures(config.latent, config.fourier, config.fourier_scale, context)
    return [layer], layer.out_features


def _output_layers(config: ModelConfig, features: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Layers from features `[B, features]` to logits."""
    channels, height, width = config.image_shape
    if config.network == "mlp":
        layers = [*_dense(features, widths), nn.SiLU()] if widths else []
        last = nn.Linear(widths[-1] if widths else features, channels * height * width)
        return [*layers, last, nn.Unflatten(1, config.image_shape)]
    if config.network == "resnet":
        return resnet.output_layers(config, features)
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
    """Linear layers with SiLU between them, and residual connections where widths agree."""
    layers: list[nn.Module] = [nn.Linear(features, widths[0])]
    for before, after in itertools.pairwise(widths):
        step = [nn.SiLU(), nn.Linear(before, after)]
        layers += [ours.Residual(nn.Sequential(*step))] if before == after else step
    return layers
