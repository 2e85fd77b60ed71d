"""The residual CNN: sizes, cost, layers; the same image alone and in a batch."""

import re

import pytest
import torch
from torch import nn

from vae.config import ConfigError, ModelConfig
from vae.models import build
from vae.network_sizes import default_widths, resnet_levels
from vae.nn import layers as ours
from vae.nn import networks, resnet

SQUARES = [(side, side) for side in (4, 5, 7, 8, 9, 15, 16, 28, 31, 32, 33, 45, 50, 64, 100, 127)]
RECTANGLES = [(48, 64), (64, 48), (30, 40), (60, 80), (16, 256), (33, 65), (5, 12)]
# What the browser computes.
KNOWN = (nn.Linear, nn.SiLU, nn.GroupNorm, nn.Conv2d, nn.ConvTranspose2d, nn.PixelShuffle)
KNOWN += (nn.Unflatten, nn.Sequential, ours.Residual, ours.FourierFeatures)


def config(height, width, channels=3, **options):
    return ModelConfig(network="resnet", image_shape=(channels, height, width), **options)


@pytest.mark.parametrize(("height", "width"), [*SQUARES, *RECTANGLES])
def test_every_size_is_halved_to_a_few_pixels_and_reached_again(height, width):
    shape = (3, height, width)
    assert min(resnet_levels(shape)[0][-1]) <= 16
    encoder_widths, decoder_widths = ([4] * len(w) for w in default_widths("resnet", shape))
    widths = {"encoder_widths": encoder_widths, "decoder_widths": decoder_widths}
    settings = config(height, width, fourier=4, **widths)
    encoder, features = networks.encoder(settings)
    decoder = networks.decoder(settings)
    assert encoder(torch.rand(2, *shape)).shape == (2, features)
    assert decoder(torch.rand(2, 2)).shape == (2, *shape)
    assert all(isinstance(layer, KNOWN) for layer in decoder.modules())


@pytest.mark.parametrize("side", [28, 32, 48, 64, 96, 128, 256])
def test_usual_sizes_end_at_4_to_8_pixels(side):
    assert 4 <= resnet_levels((3, side, side))[0][-1][0] <= 8
    assert len(default_widths("resnet", (3, side, side))[0]) == len(
        resnet_levels((3, side, side))[0]
    )


def test_sides_that_no_halving_serves_are_refused_with_one_that_works():
    with pytest.raises(ConfigError, match="50 x 64") as caught:
        config(50, 64)
    height, width = map(int, re.search(r"choose (\d+) x (\d+)", str(caught.value)).groups())
    config(height, width)
    with pytest.raises(ConfigError, match="2 encoder and 3 decoder widths; expected 4 and 4"):
        config(64, 64, encoder_widths=(8, 16), decoder_widths=(16, 8, 4))


def multiply_adds(decoder, latent=2):
    """Of one decoded image, in all linear and convolutional layers."""
    found = []

    def count(layer, inputs, output):
        if isinstance(layer, nn.ConvTranspose2d):
            found.append(layer.weight.numel() * inputs[0][0, 0].numel())
        elif isinstance(layer, nn.Conv2d):
            found.append(layer.weight.numel() * output[0, 0].numel())
        elif isinstance(layer, nn.Linear):
            found.append(layer.weight.numel())

    for layer in decoder.modules():
        layer.register_forward_hook(count)
    decoder(torch.zeros(1, latent))
    return sum(found)


@pytest.mark.parametrize(("side", "most"), [(64, 40e6), (128, 180e6)])
def test_a_decoded_image_costs_what_a_browser_has_time_for(side, most):
    assert 0.5 * most < multiply_adds(networks.decoder(config(side, side))) < most


def test_an_image_is_the_same_alone_and_in_a_batch():
    torch.manual_seed(0)
    model = build(config(20, 28, encoder_widths=(8, 8, 16), decoder_widths=(16, 8, 8, 4)))
    x = torch.rand(4, 3, 20, 28)
    assert model.training
    torch.testing.assert_close(model.encode(x)[:1], model.encode(x[:1]))
    z = torch.randn(4, 2)
    torch.testing.assert_close(model.decode(z)[:1], model.decode(z[:1]))


@pytest.mark.parametrize("width", [*range(1, 13), 24, 48, 96, 128])
def test_groups_divide_the_channels(width):
    norm = resnet._block(width).body[0]
    assert width % norm.num_groups == 0 and (norm.num_groups == 1 or width // norm.num_groups >= 4)
