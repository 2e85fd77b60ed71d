"""The exemplar VAE: its table, its likelihood and its continuity, against independent formulas."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from vae import checkpoint, training
from vae.config import ConfigError
from vae.data.dataset import evenly_spaced
from vae.evaluation import iwae
from vae.models import build
from vae.models.contexts import EXEMPLAR_SEEDS

CPU = torch.device("cpu")


def weights_at(table, z, factor=1.0):
    """pi_n(z) of one place, by the formula of the layer."""
    squares = np.square(z - table.place.double().numpy()).sum(1)
    reach = np.sort(squares)[: table.NEAREST][-1] - squares.min()
    width = factor * table.bandwidth * reach + table.EPSILON
    share = np.exp(-(squares - squares.min()) / width)
    return share / share.sum()


def log_normal(x, mean, std):
    return -0.5 * np.square((x - mean) / std) - np.log(std) - 0.5 * math.log(2 * math.pi)


@pytest.fixture
def line(settings, pictures):
    """A model with a map code and a detail code of one number each, and 7 exemplars."""
    torch.manual_seed(3)
    config = settings("exemplar", latent=1, levels=(1,), exemplars=7, fourier=0).model
    model = build(config).eval().requires_grad_(False)
    model.decoder[1].weight.mul_(3)
    model.spread.fill_(0.4)
    for head in (model.log_var, model.detail_log_var):  # q as wide as what is integrated
        head.bias.fill_(0.3)
    return model


@torch.inference_mode()
def test_likelihood_and_kl_agree_with_integrals_over_both_codes(line, pictures):
    axis = np.linspace(-7, 7, 701)
    cell, table = axis[1] - axis[0], line.table
    codes, spread = table.code[:, 0].double().numpy(), float(line.spread)
    shares = np.stack([weights_at(table, z) for z in axis])  # [Z, N]
    kernels = np.exp(log_normal(axis[:, None], codes, spread))  # [W, N]
    prior = shares @ kernels.T  # p(w|z) [Z, W]
    assert np.allclose(prior.sum(1) * cell, 1, atol=1e-3)
    logits = line.decoder[1:](torch.tensor(axis, dtype=torch.float32)[:, None])
    density = np.exp(log_normal(axis, 0.0, 1.0))
    x = pictures[:3]
    exact = []
    for one in x:
        nll = line.likelihood.nll(logits, one.expand_as(logits)).double().numpy()
        exact.append(-np.log((density @ prior @ np.exp(-nll)) * cell * cell))
    bound = iwae.importance_weighted(line, x, samples=8000)
    assert bound.nll.tolist() == pytest.approx(exact, abs=0.03)

    terms = line.terms(x, generator=torch.Generator().manual_seed(0), samples=60_000)
    (mean, log_var), (below, below_log_var) = line._of_map(x), line._of_detail(x)
    for i in range(3):
        q_z = np.exp(log_normal(axis, float(mean[i]), math.exp(log_var[i] / 2)))
        log_q = log_normal(axis, float(below[i]), math.exp(below_log_var[i] / 2))
        inner = (np.exp(log_q) * (log_q - np.log(prior))).sum(1) * cell
        assert float(terms.levels[i, 1]) == pytest.approx((q_z * inner).sum() * cell, abs=0.05)


def test_a_place_without_noise_blends_its_neighbours_at_their_variance(settings):
    torch.manual_seed(0)
    model = build(settings("exemplar").model).eval().requires_grad_(False)
    z, table = torch.randn(6, 2), model.table

    def expected(width):
        codes = []
        for row in z.numpy():
            near, wide = (weights_at(table, row, width * f) for f in (1.0, table.WIDE))
            centre = wide @ table.code.numpy()
            gain = np.square(near).sum() ** (-table.RESTORE / 2)
            codes.append(centre + gain * (near @ table.code.numpy() - centre))
        return model.decode_detail(torch.tensor(np.stack(codes), dtype=torch.float32))

    torch.testing.assert_close(model.decode(z), expected(1.0), rtol=1e-4, atol=1e-5)
    blended = model.picture(z, seed=3 * EXEMPLAR_SEEDS.variations)  # no noise, a wider kernel
    torch.testing.assert_close(blended, expected(2**1.5).sigmoid(), rtol=1e-4, atol=1e-5)
    one, two = (model.picture(z, seed=seed) for seed in (1, 2))
    assert not torch.allclose(one, two)
    groups = [EXEMPLAR_SEEDS.variations * k for k in range(4)]
    noise = torch.stack([model.context_vector(seed=first + 5) for first in groups])
    assert (
        noise[:, -1].tolist() == list(EXEMPLAR_SEEDS.group_numbers)
        and (noise[:, :-1] == noise[0, :-1]).all()
    )
    many = torch.randn(3000, 2)  # more than are decoded at a time
    torch.testing.assert_close(model.decode(many)[-5:], model.decode(many[-5:]))


def test_the_image_changes_continuously_along_a_path_through_items(settings):
    torch.manual_seed(0)
    model = build(settings("exemplar").model).eval().requires_grad_(False)
    ends = model.table.place[:2]
    steps = []
    for frames in (2001, 4001):
        share = torch.linspace(0, 1, frames)[:, None]
        z = ends[0] + share * (ends[1] - ends[0])
        w = model.table(torch.cat([z, torch.zeros(len(z), 3)], dim=1))
        steps.append(float(w.diff(dim=0).norm(dim=1).max()))
    assert steps[1] < 0.6 * steps[0]  # half the step, half the change: no jump


def test_the_table_holds_training_images_alone_as_the_averaged_weights_encode_them(settings, tiny):
    run = training.new_run(settings("exemplar", epochs=2, exemplars=30), tiny, CPU)
    list(training.train(run, tiny, should_stop=lambda: run.step == 4))  # within an epoch
    model = run.result
    x = torch.tensor(tiny.train.images[evenly_spaced(60, 30)]).float() / 255
    torch.testing.assert_close(model.table.place, model.encode(x).half().float())
    torch.testing.assert_close(model.table.code, model._of_detail(x)[0].half().float())
    assert torch.equal(run.model.table.place, model.table.place)
    patient = training.new_run(settings("exemplar", patience=3, exemplars=60), tiny, CPU)
    list(training.train(patient, tiny))
    table = patient.result.table
    assert (table.place[54:] == table.FAR).all() and table.place[:54].abs().max() <= 6
    assert patient.result.decode(table.place[:9]).isfinite().all()


@torch.no_grad()
def test_the_spread_is_that_of_items_outside_the_table(settings):
    """Codes that are drawn around the exemplars of a known spread, at the same place."""
    model = build(settings("exemplar", exemplars=400, levels=(2,)).model)
    truth = torch.tensor([0.2, 0.7])
    generator = torch.Generator().manual_seed(0)
    w = truth * torch.randn(400, 2, generator=generator) / math.sqrt(2)
    places = 0.1 * torch.randn(400, 2, generator=generator)
    model._of_map = lambda x: (places, None)
    model._of_detail = lambda x: (w, torch.full_like(w, -20.0))
    model.keep([torch.zeros(400, 1, 8, 8)])
    assert (model.spread > 0.5 * truth).all() and (model.spread < 1.2 * truth).all()


def test_a_checkpoint_lacks_what_only_training_needs(settings, pictures, tmp_path):
    config = settings("exemplar", latent=3)
    model = build(config.model)
    checkpoint.save(tmp_path / "m", model, config, {})
    loaded = checkpoint.load(tmp_path / "m").model
    assert loaded.map_decoder is None and model.map_decoder is not None
    assert not any(name.startswith("map_decoder") for name in loaded.state_dict())
    z, order = loaded.encode(pictures), torch.tensor([2, 0, 1])
    before = loaded.picture(z, seed=1)
    loaded.reorder(order)
    torch.testing.assert_close(loaded.encode(pictures), z[:, order])
    torch.testing.assert_close(loaded.picture(z[:, order], seed=1), before)


def test_the_map_of_another_model_is_kept_and_only_the_detail_trained(settings, tiny):
    widths = {"encoder_widths": (32, 32), "decoder_widths": (8, 16, 16)}
    start = settings("vae")
    start = build(replace(start.model, **widths)).state_dict()
    run = training.new_run(settings("exemplar", frozen_map=True, epochs=2), tiny, CPU, start)
    assert [player.name for player in run.model.players()] == ["detail"]
    list(training.train(run, tiny))
    found = run.result.state_dict()
    for name, value in start.items():
        name = name.replace("decoder.", "map_decoder.", 1)
        assert torch.equal(found[name], value), name
    for name, of, words in (
        ("vae", start, "only a model of kind exemplar"),
        ("exemplar", None, r"--start \(none\) got no encoder.2.weight of the shape \[32, 64\]"),
        ("exemplar", {"mean.bias": start["mean.bias"]}, "same --latent, --network and"),
    ):
        with pytest.raises(ConfigError, match=words):
            training.new_run(settings(name, frozen_map=True), tiny, CPU, of)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": ()}, "one size such as 64"),
        ({"levels": (3, 4)}, "one size such as 64"),
        ({"exemplars": 0}, "2 exemplars or more"),
        ({"exemplars": 10_000, "levels": (128,)}, "at most 8,065 exemplars"),
    ],
)
def test_a_table_that_is_missing_or_too_large_is_refused(settings, options, words):
    with pytest.raises(ConfigError, match=words):
        build(settings("exemplar", **options).model)
