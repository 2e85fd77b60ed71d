"""Changes to the weights of built networks: latents reordered, biases fitted to the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import networks
from .layers import Fourier, Outer, Standardise


@torch.no_grad()
def reorder_outputs(layer: nn.Linear, order: Tensor) -> None:
    """Exchanges the outputs of a layer that puts out `[..., D]`: output i becomes order[i]'s."""
    weight = layer.weight.view(-1, len(order), layer.in_features)
    layer.weight.copy_(weight[:, order].flatten(0, 1))
    layer.bias.copy_(layer.bias.view(-1, len(order))[:, order].flatten())


@torch.no_grad()
def reorder_columns(layer: nn.Linear, order: Tensor, width: int) -> None:
    """Exchanges the first D of every `width` inputs of a layer: input i becomes order[i]'s."""
    columns = layer.weight.view(layer.out_features, -1, width)
    columns[:, :, : len(order)] = columns[:, :, order]


@torch.no_grad()
def reorder_inputs(decoder: nn.Sequential, order: Tensor) -> None:
    """Exchanges the latents that a decoder takes: latent i becomes what order[i] was."""
    first = list(decoder[: networks.first_layers(decoder)].modules())
    linear = next(layer for layer in first if isinstance(layer, nn.Linear))
    width = linear.in_features
    for layer in first:
        if isinstance(layer, Fourier):
            layer.weight.copy_(layer.weight[:, order])
        elif isinstance(layer, Outer):  # the same columns once more for every label
            width = layer.width
    reorder_columns(linear, order, width)


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
