"""Enlargements average back to what they were made of, without ringing into the dark."""

import numpy as np
import pytest
from PIL import Image

import vae
from vae.upscale import CONSISTENT, UpscaleError, enlarge, shrink


@pytest.fixture(scope="module")
def images():
    return vae.load_dataset("fashion-mnist-starter").test.images[:60].astype(np.float32) / 255


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_smooth_pictures_average_back_to_the_original(images, scale):
    large = enlarge(images, 28 * scale)
    assert large.shape == (60, 1, 28 * scale, 28 * scale)
    assert large.min() >= 0 and large.max() <= 1
    assert abs(shrink(large, scale) - images).max() <= CONSISTENT


def test_other_sizes_are_near(images):
    large = enlarge(images, 100)
    assert large.shape == (60, 1, 100, 100)
    exact = enlarge(images, 112)
    small = [
        np.asarray(Image.fromarray(p[0]).resize((100, 100), Image.Resampling.BOX)) for p in exact
    ]
    assert abs(large[:, 0] - np.array(small)).mean() < 0.02


def test_smooth_is_nearer_to_the_truth_than_squares_and_plain_lanczos(images):
    small = shrink(images, 2)
    smooth, squares = enlarge(small, 28), enlarge(small, 28, "nearest")
    plain = np.array(
        [
            np.asarray(Image.fromarray(p[0]).resize((28, 28), Image.Resampling.LANCZOS))
            for p in small
        ]
    )[:, None]
    off = [float(np.square(made - images).mean()) for made in (smooth, plain, squares)]
    assert off[0] < 0.97 * off[1] and off[0] < 0.75 * off[2]


def test_nearest_keeps_every_pixel_a_square(images):
    assert np.array_equal(enlarge(images, 84, "nearest"), images.repeat(3, 2).repeat(3, 3))
    assert np.array_equal(enlarge(images, 28), images)


def test_a_flat_picture_stays_flat():
    grey = np.full((1, 3, 28, 28), 0.3, np.float32)
    assert abs(enlarge(grey, 224) - 0.3).max() < 1e-5


@pytest.mark.parametrize(("size", "how", "words"), [
    (0, "smooth", "0 pixels; expected 1 to 1024"),
    (5000, "smooth", "5000 pixels"),
    (56, "magic", "'magic'; expected one of smooth, nearest"),
])  # fmt: skip
def test_what_cannot_be_enlarged_is_said(images, size, how, words):
    with pytest.raises(UpscaleError, match=words):
        enlarge(images, size, how)
