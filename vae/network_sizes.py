"""How deep and how wide networks are for a size of images: levels, default widths, what they need.

A resnet's encoder widths are the channels after each halving, and those of its last, dense layer.
Its decoder widths are those of a dense layer, the channels of each level with residual blocks,
the smallest level first, and the channels at full size.
"""

import math

from .validation import ConfigError

NETWORKS = ("mlp", "conv", "resnet")
Widths = tuple[int, ...]


def resnet_levels(image_shape: tuple[int, ...]) -> tuple[list[tuple[int, int]], int]:
    """(height, width) of each level of a resnet, the image first, and the first level that has
    residual blocks. Sides are halved, and rounded up, at least once and until the smaller one is
    at most 8.

    Only sides that are odd at the same levels can be reached again from the smallest. Raises
    `ConfigError` where that leaves sides of more than 16.
    """
    height, width = image_shape[1:]
    halvings, smaller = 1, min(height, width)
    while smaller > 8 * 2**halvings:
        halvings += 1
    while (height - width) % 2**halvings:
        halvings -= 1
    sides = [(-(-height // 2**level), -(-width // 2**level)) for level in range(halvings + 1)]
    if min(sides[-1]) > 16:
        step = 2 ** math.ceil(math.log2(smaller / 16))
        near = height + step * round((width - height) / step)
        raise ConfigError(
            f"a resnet got images of {height} x {width}; expected sides that differ by a multiple "
            f"of {step}: choose {height} x {near}, or network mlp"
        )
    return sides, min(halvings, 2 if smaller > 32 else 1)


def default_widths(network: str, image_shape: tuple[int, ...]) -> tuple[Widths, Widths]:
    """The encoder's and the decoder's widths where a config gives none."""
    if network == "mlp":
        return (1024, 1024, 1024), (256, 512, 640, 640)
    if network == "conv":
        return (32, 64, 256), (128, 64, 32, 16)
    sides, blocks_from = resnet_levels(image_shape)
    levels = len(sides) - blocks_from
    widths = (48, 96, *[128] * levels)[:levels]
    return (*[32] * (blocks_from - 1), *widths, 256), (256, *reversed(widths), 12)


def check(
    network: str, image_shape: tuple[int, ...], encoder_widths: Widths, decoder_widths: Widths
) -> None:
    """Raises `ConfigError` for a number of widths or sides that a convolutional network cannot
    have."""
    if network == "mlp":
        return
    height, width = image_shape[1:]
    found = len(encoder_widths), len(decoder_widths)
    expected = tuple(map(len, default_widths(network, image_shape)))
    if found != expected:
        raise ConfigError(
            f"a {network} network for images of {height} x {width} got {found[0]} encoder and "
            f"{found[1]} decoder widths; expected {expected[0]} and {expected[1]}"
        )
    if network == "conv" and (height % 4 or width % 4):
        raise ConfigError(
            f"a conv network got images of {height} x {width}; expected sides that are a multiple "
            "of 4: choose another size, or network resnet or mlp"
        )
