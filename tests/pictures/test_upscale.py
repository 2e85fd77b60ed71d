"""Enlargements average back to what they were made of, without ringing into the dark."""

import numpy as np
import pytest
from PIL import Image

import vae
from vae.pictures import super_resolution
from vae.pictures.super_resolution_training import shapes, train
from vae.pictures.upscale import CONSISTENT, UpscaleError, enlarge, shrink


@pytest.fixture(scope="module")
def images():
    return vae.load_dataset("fashion-mnist-starter").test.images[:60].astype(np.float32) / 255


@pytest.mark.parametrize("how", ["smooth", "refined"])
@pytest.mark.parametrize("scale", [2, 3, 4, 8, 16])
def test_enlarged_pictures_average_back_to_the_original(images, scale, how):
    images = images[: 60 if scale < 16 else 4]
    large = enlarge(images, 28 * scale, how)
    assert large.shape == (len(images), 1, 28 * scale, 28 * scale)
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


def test_refined_is_nearer_to_the_truth_than_smooth(images):
    """Of real pictures made smaller, and of shapes that no training saw."""
    for truth, times in ((images, 2), (shapes(40, seed=12345).numpy(), 4)):
        small = shrink(truth, times)
        refined, smooth = (
            np.square(enlarge(small, truth.shape[2], how) - truth).mean()
            for how in ("refined", "smooth")
        )
        assert refined < 0.9 * smooth


def test_refined_pictures_are_the_same_again_in_any_batch_and_colour(images):
    one = enlarge(images[:1], 112, "refined")
    assert np.array_equal(one, enlarge(images[:1], 112, "refined"))
    assert abs(enlarge(images[:7], 112, "refined")[:1] - one).max() < 1e-5
    colour = np.concatenate([images[:2], images[2:4], images[4:6]], 1)
    each = np.concatenate([enlarge(colour[:, c : c + 1], 112, "refined") for c in range(3)], 1)
    assert abs(enlarge(colour, 112, "refined") - each).max() < 1e-5
    assert enlarge(images[:2], 100, "refined").shape == (2, 1, 100, 100)


def test_a_missing_network_is_said(monkeypatch, tmp_path):
    (tmp_path / "refiner.safetensors").write_bytes(super_resolution.WEIGHTS.read_bytes()[:5000])
    monkeypatch.setattr(super_resolution, "WEIGHTS", tmp_path / "refiner.safetensors")
    with pytest.raises(vae.CheckpointError, match="is missing or damaged; restore it"):
        super_resolution.bundled.__wrapped__()


def test_the_refiner_is_small_and_learns():
    assert super_resolution.WEIGHTS.stat().st_size < 100_000
    data = vae.load_dataset("fashion-mnist-starter")
    losses = [loss for _, loss, _ in train(data, steps=660, batch_size=4, drawn=20)]
    assert losses[-1] < 0.9 * losses[0]


def test_nearest_keeps_every_pixel_a_square(images):
    assert np.array_equal(enlarge(images, 84, "nearest"), images.repeat(3, 2).repeat(3, 3))
    assert np.array_equal(enlarge(images, 28), images)


def test_a_flat_picture_stays_flat():
    grey = np.full((1, 3, 28, 28), 0.3, np.float32)
    assert abs(enlarge(grey, 224) - 0.3).max() < 1e-5


@pytest.mark.parametrize(("size", "how", "words"), [
    (0, "smooth", "0 pixels; expected 1 to 1024"),
    (5000, "smooth", "5000 pixels"),
    (56, "magic", "'magic'; expected one of refined, smooth, nearest"),
])  # fmt: skip
def test_what_cannot_be_enlarged_is_said(images, size, how, words):
    with pytest.raises(UpscaleError, match=words):
        enlarge(images, size, how)
