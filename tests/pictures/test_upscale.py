"""Enlargements average back to the original images and stay within [0, 1]."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d

import vae
from vae.pictures import super_resolution
from vae.pictures.super_resolution_training import synthetic_shapes, train
from vae.pictures.upscale import TOLERANCE, UpscaleError, enlarge, enlarge_each, enlarge_uint8


def downsample(images, scale):
    return avg_pool2d(torch.tensor(images), scale).numpy()


@pytest.fixture(scope="module")
def images():
    return vae.load_dataset("fashion-mnist-starter").test.images[:60].astype(np.float32) / 255


@pytest.mark.parametrize("method", ["smooth", "refined"])
@pytest.mark.parametrize("scale", [2, 3, 4, 8, 16])
def test_enlarged_images_average_back_to_the_original(images, scale, method):
    images = images[: 60 if scale < 16 else 4]
    large = enlarge(images, 28 * scale, method)
    assert large.shape == (len(images), 1, 28 * scale, 28 * scale)
    assert large.min() >= 0 and large.max() <= 1
    assert abs(downsample(large, scale) - images).max() <= TOLERANCE


def test_sizes_that_are_no_multiple_are_close(images):
    large = enlarge(images, 100)
    assert large.shape == (60, 1, 100, 100)
    exact = enlarge(images, 112)
    small = [
        np.asarray(Image.fromarray(p[0]).resize((100, 100), Image.Resampling.BOX)) for p in exact
    ]
    assert abs(large[:, 0] - np.array(small)).mean() < 0.02


def test_smooth_has_a_lower_error_than_nearest_and_plain_lanczos(images):
    small = downsample(images, 2)
    smooth, nearest = enlarge(small, 28), enlarge(small, 28, "nearest")
    plain = np.array(
        [
            np.asarray(Image.fromarray(p[0]).resize((28, 28), Image.Resampling.LANCZOS))
            for p in small
        ]
    )[:, None]
    error = [float(np.square(made - images).mean()) for made in (smooth, plain, nearest)]
    assert error[0] < 0.97 * error[1] and error[0] < 0.75 * error[2]


def test_refined_has_a_lower_error_than_smooth(images):
    """On downsampled real images, and on shapes that no training used."""
    for truth, scale in ((images, 2), (synthetic_shapes(40, seed=12345).numpy(), 4)):
        small = downsample(truth, scale)
        refined, smooth = (
            np.square(enlarge(small, truth.shape[2], method) - truth).mean()
            for method in ("refined", "smooth")
        )
        assert refined < 0.9 * smooth


def test_refined_images_do_not_depend_on_the_batch_or_the_other_channels(images):
    one = enlarge(images[:1], 112, "refined")
    assert np.array_equal(one, enlarge(images[:1], 112, "refined"))
    assert abs(enlarge(images[:7], 112, "refined")[:1] - one).max() < 1e-5
    colour = np.concatenate([images[:2], images[2:4], images[4:6]], 1)
    each = np.concatenate([enlarge(colour[:, c : c + 1], 112, "refined") for c in range(3)], 1)
    assert abs(enlarge(colour, 112, "refined") - each).max() < 1e-5
    assert enlarge(images[:2], 100, "refined").shape == (2, 1, 100, 100)


def test_missing_weights_raise_an_error(monkeypatch, tmp_path):
    (tmp_path / "super_resolution.safetensors").write_bytes(
        super_resolution.WEIGHTS.read_bytes()[:5000]
    )
    monkeypatch.setattr(super_resolution, "WEIGHTS", tmp_path / "super_resolution.safetensors")
    with pytest.raises(vae.CheckpointError, match="is missing or damaged; restore it"):
        super_resolution.load_bundled.__wrapped__()


def test_the_network_is_small_and_learns():
    assert super_resolution.WEIGHTS.stat().st_size < 100_000
    data = vae.load_dataset("fashion-mnist-starter")
    losses = [loss for _, loss, _ in train(data, steps=440, batch_size=4, shapes=20)]
    assert losses[-1] < 0.9 * losses[0]


def test_nearest_repeats_every_pixel(images):
    assert np.array_equal(enlarge(images, 84, "nearest"), images.repeat(3, 2).repeat(3, 3))
    assert np.array_equal(enlarge(images, 28), images)


def test_a_constant_image_stays_constant():
    grey = np.full((1, 3, 28, 28), 0.3, np.float32)
    assert abs(enlarge(grey, 224) - 0.3).max() < 1e-5


@pytest.mark.parametrize(("size", "method", "words"), [
    (0, "smooth", "0 pixels; expected 1 to 1024"),
    (5000, "smooth", "5000 pixels"),
    (56, "magic", "'magic'; expected one of refined, smooth, nearest"),
])  # fmt: skip
def test_an_unsupported_size_or_method_is_refused(images, size, method, words):
    with pytest.raises(UpscaleError, match=words):
        enlarge(images, size, method)


def test_many_images_are_enlarged_as_each_alone_in_their_order():
    """Also of several sizes; the threads of the caller are left as they are."""
    random, before = np.random.default_rng(0), torch.get_num_threads()
    sizes = [(28, 28, 1), (16, 32, 3)] * 4
    images = [random.integers(0, 256, size).astype(np.uint8) for size in sizes]
    found = list(enlarge_each(images, 56, "refined"))
    for image, large in zip(images, found, strict=True):
        apart = large.astype(int) - enlarge_uint8(image, 56, "refined")
        assert abs(apart).max() <= 1
    assert torch.get_num_threads() == before
    begun = enlarge_each(images * 1000, 56, "smooth")
    next(begun)
    begun.close()  # ends without the rest


def test_the_network_does_not_refine_large_images(monkeypatch):
    monkeypatch.setattr(super_resolution, "load_bundled", lambda: None)  # not to be called
    image = np.random.default_rng(0).random((1, 1, 130, 130), np.float32)
    assert enlarge(image, 260, "refined").shape == (1, 1, 260, 260)
    with pytest.raises(TypeError):
        enlarge(image[..., :128, :128], 256, "refined")
