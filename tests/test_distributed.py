"""Several processes that train one model: the same curve as one, a stop of all, a lost one."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import vae
from vae import noise
from vae.noise import Rows

SMALL = ["--data", "fashion-mnist-starter", "--batch-size", "500", "--epochs", "1", "--full",
         "--encoder-widths", "48", "--decoder-widths", "48", "--no-evaluate"]  # fmt: skip


def command(out, *options, processes=1):
    run = [sys.executable, "-m"]
    if processes > 1:
        run += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    return [*run, "vae", "train", *SMALL, "--out", str(out), *options]


def train(out, *options, processes=1):
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command(out, *options, processes=processes), env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.mark.parametrize("model", ["vae", "avb"])
def test_two_processes_learn_what_one_does(tmp_path, model):
    for processes in (1, 2):
        train(tmp_path / str(processes), "--model", model, processes=processes)
    one, two = (vae.load(tmp_path / name) for name in ("1", "2"))
    first, second = (c.metrics["curve"][-1] for c in (one, two))
    for name, value in first.items():
        assert second[name] == pytest.approx(value, abs=0.05), name
    weights = [load_file(tmp_path / n / "weights.safetensors") for n in ("1", "2")]
    off = max(float(abs(weights[0][k] - weights[1][k]).max()) for k in weights[0])
    print(f"{model}: largest difference of a weight {off:.1e}")
    assert off < 5e-3
    status = (tmp_path / "2" / "run" / "status.json").read_text()
    assert '"processes": 2' in status and '"state": "finished"' in status


def test_a_stop_stops_all_and_a_lost_process_leaves_what_can_go_on(tmp_path):
    out = tmp_path / "r"
    options = ("--epochs", "500", "--model", "vae")
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    started = subprocess.Popen(
        command(out, *options, processes=2), env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.time() + 60
        curve = out / "run" / "curve.jsonl"
        while not (curve.exists() and curve.read_text().count("\n") > 2):
            assert time.time() < until and started.poll() is None
            time.sleep(0.1)
        (out / "run" / "STOP").touch()
        _, said = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode == 0 and "Go on with --resume" in said
    at = len(curve.read_text().splitlines())

    started = subprocess.Popen(
        command(out, *options, "--resume", processes=2), env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.time() + 60
        while len(curve.read_text().splitlines()) <= at:
            assert time.time() < until and started.poll() is None
            time.sleep(0.1)
        listed = subprocess.run(
            ["pgrep", "-P", str(started.pid)], capture_output=True, text=True
        ).stdout.split()
        os.kill(int(listed[-1]), signal.SIGKILL)
        _, said = started.communicate(timeout=90)
    finally:
        started.kill()
    assert started.returncode != 0
    assert (out / "resume.safetensors").exists() and vae.load(out).config.train.epochs == 500


def test_each_process_keeps_its_rows_of_the_same_noise():
    def drawn(rows, shape, axis):
        generator = torch.Generator().manual_seed(5)
        with noise.rows(rows):
            first = noise.normal(shape, generator, axis=axis)
        return first, noise.normal((3,), generator)

    for axis, times in ((0, 1), (0, 4), (1, 1), (1, 2)):

        def shape(count, axis=axis, times=times):
            return (times * count, 2) if axis == 0 else (3, times * count, 2)

        whole, after = drawn(Rows(0, 10, 10), shape(10), axis)
        parts = [drawn(Rows(a, b, 10), shape(b - a), axis) for a, b in ((0, 4), (4, 10))]
        split = [p.unflatten(axis, (times, -1)) for p, _ in parts]
        joined = torch.cat(split, axis + 1).flatten(axis, axis + 1)
        assert np.array_equal(joined, whole)
        assert all(torch.equal(rest, after) for _, rest in parts)
