"""`train`: what is refused before the first step, and files that cannot be written."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import vae
from vae.__main__ import main
from vae.commands.train import config_from
from vae.data import load
from vae.formats.sources import ArraySplit, ArraySplits
from vae.garments import dataset
from vae.training import recorder, resume

SMALL = ["--data", "digits", "--size", "8", "--encoder-widths", "8", "--decoder-widths", "8",
         "--fourier", "4", "--device", "cpu", "--no-evaluate"]  # fmt: skip


def train(out, *more):
    return CliRunner().invoke(main, ["train", *SMALL, "--out", str(out), *map(str, more)])


def assert_one_sentence(done, *words):
    assert done.exit_code == 2, done.output
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and all(word in lines[0] for word in words), lines


def full(*arguments, **options):
    raise OSError(28, "No space left on device")


def test_out_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    assert_one_sentence(train(tmp_path / "file", "--epochs", 1), "file cannot be written")
    assert_one_sentence(train(tmp_path / "file/x", "--epochs", 1), "x cannot be written")


@pytest.mark.parametrize("record", ["--record", "--no-record"])
def test_a_full_disk_is_said_before_the_first_step(record, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("vae.training.loop._update", lambda *arguments: pytest.fail("a step"))
    done = train(tmp_path / "m", record)
    assert_one_sentence(done, "m cannot be written (No space left on device)")


def test_a_training_goes_on_without_its_record(tmp_path, monkeypatch):
    write, written = recorder.write_json, []

    def once(path, data):
        if path in written:
            full()
        written.append(path)
        write(path, data)

    monkeypatch.setattr(recorder, "write_json", once)
    done = train(tmp_path / "m", "--epochs", 2)
    assert done.exit_code == 0, done.output
    assert "Some of the record was not written" in done.stderr and "No space left" in done.stderr
    assert len(vae.load(tmp_path / "m").metrics["curve"]) == 2


def test_the_state_is_saved_before_the_first_checkpoint(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*arguments, **options):
        raise Killed

    monkeypatch.setattr("vae.commands.training_session.save", killed)
    monkeypatch.setattr("vae.training.loop._REPORT_SECONDS", 0)
    with pytest.raises(Killed):
        monkeypatch.setattr(
            "vae.training.recorder.Recorder.stop_requested", property(lambda self: True)
        )
        CliRunner().invoke(
            main, ["train", *SMALL, "--out", str(tmp_path / "m")], catch_exceptions=False
        )
    monkeypatch.undo()
    assert (tmp_path / "m" / resume.RESUME).exists()
    done = train(tmp_path / "m", "--resume")
    assert done.exit_code == 0 and "Resuming" in done.stderr, done.output


def test_a_model_too_large_to_load_is_refused_before_it_is_built(tmp_path):
    done = train(tmp_path / "m", "--encoder-widths", ",".join(["16384"] * 32))
    assert_one_sentence(done, "268,435,456 can be loaded", "smaller --encoder-widths")
    assert not (tmp_path / "m").exists()


def test_a_conditional_model_learns_to_do_without_labels_by_default(tiny):
    def config(*arguments):
        command = main.commands["train"]
        with command.make_context("train", ["--out", "x", *arguments]) as context:
            return config_from(context.params, tiny)

    assert config("--model", "cvae").train.unlabelled == 0.1
    assert config("--model", "cvae", "--unlabelled", "0").train.unlabelled == 0
    assert config().train.unlabelled == 0


@pytest.mark.parametrize("data", ["garments", "emoji"])
def test_pictures_in_colour_are_trained_on_by_name_at_their_own_size(data, tmp_path, monkeypatch):
    def read_few(*arguments, **options):
        whole = emoji(*arguments, **options).splits[""]
        parts = (whole.images, whole.labels, whole.columns["subcategory"], np.array(whole.names))
        images, labels, column, names = (values[::40] for values in parts)
        few = ArraySplit(images, labels, {"subcategory": column}, tuple(names.tolist()))
        return ArraySplits({"": few})

    emoji = load.NAMED["emoji"].read
    monkeypatch.setitem(load.NAMED, "emoji", load.NAMED["emoji"]._replace(read=read_few))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(dataset, "COUNTS", {"train": 12, "test": 4})
    few = [*SMALL[:1], data, *SMALL[4:], "--batch-size", "256", "--epochs", "1"]
    done = CliRunner().invoke(main, ["train", *few, "--out", str(tmp_path / "m")])
    assert done.exit_code == 0, done.output
    loaded = vae.load(tmp_path / "m")
    assert loaded.config.model.image_shape == (3, 64, 64)
    assert loaded.config.train.data == data and not loaded.config.preparation.centre


@pytest.mark.parametrize("name", ["train", "evaluate", "encode", "lookup", "score", "augment"])
def test_commands_that_compute_take_a_device(name):
    options = [option for p in main.commands[name].params for option in p.opts]
    assert "--device" in options
