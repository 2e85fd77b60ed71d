"""Enlargements average back to the original images and stay within [0, 1]."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import vae
from vae.garments import render, sample
from vae.pictures import super_resolution
from vae.pictures.super_resolution_training import synthetic_shapes, train, train_colour
from vae.pictures.upscale import TOLERANCE, UpscaleError, enlarge, enlarge_each, enlarge_uint8


def downsample(images, scale):
    return F.avg_pool2d(torch.tensor(images), scale).numpy()


def each_channel(images, size):
    """Refined by the network of grey images."""
    channels = np.split(images, images.shape[1], 1)
    return np.concatenate([enlarge(channel, size, "refined") for channel in channels], 1)


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


@pytest.mark.parametrize(("name", "to_grey"), [("emoji", 0.9), ("garments", 0.8)])
def test_colour_images_are_refined_better_than_channel_by_channel(name, to_grey):
    """Held-out emoji, and garments drawn at 128 pixels, of which none were trained on."""
    if name == "emoji":
        truth = vae.load_dataset("emoji").test.images[::4]
    else:
        truth = render(sample(24, seed=1), 128)
    truth = truth.astype(np.float32) / 255
    small, size = downsample(truth, 2), truth.shape[2]
    refined = enlarge(small, size, "refined")
    assert abs(downsample(refined, 2) - small).max() < 1e-6
    bicubic = F.interpolate(torch.tensor(small), size=size, mode="bicubic").clamp(0, 1).numpy()
    error, of_grey, of_bicubic = (
        np.square(made - truth).mean() for made in (refined, each_channel(small, size), bicubic)
    )
    assert error < to_grey * of_grey and error < 0.4 * of_bicubic
    of_edges, of_edges_before = (
        abs(np.diff(made - truth)).mean() for made in (refined, each_channel(small, size))
    )
    assert of_edges < 0.95 * of_edges_before


def test_refined_colour_images_keep_greys_and_plain_grounds(images):
    grey = images[:8].repeat(3, 1)
    made = enlarge(grey, 112, "refined")
    assert abs(made - made.mean(1, keepdims=True)).mean() < 0.003
    assert abs(made - enlarge(images[:8], 112, "refined")).mean() < 0.02
    grounds = np.array([(0, 0, 0), (1, 1, 1), (0.96, 0.95, 0.93), (0.5, 0.5, 0.5)], np.float32)
    plain = grounds[:, :, None, None].repeat(64, 2).repeat(64, 3)
    assert abs(enlarge(plain, 256, "refined") - plain[..., :1, :1]).max() < 1 / 255


def test_refined_images_do_not_depend_on_the_batch_or_the_other_channels(images):
    one = enlarge(images[:1], 112, "refined")
    assert np.array_equal(one, enlarge(images[:1], 112, "refined"))
    assert abs(enlarge(images[:7], 112, "refined")[:1] - one).max() < 1e-5
    pairs = np.concatenate([images[:2], images[2:4]], 1)
    assert abs(enlarge(pairs, 112, "refined") - each_channel(pairs, 112)).max() < 1e-5
    assert enlarge(images[:2], 100, "refined").shape == (2, 1, 100, 100)


@pytest.mark.parametrize("colours", [1, 3])
def test_missing_weights_raise_an_error(monkeypatch, tmp_path, colours):
    damaged = tmp_path / "super_resolution.safetensors"
    damaged.write_bytes(super_resolution.WEIGHTS[colours].read_bytes()[:5000])
    monkeypatch.setitem(super_resolution.WEIGHTS, colours, damaged)
    with pytest.raises(vae.CheckpointError, match="is missing or damaged; restore it"):
        super_resolution.load_bundled.__wrapped__(colours)


def test_the_networks_are_small_and_learn():
    assert max(path.stat().st_size for path in super_resolution.WEIGHTS.values()) < 200_000
    data = vae.load_dataset("fashion-mnist-starter")
    losses = [loss for _, loss, _ in train(data, steps=440, batch_size=4, shapes=20)]
    assert losses[-1] < 0.9 * losses[0]


def test_training_in_colour_depends_on_the_seed_alone():
    options = {"steps": 9, "batch_size": 2, "garments": 6, "shapes": 3}
    networks = [
        [network for *_, network in train_colour(vae.load_dataset("emoji"), **options, seed=seed)]
        for seed in (1, 1, 2)
    ]
    first, again, other = (network[-1].last.weight for network in networks)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.abs().max() > 0  # the untrained network returns the enlargement


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
    monkeypatch.setattr(super_resolution, "load_bundled", lambda colours: None)  # not to be called
    image = np.random.default_rng(0).random((1, 1, 130, 130), np.float32)
    assert enlarge(image, 260, "refined").shape == (1, 1, 260, 260)
    with pytest.raises(TypeError):
        enlarge(image[..., :128, :128], 256, "refined")
