"""The saved state of a training: its data, its device, its checksum and shapes."""

import json

import pytest
import torch

from vae import training
from vae.checkpoint.folder import CheckpointError
from vae.checkpoint.tensor_file import read_tensors, write_tensors
from vae.training import resume

CPU = torch.device("cpu")


@pytest.fixture
def stopped(settings, tiny, tmp_path):
    run = training.new_run(settings(), tiny, CPU)
    run.data = "digest"
    list(training.train(run, tiny, should_stop=lambda: run.step == 4))
    resume.save_run(tmp_path, run)
    return tmp_path


@pytest.fixture
def load(settings, tiny, stopped):
    def load_(data="digest"):
        run = training.new_run(settings(), tiny, CPU)
        run.data = data
        resume.load_run(stopped, run)
        return run

    return load_


def test_a_training_goes_on_with_the_same_data_only(load):
    assert load().step == 4
    with pytest.raises(CheckpointError, match="was trained on other images than tiny has now"):
        load("another digest")


def rewrite(folder, change):
    """Writes the state again, with its checksum, after `change` of its tensors and facts."""
    tensors, metadata = read_tensors(folder / resume.RESUME)
    facts = json.loads(metadata["run"])
    change(tensors, facts)
    write_tensors(folder / resume.RESUME, tensors, {"run": json.dumps(facts)})


def test_random_numbers_of_another_device_are_a_sentence(load, stopped):
    rewrite(stopped, lambda tensors, facts: facts.update(device="cuda"))
    with pytest.raises(CheckpointError, match=r"trained on cuda.*resume with --device cuda"):
        load()


def test_states_without_the_newer_facts_still_open(load, stopped):
    rewrite(stopped, lambda tensors, facts: [facts.pop(key) for key in ("data", "device")])
    assert load().step == 4


FIRST = "optimiser.model.0.exp_avg"
WRONG = {
    "no average": lambda t, f: [t.pop(k) for k in list(t) if k.startswith("averaged.")],
    "misshapen weights": lambda t, f: t.update({"model.mean.weight": torch.zeros(3, 3)}),
    "misshapen moments": lambda t, f: t.update({FIRST: torch.zeros(7)}),
    "no moments": lambda t, f: t.pop(FIRST),
    "nan": lambda t, f: t["model.mean.weight"].fill_(float("nan")),
    "generator": lambda t, f: t.update(generator=torch.zeros(3, dtype=torch.uint8)),
    "no generator": lambda t, f: t.pop("generator"),
    "step": lambda t, f: f.update(step="x"),
    "negative step": lambda t, f: f.update(step=-1),
    "finished": lambda t, f: f.update(finished=None),
    "curve": lambda t, f: f.update(curve=[[1, 2]]),
    "config": lambda t, f: f.update(config=5),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_state_that_does_not_fit_is_refused(wrong, load, stopped):
    rewrite(stopped, WRONG[wrong])
    with pytest.raises(CheckpointError, match="start again without --resume"):
        load()


def test_flipped_bits_are_found(load, stopped):
    file = stopped / resume.RESUME
    whole = file.read_bytes()
    for place in range(9, len(whole), len(whole) // 40):
        raw = bytearray(whole)
        raw[place] ^= 4
        file.write_bytes(raw)
        with pytest.raises(CheckpointError):
            load()
