"""The command line: exit codes, one line per error, Ctrl-C and --resume."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import vae
from vae.__main__ import main
from vae.__main__ import run as command_line

FASHION = str(Path(vae.__file__).parents[1] / "checkpoints/fashion-vae")
SMALL = ["--encoder-widths", "32,32", "--decoder-widths", "16,32", "--fourier", "4"]
ENV = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def command(*arguments):
    return [sys.executable, "-m", "vae", *map(str, arguments)]


def alone(*arguments):
    """In another process, as a user starts it."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=ENV, timeout=60)


@pytest.fixture
def run(monkeypatch, capsys):
    """The same command line in this process, which has loaded torch already."""

    def run_(*arguments):
        monkeypatch.setattr(sys, "argv", ["vae", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line()
        output = capsys.readouterr()
        return subprocess.CompletedProcess(
            arguments, ended.value.code or 0, output.out, output.err
        )

    return run_


@pytest.fixture
def data(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (400, 12, 12), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(400) % 4)
    return tmp_path / "noise.npz"


def arguments(data, out, epochs):
    return [
        *("train", "--data", data, "--out", out, "--epochs", epochs),
        *("--size", 12, "--batch-size", 32, "--device", "cpu", "--threads", 1, *SMALL),
    ]


def test_train_list_evaluate_sample(run, data, tmp_path):
    out = tmp_path / "models" / "mine"
    done = run(*arguments(data, out, 2))
    assert done.returncode == 0, done.stderr
    assert not (out / "resume.safetensors").exists()
    listed = run("list", out.parent)
    assert listed.returncode == 0 and "mine" in listed.stdout
    for part in ("-ELBO", "MSE per pixel", "5-NN", "images)", "python -m vae evaluate"):
        assert part in done.stdout
    stored = vae.load(out).metrics["evaluation"]
    measured = run("evaluate", out, "--data", data, "--json")
    steps = measured.stderr.count("Measuring: ")
    assert "Measuring: codes of" in measured.stderr
    assert len(re.findall(r"^  \d+\.\d s$", measured.stderr, re.M)) == steps > 5
    numbers = json.loads(measured.stdout)
    assert {"neg_elbo", "mse", "knn5", "trustworthiness", "split", "n"} <= numbers.keys()
    assert numbers.keys() == stored.keys() and stored["nll_exact_n"] <= numbers["nll_exact_n"]
    sheets = [tmp_path / "a.png", tmp_path / "b.png"]
    for sheet in sheets:
        assert run("sample", out, "--n", 9, "--out", sheet, "--seed", 3).returncode == 0
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    Image.open(sheets[0]).verify()


def test_a_conditional_model_samples_the_given_label(run, data, tmp_path):
    out = tmp_path / "conditional"
    done = run(*arguments(data, out, 3), "--model", "cvae", "--unlabelled", 0.1, "--no-evaluate")
    assert done.returncode == 0, done.stderr
    sheets = {}
    for label in ("0", "3"):
        sheet = tmp_path / f"{label}.png"
        done = run("sample", out, "--n", 4, "--out", sheet, "--label", label)
        assert done.returncode == 0, done.stderr
        sheets[label] = sheet.read_bytes()
    assert sheets["0"] != sheets["3"]
    refused = run("sample", out, "--n", 4, "--out", tmp_path / "x.png", "--label", "9")
    assert refused.returncode == 2 and "expected one of" in refused.stderr


def test_a_model_that_saw_every_label_says_why_it_has_no_numbers_of_codes(run, data, tmp_path):
    out = tmp_path / "told"
    done = run(*arguments(data, out, 1), "--model", "cvae", "--unlabelled", 0)
    assert done.returncode == 0 and "--unlabelled 0.1" in done.stdout and "1-NN" not in done.stdout
    assert vae.load(out).metrics["evaluation"]["knn5"] is None and vae.load(out).model.needs_label
    Image.fromarray(np.load(data)["images"][0]).save(tmp_path / "x.png")
    for asked in (("lookup", out, tmp_path / "x.png"), ("score", out, tmp_path / "x.png")):
        refused = run(*asked, "--data", data)
        assert refused.returncode == 2 and "--unlabelled 0.1" in refused.stderr
    one = run(*arguments(data, tmp_path / "one", 1), "--latent", 1)
    assert one.returncode == 2 and "--latent 2 or more" in one.stderr


def test_the_aggregate_posterior_is_fitted_by_evaluate_and_sampled(run, data, tmp_path):
    out = tmp_path / "ae"
    started = run(*arguments(data, out, 1), "--model", "ae", "--no-evaluate")
    assert started.returncode == 0, started.stderr
    sheet = tmp_path / "s.png"
    ask = ("sample", out, "--n", 4, "--out", sheet, "--prior", "aggregate")
    refused = run(*ask)
    assert refused.returncode == 2 and "evaluate" in refused.stderr and not sheet.exists()
    measured = run("evaluate", out, "--data", data, "--iwae-k", 10, "--save", "--json")
    numbers = json.loads(measured.stdout)
    assert numbers["nll_exact"] > 0 and numbers["nll_iwae"] is None and numbers["iwae_k"] == 10
    assert vae.load(out).metrics["evaluation"] == numbers
    assert run(*ask).returncode == 0
    Image.open(sheet).verify()


def test_training_starts_from_the_weights_of_another_model(run, data, tmp_path):
    assert run(*arguments(data, tmp_path / "vae", 2), "--no-evaluate").returncode == 0
    more = ("--start", tmp_path / "vae", "--no-evaluate", "--lr", 1e-9)
    done = run(*arguments(data, tmp_path / "avb", 1), "--model", "avb", *more)
    assert done.returncode == 0, done.stderr
    one, two = (vae.load(tmp_path / name).model for name in ("vae", "avb"))
    z = one.sample_prior(5, torch.Generator().manual_seed(0))
    torch.testing.assert_close(one.decode(z), two.decode(z), atol=0.02, rtol=0)


def test_evaluate_finds_the_training_data_again(run, data, tmp_path):
    assert run(*arguments(data, tmp_path / "m", 1), "--no-evaluate").returncode == 0
    done = run("evaluate", tmp_path / "m", "--json")
    assert done.returncode == 0, done.stderr


def test_twice_interrupted_and_resumed_gives_the_uninterrupted_curve(run, data, tmp_path):
    # So many steps that a signal after the first line comes before the last epoch.
    options = [*arguments(data, tmp_path / "cut", 60), "--no-evaluate", "--no-record"]
    epochs = 0
    for number, more in ((signal.SIGINT, []), (signal.SIGTERM, ["--resume"])):
        process = subprocess.Popen(
            command(*options, *more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENV,
        )
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
        assert (tmp_path / "cut" / "resume.safetensors").exists(), "it ended before the signal"
        before, epochs = epochs, len(vae.load(tmp_path / "cut").metrics["curve"])
        assert before < epochs < 60
        refused = run(*options)  # starting again would lose the run
        assert refused.returncode == 2 and "--resume" in refused.stderr
    assert run(*options, "--resume").returncode == 0
    whole = [*arguments(data, tmp_path / "whole", 60), "--no-evaluate", "--no-record"]
    assert run(*whole).returncode == 0
    cut, uncut = (vae.load(tmp_path / name) for name in ("cut", "whole"))
    assert cut.metrics["curve"] == uncut.metrics["curve"]
    assert cut.digest == uncut.digest


WRONG = {
    "unknown model": ["train", "--data", "digits", "--model", "vea", "--out", "{}/o"],
    "unknown data": ["train", "--data", "digit", "--out", "{}/o"],
    "bad widths": ["train", "--data", "digits", "--encoder-widths", "a", "--out", "{}/o"],
    "bad size": ["train", "--data", "digits", "--size", "-3", "--out", "{}/o"],
    "conv of 30": [
        "train",
        "--data",
        "digits",
        "--size",
        "30",
        "--network",
        "conv",
        "--out",
        "{}/o",
    ],
    "bad device": ["train", "--data", "digits", "--device", "tpu", "--out", "{}/o"],
    "bad threads": ["train", "--data", "digits", "--threads", "-2", "--out", "{}/o"],
    "nothing to resume": ["train", "--data", "digits", "--resume", "--out", "{}/o"],
    "diverges": [
        "train",
        "--data",
        "digits",
        "--lr",
        "1e12",
        "--likelihood",
        "gaussian",
        "--out",
        "{}/o",
        "--device",
        "cpu",
        "--epochs",
        "20",
        *SMALL,
    ],
    "no checkpoint": ["evaluate", "{}/nowhere"],
    "no checkpoint to sample": ["sample", "{}/nowhere", "--out", "{}/x.png"],
    "no checkpoint to export": ["export", "{}/nowhere", "--onnx", "{}/x"],
    "nothing to export to": ["export", "{}/nowhere"],
    "no folder": ["list", "{}/nowhere"],
    "nothing to encode": ["encode", FASHION, "{}/nowhere", "--out", "{}/c.npz"],
    "a prior of another model": ["train", "--data", "digits", "--prior", "label", "--out", "{}/o"],
    "unknown prior": ["train", "--data", "digits", "--prior", "vmap", "--out", "{}/o"],
    "bad levels": [
        "train",
        "--data",
        "digits",
        "--model",
        "hvae",
        "--levels",
        "a",
        "--out",
        "{}/o",
    ],
    "nothing to correct": [
        *("train", "--data", "digits", "--model", "avb", "--refine", "3", "--out", "{}/o")
    ],
    "nothing to start from": [
        *("train", "--data", "digits", "--start", "{}/nowhere", "--out", "{}/o")
    ],
    "no marks in the README": ["table", "{}", "--readme", "{}/README.md"],
    "unknown command": ["trian"],
    "unknown option": ["train", "--epoch", "3", "--out", "{}/o"],
    "missing option": ["train"],
    "not a number": ["train", "--epochs", "many", "--out", "{}/o"],
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_exit_2_and_one_line(case, run, tmp_path):
    # One as a user starts it; the others here, which is faster.
    done = (alone if case == "unknown option" else run)(
        *(word.format(tmp_path) for word in WRONG[case])
    )
    assert done.returncode == 2, done.stderr[-800:]
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, lines


def test_sample_accepts_the_prior_named_normal(run, data, tmp_path):
    assert run(*arguments(data, tmp_path / "m", 1), "--no-evaluate").returncode == 0
    done = run("sample", tmp_path / "m", "--out", tmp_path / "s.png", "--prior", "normal")
    assert done.returncode == 0, done.stderr


def interpolate(*arguments):
    """In this process, which is faster than a new process per call."""
    return CliRunner().invoke(main, ["interpolate", *map(str, arguments)])


def test_interpolate_writes_the_format_of_the_suffix_and_refuses_wrong_input(tmp_path):
    model = FASHION
    ends = ("--start", "0.88,0.48", "--end", "-0.57,-0.44")
    film, table = tmp_path / "film.gif", tmp_path / "path.csv"
    done = interpolate(model, *ends, "--steps", 9, "--size", 56, "--out", film)
    assert done.exit_code == 0, done.stderr
    with Image.open(film) as opened:
        assert (opened.n_frames, opened.size) == (9, (56, 56))
    done = interpolate(model, *ends, "--geodesic", "--steps", 9, "--out", table)
    assert done.exit_code == 0, done.stderr
    straight, geodesic = map(float, re.findall(r"(?:straight|geodesic) ([\d.]+)", done.stdout))
    assert geodesic < 0.9 * straight
    rows = [line.split(",")[5:] for line in table.read_text().splitlines()[1:]]
    assert rows[0] == ["0.88", "0.48"] and rows[-1] == ["-0.57", "-0.44"] and len(rows) == 9
    for wrong, words in [
        (("--start", "1", "--end", "0,0", "--out", film), "2 numbers"),
        ((*ends, "--out", tmp_path / "film.avi"), ".gif"),
        ((*ends, "--seed", 3, "--out", film), "no noise seed"),
    ]:
        done = interpolate(model, *wrong)
        assert done.exit_code == 2 and words in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
