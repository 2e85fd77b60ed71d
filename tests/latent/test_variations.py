"""Variations of a picture by the metric of the decoder."""

import numpy as np
import pytest

from vae.latent.codec import CodecInfo
from vae.latent.variations import vary


class Linear:
    """A decoder whose picture is a linear function of the code, as far as it lies in [0, 1]."""

    def __init__(self, latent=2, noise=0, scales=(1.0, 0.05)):
        self.info = CodecInfo((1, 4, 4), latent, noise_size=noise)
        rng = np.random.default_rng(0)
        basis = np.linalg.qr(rng.standard_normal((16, latent)))[0].T * 4  # of RMS 1 per pixel
        self.basis = basis * np.resize(scales, latent)[:, None]

    def pixel_means(self, codes, *, label=None, seed=0):
        noise = np.stack(
            [np.random.default_rng(s).uniform(-1, 1, 16) for s in np.atleast_1d(seed)]
        )
        shift = 0.03 * noise if self.info.noise_size else 0
        pictures = 0.5 + codes @ self.basis + shift
        return pictures.reshape(-1, 1, 4, 4).astype(np.float32)


def rms(codec, z, parent, seeds=0, seed=0):
    pictures, original = (
        codec.pixel_means(z, seed=seeds),
        codec.pixel_means(parent[None], seed=seed),
    )
    return np.sqrt(((pictures - original) ** 2).mean((1, 2, 3)))


def test_variations_are_as_far_in_pixels_whatever_the_scale_of_the_latents():
    codec, parent = Linear(), np.array([0.02, -0.3])
    found = vary(codec, parent, 12, distance=0.05, diversity=1.0)
    assert len(found.z) == 12
    assert np.allclose(found.distance, rms(codec, found.z.astype(float), parent), atol=1e-5)
    assert (found.distance <= 0.0551).all() and (found.distance > 0.045).sum() >= 6
    moved = found.z - parent
    # A Gaussian of one width would move both latents alike.
    assert np.abs(moved[:, 1]).max() > 4 * np.abs(moved[:, 0]).max()
    again = vary(codec, parent, 12, distance=0.05, diversity=1.0)
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


def test_the_dial_leads_from_alike_the_original_to_unlike_each_other():
    codec, parent = Linear(scales=(1.0, 1.0)), np.zeros(2)

    def smallest_gap(diversity):
        found = vary(codec, parent, 6, distance=0.1, diversity=diversity)
        pictures = codec.pixel_means(found.z).reshape(6, -1)
        gaps = np.sqrt(((pictures[:, None] - pictures[None]) ** 2).mean(2))
        return gaps[~np.eye(6, dtype=bool)].min(), found.distance.mean()

    alike, diverse = smallest_gap(0.0), smallest_gap(1.0)
    assert diverse[0] > 3 * alike[0] and diverse[1] > 1.5 * alike[1]
    assert diverse[0] > 0.08  # six on a circle are as far from each other as from its centre


def test_the_class_holds_also_where_it_ends_near_the_original():
    codec, parent = Linear(scales=(1.0, 1.0)), np.array([0.0, 0.01])

    def classify(pictures):  # the class ends 0.01 below the original
        codes = (pictures.reshape(len(pictures), -1) / 255 - 0.5) @ np.linalg.pinv(codec.basis)
        inside = (codes[:, 1] > 0.0).astype(float)
        return np.stack([1 - inside, inside], 1)

    found = vary(codec, parent, 12, distance=0.1, classify=classify, keep=1)
    assert len(found.z) == 12 and (found.classes == 1).all() and (found.z[:, 1] > -2e-3).all()
    free = vary(codec, parent, 12, distance=0.1, classify=classify, diversity=1.0)
    assert set(free.classes) == {0, 1}
    none = vary(codec, parent, 12, distance=0.1, inside=lambda z: np.zeros(len(z), bool))
    assert len(none.z) == 0 and none.classes.shape == (0,)


def test_what_is_refused_is_avoided_and_noise_is_varied_in_its_group():
    codec, parent = Linear(scales=(1.0, 1.0)), np.zeros(2)
    first = vary(codec, parent, 8, distance=0.1, diversity=1.0)
    refused = codec.pixel_means(first.z[-1:])
    images = (refused.transpose(0, 2, 3, 1) * 255).round().astype(np.uint8)
    found = vary(codec, parent, 8, distance=0.1, diversity=1.0, unlike=images)
    to_refused = np.sqrt(((codec.pixel_means(found.z) - refused) ** 2).mean((1, 2, 3)))
    assert (to_refused > found.distance - 0.002).all()

    noisy = Linear(noise=3)
    found = vary(noisy, parent, 12, distance=0.08, noise_seed=256 + 7)
    assert np.allclose(found.distance, rms(noisy, found.z, parent, found.seeds, 263), atol=1e-5)
    assert ((found.seeds >= 256) & (found.seeds < 512)).all() and len(set(found.seeds)) > 3


@pytest.mark.parametrize("latent", [2, 10])
def test_more_latents_are_walked_in_random_directions(latent):
    codec = Linear(latent, scales=(0.5,))
    found = vary(codec, np.zeros(latent), 12, distance=0.05, diversity=1.0)
    assert len(found.z) == 12
    assert np.linalg.matrix_rank(found.z, tol=1e-3) == min(latent, 12)
