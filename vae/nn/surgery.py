"""Changes to the weights of built networks: latents reordered, biases initialised from data."""

import torch
from torch import Tensor, nn

from . import networks
from .layers import FourierFeatures, LabelInteraction, Standardise


@torch.no_grad()
def reorder_outputs(layer: nn.Linear, order: Tensor) -> None:
    """Permutes the outputs `[..., D]` of a layer: output i becomes the former order[i]."""
    weight = layer.weight.view(-1, len(order), layer.in_features)
    layer.weight.copy_(weight[:, order].flatten(0, 1))
    layer.bias.copy_(layer.bias.view(-1, len(order))[:, order].flatten())


@torch.no_grad()
def reorder_columns(layer: nn.Linear, order: Tensor, width: int) -> None:
    """Permutes the first D of every `width` inputs: input i becomes the former order[i]."""
    columns = layer.weight.view(layer.out_features, -1, width)
    columns[:, :, : len(order)] = columns[:, :, order]


@torch.no_grad()
def reorder_inputs(decoder: nn.Sequential, order: Tensor) -> None:
    """Permutes the latents that a decoder takes: latent i becomes the former order[i]."""
    first = list(decoder[: networks.input_depth(decoder)].modules())
    linear = next(layer for layer in first if isinstance(layer, nn.Linear))
    width = linear.in_features
    for layer in first:
        if isinstance(layer, FourierFeatures):
            layer.weight.copy_(layer.weight[:, order])
        elif isinstance(layer, LabelInteraction):  # the same columns again for every label
            width = layer.width
    reorder_columns(linear, order, width)


@torch.no_grad()
def init_from_data(model: nn.Module, mean_image: Tensor, std: float) -> None:
    """Initialises an untrained model from the data: the encoder gets standardised pixels, and the
    decoder returns the mean image `[C, H, W]` for any code.

    A linear last layer has a bias per pixel; a convolution has one per channel, which gets the
    channel's mean.
    """
    for encoder in model.encoders:
        standardise = next(m for m in encoder.modules() if isinstance(m, Standardise))
        standardise.mean.copy_(mean_image.mean())
        standardise.std.fill_(max(std, 1e-3))
    for decoder in model.decoders:
        last = [m for m in decoder.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
        per_pixel = last.bias.numel() == mean_image.numel()
        mean = mean_image.flatten() if per_pixel else mean_image.mean((1, 2))
        last.bias.copy_(model.likelihood.initial_logits(mean))
