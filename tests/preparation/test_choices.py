"""Choices about the preparation, by the user or by what the pictures are."""

import numpy as np
import pytest
from PIL import Image

from vae.preparation import choices
from vae.preparation.choices import Choices
from vae.preparation.values import levels, to_bytes
from vae.validation import ConfigError


@pytest.mark.parametrize(
    ("size", "expected"),
    [(28, (28, 28)), ((32, 48), (32, 48)), ("64", (64, 64)), ("48x64", (48, 64)),
     (" 48 × 64 ", (48, 64)), (np.int64(8), (8, 8))],
)  # fmt: skip
def test_sizes(size, expected):
    assert choices.sides(size) == expected


@pytest.mark.parametrize("size", ["", "x", "64x", "-4", 3, 257, (4, 300), "64x64x64"])
def test_other_sizes_are_refused(size):
    with pytest.raises(ConfigError, match="the size is"):
        choices.sides(size)


def test_a_ground_is_a_colour():
    assert Choices(ground="white").check().ground == "#ffffff"
    assert Choices(ground="#1A2b3c").check().ground == "#1a2b3c"
    for wrong in ({"ground": "nothing"}, {"fit": "cut"}, {"held_out": 1}, {"invert": "maybe"}):
        with pytest.raises(ConfigError, match="expected"):
            Choices(**wrong).check()


@pytest.mark.parametrize(
    ("sizes", "fit", "said"),
    [
        ([(640, 480)] * 20, "crop", ""),
        ([(300, 200)] * 20, "crop", "cropped to the middle: of 100% of the images up to 33% lost"),
        ([(320, 32)] * 20, "pad", "padded to 28 x 28"),
        ([(32, 320)] * 5 + [(100, 100)] * 15, "pad", "padded"),
        ([(320, 32)] + [(100, 100)] * 19, "crop", ""),
    ],
)
def test_the_fit_follows_the_shapes(sizes, fit, said):
    found, note = choices.choose_fit(np.array(sizes, float), 28, 28)
    assert found == fit and note.startswith(said)
    assert choices.choose_fit(np.array([(320, 32)] * 3, float), 16, 160) == ("crop", "")


def test_the_ground_follows_what_is_seen():
    def logo(ink):
        image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
        image.paste(ink, (5, 5, 15, 15))
        return image

    assert choices.choose_ground([logo((0, 0, 0, 255))]) == "#ffffff"
    assert choices.choose_ground([logo((255, 255, 255, 255))]) == "#000000"
    assert choices.choose_ground([Image.new("L", (9, 9), 3)]) == "#000000"
    assert choices.choose_ground([Image.new("RGB", (9, 9), (250, 250, 240))]) == "#ffffff"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 255, (0, 255)), (0, 1, (0, 1)), (-1, 1, (-1, 1)), (0, 16, (0, 16)), (0, 4080, (0, 4080)),
     (-1.9, 3.2, (-1.9, 3.2)), (0.1, 0.98, (0, 1)), (300, 900, (300, 900)), (-0.01, 1.03, (0, 1))],
)  # fmt: skip
def test_the_levels_of_values(low, high, expected):
    assert levels("x", (low, high)) == expected
    values = np.array([low, high, np.nan])
    assert to_bytes(values, expected)[2] == 0
