"""The trunks of the models: a residual MLP and a small convolutional network.

A decoder is an `nn.Sequential` of few kinds of layers (`DECODER_LAYERS`), so that it can be walked
and rewritten as a program for other runtimes. Nothing here draws random numbers or changes its
behaviour between training and evaluation.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from .config import ModelConfig


class Standardise(nn.Module):
    """(x - mean) / std, one mean and one std for all pixels, set once from the data."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


class Residual(nn.Module):
    """x + f(x), where f is an `nn.Sequential` that keeps the shape."""

    def __init__(self, body: nn.Sequential) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Fourier(nn.Module):
    """z `[B, D]` with random Fourier features of it: `[B, D + 2 F]`, as z, sin(z B^T), cos(z B^T).

    B `[F, D]` is drawn once from N(0, scale^2) and never trained (Tancik et al. 2020,
    https://arxiv.org/abs/2006.10739, section 5). It lets a small decoder vary fast along z: the
    posterior of a 2-D model is only about 0.03 wide. The draw is rounded to float16, in which
    checkpoints store it, so that storing changes nothing.
    """

    weight: Tensor

    def __init__(self, latent: int, features: int, scale: float) -> None:
        super().__init__()
        self.in_features, self.out_features = latent, latent + 2 * features
        self.register_buffer("weight", (scale * torch.randn(features, latent)).half().float())

    def forward(self, z: Tensor) -> Tensor:
        with full_precision(z):  # bfloat16 would lose the phase of the fast waves
            phase = z.float() @ self.weight.T
            return torch.cat([z.float(), phase.sin(), phase.cos()], dim=1)


DECODER_LAYERS = (
    nn.Linear,
    nn.ConvTranspose2d,
    nn.Conv2d,
    nn.Upsample,
    nn.SiLU,
    nn.ReLU,
    nn.LayerNorm,
    nn.Flatten,
    nn.Unflatten,
    nn.Sequential,
    Residual,
    Fourier,
)


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


def decoder(config: ModelConfig) -> nn.Sequential:
    """The network from codes `[B, D]` to logits `[B, C, H, W]`."""
    channels, height, width = config.image_shape
    layers: list[nn.Module] = []
    features = config.latent
    if config.fourier:
        layers.append(Fourier(config.latent, config.fourier, config.fourier_scale))
        features = layers[0].out_features
    if config.network == "mlp":
        pixels = channels * height * width
        layers += [*_dense(features, config.decoder_widths), nn.SiLU()]
        layers += [nn.Linear(config.decoder_widths[-1], pixels)]
        return nn.Sequential(*layers, nn.Unflatten(1, config.image_shape))
    dense, quarter, half, full = config.decoder_widths
    small = (quarter, height // 4, width // 4)
    return nn.Sequential(
        *layers,
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
    )


def _dense(features: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Linear layers with SiLU between them, around which a residual runs where widths agree."""
    layers: list[nn.Module] = [nn.Linear(features, widths[0])]
    for before, after in itertools.pairwise(widths):
        step = [nn.SiLU(), nn.Linear(before, after)]
        layers += [Residual(nn.Sequential(*step))] if before == after else step
    return layers


def decode(decoder: nn.Sequential, z: Tensor) -> Tensor:
    """Logits `[B, C, H, W]` at codes `[B, D]`, in float32 up to the first layer's output.

    bfloat16 would round z to steps of 0.008 near 1, a quarter of a typical posterior's width.
    """
    first = 1 + next(i for i, layer in enumerate(decoder) if isinstance(layer, nn.Linear))
    with full_precision(z):
        h = decoder[:first](z.float())
    return decoder[first:](h)


@torch.no_grad()
def start_at(model: nn.Module, mean_image: Tensor, std: float) -> None:
    """Fit an untrained model to the data: the encoder sees standardised pixels, and the decoder
    paints the mean image `[C, H, W]` whatever its code.

    A linear last layer has a bias for every pixel; a convolution only one for every channel, which
    gets the channel's mean. The clamp keeps always-black pixels at a finite logit.
    """
    standardise = next(m for m in model.encoder.modules() if isinstance(m, Standardise))
    standardise.mean.copy_(mean_image.mean())
    standardise.std.fill_(max(std, 1e-3))
    last = [m for m in model.decoder.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    per_pixel = last.bias.numel() == mean_image.numel()
    mean = mean_image.flatten() if per_pixel else mean_image.mean((1, 2))
    last.bias.copy_(torch.logit(mean.clamp(0.001, 0.999)))


def full_precision(x: Tensor) -> torch.autocast:
    """A context in which layers compute in float32 although autocast is on around it."""
    return torch.autocast(x.device.type, enabled=False)


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
