"""Codes of whole splits against those of their images one batch at a time."""

import numpy as np
import pytest
import torch

from vae.latent.bulk_encoding import encode_split
from vae.latent.encoding import LabelError, encode_images
from vae.models import build
from vae.nn import semi_amortised

N = 2000


def images(tiny):
    rng = np.random.default_rng(3)
    rows = rng.integers(0, len(tiny.train.labels), N)
    noisy = tiny.train.images[rows].astype(int) + rng.integers(-20, 20, (N, 1, 8, 8))
    return noisy.clip(0, 255).astype(np.uint8), tiny.train.labels[rows]


@pytest.fixture
def model(settings):
    torch.manual_seed(0)
    return build(settings(refine=3).model).eval()


def counting(model):
    """The numbers of codes that the decoder is asked for."""
    asked, decode = [], model.decode

    def counted(z, *labels):
        asked.append(len(z))
        return decode(z, *labels)

    model.decode = counted
    return asked


def test_many_images_share_what_is_decoded(model, tiny):
    pixels, labels = images(tiny)
    asked = counting(model)
    exact = encode_images(model, pixels, labels)
    directly = sum(asked)
    asked.clear()
    told = []
    found = encode_split(model, pixels, labels, progress=lambda *done: told.append(done))
    assert sum(asked) < directly / 2
    assert np.quantile(np.abs(found.mean - exact.mean) / exact.std, 0.99) < 0.01
    assert np.quantile(np.abs(np.log(found.std / exact.std)), 0.99) < 0.01
    assert told == sorted(told) and told[0] == (0, N) and told[-1] == (N, N)


def test_what_the_lattice_leaves_is_refined_by_decoding(model, tiny, monkeypatch):
    monkeypatch.setattr("vae.nn.code_lattice._MIN_STD", 10.0)  # too narrow, all of them
    pixels, labels = images(tiny)
    exact = encode_images(model, pixels, labels)
    found = encode_split(model, pixels, labels)
    np.testing.assert_allclose(found.mean, exact.mean, atol=1e-5)
    np.testing.assert_allclose(found.std, exact.std, rtol=1e-3)


def test_few_images_and_other_models_are_encoded_one_by_one(model, settings, tiny):
    pixels, labels = images(tiny)
    for other, count in ((model, 500), (build(settings("ae").model), N), (model, N)):
        other.refine = other.refine if count == 500 else 0
        part = pixels[:count], labels[:count]
        found, exact = encode_split(other, *part), encode_images(other, *part)
        np.testing.assert_array_equal(found.mean, exact.mean)


def test_each_label_has_its_own_lattice(settings, tiny):
    torch.manual_seed(0)
    model = build(settings("cvae", refine=2).model).eval()
    pixels, labels = images(tiny)
    exact, found = (encode(model, pixels, labels) for encode in (encode_images, encode_split))
    assert np.quantile(np.abs(found.mean - exact.mean) / exact.std, 0.99) < 0.01
    without = encode_split(model, pixels)
    assert np.abs(without.mean - exact.mean).max() > 0.01
    model.needs_label = True
    with pytest.raises(LabelError):
        encode_split(model, pixels)


def test_the_better_start_is_that_of_refining(model, tiny):
    """Without a Newton step `refine_posterior` returns its start."""
    x = torch.from_numpy(images(tiny)[0][:200]).float() / 255
    with torch.no_grad():
        start = model.newton_start(x)
        mean, log_var = model.amortised_posterior(x, torch.full((200,), -1))
        energy = model._energy(-1)
        options = energy | {"grid": semi_amortised.decode_grid(energy["decode"], model.prior())}
        expected, _ = semi_amortised.refine_posterior(x, mean, mean, steps=0, **options)
    torch.testing.assert_close(start.mean, expected)
    torch.testing.assert_close(start.std, (0.5 * log_var).exp())
