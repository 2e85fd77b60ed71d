"""The loop's moving average of the weights, in memory and through a saved state."""

import torch
from safetensors.torch import load_file

from vae import training
from vae.training import resume

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
