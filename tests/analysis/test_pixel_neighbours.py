"""Nearest real images against brute force."""

import numpy as np
import pytest
import torch

import vae
from vae.analysis.pixel_neighbours import PixelIndex, reference_distances


@pytest.fixture(scope="module")
def images():
    return vae.load_dataset("fashion-mnist-starter").test.images[:300]


def test_the_nearest_item_agrees_with_brute_force(images):
    rng = np.random.default_rng(0)
    pictures = np.clip(images[:20].astype(int) + rng.integers(-40, 40, (20, 1, 28, 28)), 0, 255)
    pictures = pictures.astype(np.uint8).transpose(0, 2, 3, 1)
    found = PixelIndex(images).nearest(pictures)
    for picture, item, distance in zip(pictures, *found, strict=True):
        apart = (picture.transpose(2, 0, 1) / 255 - images / 255.0) ** 2
        each = np.sqrt(apart.mean((1, 2, 3)))
        assert item == each.argmin() and distance == pytest.approx(each.min(), abs=1e-6)


def test_a_copy_is_at_distance_zero_and_real_images_are_not(images):
    copies = PixelIndex(images).nearest(images[:50].transpose(0, 2, 3, 1))
    assert (copies.item == np.arange(50)).all() and (copies.distance == 0).all()
    low, middle = reference_distances(images, sample=100)
    each = []
    for k in range(100):
        apart = np.sqrt((((images[k] / 255.0) - images / 255.0) ** 2).mean((1, 2, 3)))
        apart[k] = np.inf
        each.append(apart.min())
    assert low == pytest.approx(np.percentile(each, 5), abs=1e-5)
    assert middle == pytest.approx(np.median(each), abs=1e-5)


def test_images_stay_in_bytes_and_none_has_no_neighbours(images):
    index = PixelIndex(images)
    held = [t for t in vars(index).values() if isinstance(t, torch.Tensor)]
    assert sum(t.numel() * t.element_size() for t in held) < 1.1 * images.nbytes
    none = index.neighbours(images[:0], 3)
    assert none.item.shape == none.distance.shape == (0, 3)
    assert index.nearest(images[:0].transpose(0, 2, 3, 1)).item.shape == (0,)
