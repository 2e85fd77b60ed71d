"""A codec gives what its model gives, as NumPy arrays."""

import numpy as np
import pytest
import torch

import vae
from vae.latent.codec import TorchCodec
from vae.models import MODELS, build


@pytest.mark.parametrize("name", MODELS)
def test_a_codec_encodes_and_decodes_as_its_model_does(name, settings, tiny, pictures):
    model = build(settings(name).model).eval().requires_grad_(False)
    codec, labels = TorchCodec(model), tiny.test.labels
    assert codec.info[:2] == ((1, 8, 8), 2)
    noisy = name in ("hvae", "exemplar")
    assert (codec.info.classes > 0, codec.info.noise_size > 0) == (name == "cvae", noisy)
    assert codec.info.normal_prior == (name != "ae")
    codes = codec.encode(tiny.test.images, labels)
    z = model.encode(pictures, torch.tensor(labels))
    torch.testing.assert_close(torch.tensor(codes.mean), z)
    assert (codes.std is None) == (name in ("ae", "avb"))
    means = codec.pixel_means(codes.mean, label=1, seed=3)
    torch.testing.assert_close(torch.tensor(means), model.picture(z, label=1, seed=3))
    decoded = codec.decode(codes.mean, label=1, seed=3)
    assert np.array_equal(decoded, np.rint(means * 255).astype(np.uint8).transpose(0, 2, 3, 1))
    assert codec.noise(3).shape == (codec.info.noise_size,) and codec.program()


def test_each_code_may_have_its_own_noise_seed(settings):
    codec = TorchCodec(build(settings("hvae").model).eval().requires_grad_(False))
    z = np.zeros((3, 2), np.float32)
    together = codec.pixel_means(z, seed=[0, 1, 2])
    for row, seed in enumerate(range(3)):
        assert np.allclose(together[row], codec.pixel_means(z[:1], seed=seed)[0], atol=1e-6)
    assert not np.allclose(together[0], together[1])
    assert not codec.noise(0).any()


def test_a_noise_seed_is_named_by_its_group_and_its_variation(settings):
    def names(model, *seeds):
        info = TorchCodec(build(settings(model).model).eval()).info
        return [info.seed_name(seed) for seed in seeds]

    assert names("hvae", 0, 7) == ["", "noise seed 7"]
    found = names("exemplar", 0, 5, 64, 195)  # as in tests/js/map.test.mjs
    assert found == ["mixed", "mixed, noise seed 5", "like real items", "new, noise seed 3"]


def test_many_pictures_are_decoded_in_parts_and_each_has_its_own_seed(monkeypatch):
    codec = TorchCodec(vae.load("checkpoints/fashion-hvae").model)
    codes = np.random.default_rng(0).standard_normal((40, 2)).astype(np.float32)
    seeds = np.arange(40)
    whole, zero = codec.pixel_means(codes, seed=seeds), codec.pixel_means(codes)
    monkeypatch.setattr("vae.latent.codec._AT_ONCE", 0)  # sixteen at a time
    assert np.allclose(codec.pixel_means(codes, seed=seeds), whole, atol=1e-5)
    assert np.allclose(codec.pixel_means(codes), zero, atol=1e-5)
