"""Measuring on a GPU, by tensors that pretend to be on one: the numbers are those of the CPU."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from pretend_cuda import CUDA, pretend_cuda

from vae import Split, anomaly, evaluation
from vae.anomaly import likelihood_regret, residuals
from vae.anomaly.summary_statistics import fit_summary
from vae.evaluation import metrics, quadrature
from vae.latent.aggregate_posterior import fit_aggregate_posterior
from vae.latent.encoding import encode_images
from vae.models import MODELS, build

CASES = [(name, {}) for name in MODELS if name != "beta-vae"]  # of the same class as vae
CASES += [("vae", {"likelihood": name}) for name in ("gaussian", "continuous-bernoulli")]
CASES += [("vae", {"prior": "flow"}), ("cvae", {"prior": "label"}), ("vae", {"refine": 2})]
CASES += [("vae", {"latent": 3}), ("hvae", {"latent": 3})]


def measured(model, data, codes, aggregate):
    train_codes, test_codes = codes
    numbers = evaluation.evaluate(
        model, data, iwae_k=20, codes=test_codes, train_codes=train_codes, aggregate=aggregate
    )
    summary = fit_summary(model, data.train.images)
    scorer = anomaly.Scorer(model, aggregate, summary)
    images = data.test.images[:2]
    for name in anomaly.available_scores(scorer):
        numbers[name] = anomaly.score_images(scorer, images, name).tolist()
    numbers["heatmap"] = residuals.heatmaps(model, images).ravel().tolist()
    numbers["pictures"] = residuals.reconstructions(model, images).ravel().tolist()
    return numbers


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_every_number_is_measured_on_a_gpu(name, options, settings, tiny, monkeypatch):
    # Every kind of step once: each costs far more than on a device that is there.
    monkeypatch.setattr(quadrature, "_POINTS", 100)
    monkeypatch.setattr(quadrature, "_MAX_DEPTH", 0)
    monkeypatch.setattr(likelihood_regret, "_STEPS", 2)
    monkeypatch.setattr(metrics, "_GRID_SIDE", 4)
    some = Split(*(part[:3] for part in tiny.test))
    tiny = dataclasses.replace(tiny, test=some)
    torch.manual_seed(0)
    model = build(settings(name, **options).model).eval().requires_grad_(False)
    with torch.no_grad():  # codes with some spread
        getattr(model, "mean", getattr(model, "code", None)).weight.mul_(8)
    on_gpu = copy.deepcopy(model)
    codes = [encode_images(model, *split) for split in (tiny.train, tiny.test)]
    aggregate = fit_aggregate_posterior(model, codes[0], tiny.train.labels)
    expected = measured(model, tiny, codes, aggregate)
    with pretend_cuda(monkeypatch):
        on_gpu.to(CUDA)
        assert np.array_equal(encode_images(on_gpu, *tiny.test).mean, codes[1].mean)
        found = measured(on_gpu, tiny, codes, aggregate)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        is_number = isinstance(value, float | list)
        assert found[key] == (pytest.approx(value, 1e-4, 1e-5) if is_number else value), key
