"""The loop: its average of the weights, its curve, losses that are not finite, its warnings."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vae import training
from vae.nn.networks import bounded
from vae.training import resume
from vae.training.batches import LabelledImages
from vae.training.diagnosis import diagnose
from vae.training.state import EpochMetrics

CPU = torch.device("cpu")


def test_the_average_follows_its_recursion_and_survives_a_resume(settings, tiny, tmp_path):
    run = training.new_run(settings(ema=0.5), tiny, CPU)
    expected = [p.clone() for p in run.model.parameters()]
    step = 0

    def check():
        """Before each step: the average of the steps so far, with a decay of at most 0.5."""
        nonlocal step
        if run.step > step:
            step = run.step
            decay = min(0.5, step / (9 + step))
            for average, weight in zip(expected, run.model.parameters(), strict=True):
                average.lerp_(weight.detach(), 1 - decay)
        return step == 8

    list(training.train(run, tiny, should_stop=check))
    assert step == 8
    for average, weight in zip(expected, run.ema_model.parameters(), strict=True):
        torch.testing.assert_close(weight, average)
    resume.save_run(tmp_path, run)
    # The names in the file are those of earlier versions, whose stopped trainings still resume.
    names = {name.split(".")[0] for name in load_file(tmp_path / resume.RESUME)}
    assert names == {"model", "averaged", "optimiser", "generator"}
    again = training.new_run(settings(ema=0.5), tiny, CPU)
    resume.load_run(tmp_path, again)
    assert int(again.ema.n_averaged) == int(run.ema.n_averaged) == 9
    for one, two in zip(run.ema_model.parameters(), again.ema_model.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("options", [{}, {"patience": 3}, {"binarize": True}], ids=str)
def test_the_curve_measures_the_same_between_epochs_as_at_their_ends(options, settings, tiny):
    run = training.new_run(settings(epochs=2, **options), tiny, CPU)
    reports = list(training.train(run, tiny))
    assert reports[0].step == 0 and reports[0].measure is not None
    assert reports[-1].measure() == reports[-1].metrics == run.curve[-1]
    # With early stopping both measure the validation split and not the test split.
    part = tiny.test if not options.get("patience") else None
    if part is not None and not options:
        x, y = torch.tensor(part.images).float() / 255, torch.tensor(part.labels)
        terms = run.ema_model.terms(x, y, torch.Generator().manual_seed(0))
        assert float(terms.kl.mean()) == pytest.approx(run.curve[-1].held_out_kl, rel=1e-5)


@pytest.mark.parametrize("name", ["vae", "avb"])
def test_a_loss_that_is_not_finite_changes_no_weight(name, settings, tiny):
    run = training.new_run(settings(name), tiny, CPU)
    loss, before, calls = run.model.loss, {}, []

    def fails_at_the_third(batch):
        calls.append(run.step)
        if run.step == 2:
            before.update({k: v.clone() for k, v in run.model.state_dict().items()})
        return loss(batch) * (float("nan") if run.step == 2 else 1)

    run.model.loss = fails_at_the_third
    with pytest.raises(training.TrainingError, match=r"the model's loss became nan .* at step 3;"):
        list(training.train(run, tiny))
    assert run.step == 2
    for key, value in run.model.state_dict().items():
        assert torch.equal(value, before[key]), key


def of(tiny):
    return LabelledImages(*(torch.tensor(part) for part in tiny.test))


def test_codes_at_the_edge_are_said(settings, tiny):
    run = training.new_run(settings(), tiny, CPU)
    assert diagnose(run, of(tiny)) == ()
    with torch.no_grad():
        run.ema_model.mean.bias.fill_(100)
    (warning,) = diagnose(run, of(tiny))
    assert warning.startswith("100% of the codes are at the edge of the latent space (±6): lower")


@pytest.mark.parametrize(("name", "words"), [("vae", "latent 2 of 2"), ("hvae", "level 2 of 2")])
def test_unused_latents_are_said(name, words, settings, tiny):
    run = training.new_run(settings(name, lr=0.01, epochs=60), tiny, CPU)
    list(training.train(run, tiny, should_stop=lambda: run.step == 90))
    run.step = 200
    with torch.no_grad():
        run.ema_model.mean.weight[1] = 0
        if name == "hvae":
            run.ema_model.q[0].weight.zero_()
            run.ema_model.q[0].bias.zero_()
    assert words in " ".join(diagnose(run, of(tiny)))


def test_a_loss_that_does_not_fall_is_said(settings, tiny):
    run = training.new_run(settings(), tiny, CPU)
    run.curve = [EpochMetrics(k, 100.0 + k, 1.0, 50.0, 1.0) for k in (1, 2, 3)]
    assert (
        "has not fallen since the first epoch (102.0 nats, now 104.0)"
        in diagnose(run, of(tiny))[0]
    )
    run.curve[-1] = run.curve[-1]._replace(train_reconstruction=90.0)
    assert diagnose(run, of(tiny)) == ()


def test_gradients_lead_back_from_the_edge_and_not_out():
    x = torch.tensor([-9.0, -9.0, 0.0, 9.0, 9.0], requires_grad=True)
    y = bounded(x, -6, 6)
    assert y.tolist() == [-6, -6, 0, 6, 6]
    y.backward(torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]))
    # A step goes against the gradient.
    assert x.grad.tolist() == [0, -1, 1, 1, 0]


def test_the_rate_of_the_first_layer_fits_the_number_of_pixels(settings, tiny):
    def rates(images, **options):
        data = dataclasses.replace(tiny, train=tiny.train._replace(images=images))
        config = settings(image_shape=images.shape[1:], **options)
        run = training.new_run(config, data, CPU)
        (optimiser,) = run.optimisers.values()
        training.one_cycle(optimiser, 0, 10, config)
        return {id(p): g["max_lr"] for g in optimiser.param_groups for p in g["params"]}, run.model

    found, model = rates(np.zeros((4, 3, 64, 64), np.uint8), lr=1.0)
    assert found.pop(id(model.encoder[2].weight)) == 784 / (3 * 64 * 64)
    assert set(found.values()) == {1.0}
    for options in ({}, {"network": "conv"}):
        found, _ = rates(np.zeros((4, 1, 28, 28), np.uint8), lr=1.0, **options)
        assert set(found.values()) == {1.0}
