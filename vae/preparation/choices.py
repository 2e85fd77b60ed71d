"""How pictures are to be prepared where it is left open: sensible choices from what they are."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor

from ..config import FITS, INVERSIONS
from ..validation import ConfigError, one_of
from . import picture

Size = int | tuple[int, int] | str
COLOURS = ("auto", "grey", "colour")
_WIDE = 1.6  # longer side by shorter, relative to the image, from which cropping loses too much
_TOLD = 4 / 3  # from which what is cropped is reported
_SOME = 0.1  # of the pictures
_MANY = 0.25


class Choices(NamedTuple):
    """What may be chosen about the preparation; "auto" leaves it to the pictures. `ground` is
    auto, a name of a colour or #rrggbb; `held_out` the share of test images where none are given.
    """

    fit: str = "auto"
    colour: str = "auto"
    ground: str = "auto"
    invert: str = "no"
    centre: bool = False
    held_out: float = 0.1

    def check(self) -> "Choices":
        """With the ground as auto or #rrggbb. Raises `ConfigError`."""
        one_of("the fit", self.fit, ("auto", *FITS))
        one_of("the colour", self.colour, COLOURS)
        one_of("the inversion", self.invert, INVERSIONS)
        if not 0 < self.held_out < 1:
            raise ConfigError(
                f"the share that is held out is {self.held_out}; expected more than 0, below 1"
            )
        if self.ground == "auto":
            return self
        try:
            red, green, blue = ImageColor.getrgb(self.ground)[:3]
        except ValueError:
            raise ConfigError(
                f"the ground is {self.ground!r}; expected auto, white, black or #rrggbb"
            ) from None
        return self._replace(ground=f"#{red:02x}{green:02x}{blue:02x}")


def sides(size: Size) -> tuple[int, int]:
    """Height and width of a size given as one side, as a pair, or as a text such as 64x96."""
    if isinstance(size, str):
        found = re.fullmatch(r"\s*(\d+)\s*(?:[x×,]\s*(\d+))?\s*", size)
        if not found:
            raise ConfigError(f"the size is {size!r}; expected pixels, as 64, or 64x96 (H x W)")
        size = (int(found[1]), int(found[2] or found[1]))
    height, width = (size, size) if isinstance(size, int | np.integer) else size
    for side in (height, width):
        if not 4 <= side <= 256:
            raise ConfigError(f"the size is {height} x {width}; expected sides of 4 to 256 pixels")
    return int(height), int(width)


def choose_fit(sizes: np.ndarray, height: int, width: int) -> tuple[str, str]:
    """Crop or pad, and a note if much is lost, for pictures of sizes [N, 2], width and height."""
    ratio = sizes[:, 0] / sizes[:, 1] / (width / height)
    ratio = np.maximum(ratio, 1 / ratio)
    if np.mean(ratio > _WIDE) > _SOME:
        return "pad", f"padded to {height} x {width}, since cropping would lose much"
    wide = np.mean(ratio > _TOLD + 1e-3)
    if wide > _SOME:
        lost = 1 - 1 / np.quantile(ratio, 0.9)
        return "crop", f"cropped to the middle: of {wide:.0%} of the images up to {lost:.0%} lost"
    return "crop", ""


def choose_ground(images: Sequence[Image.Image]) -> str:
    """White, or black under pictures of which most are almost white, or grey if a good part is
    almost white and another almost black; for opaque pictures black or white, which is nearer to
    their borders."""
    visible, borders = [], []
    for image in images:
        if image.mode in ("LA", "RGBA"):
            opaque = np.asarray(image.getchannel("A")) > 127
            if opaque.any() and not opaque.all():
                colours = np.asarray(image.convert("RGB"))[opaque]
                visible.append((np.median(colours.min(1)), np.median(colours.max(1))))
                continue
        borders.append(picture.border(np.asarray(image.convert("L"))))
    if visible:
        darkest, lightest = np.transpose(visible)
        white, black = np.mean(darkest > 200), np.mean(lightest < 55)
        if min(white, black) > _MANY:
            return "#808080"
        return "#000000" if white > 0.5 else "#ffffff"
    return "#000000" if borders and np.median(borders) < 128 else "#ffffff"


def colour_name(ground: str) -> str:
    """White or black for these, else #rrggbb."""
    return {"#ffffff": "white", "#000000": "black"}.get(ground, ground)
