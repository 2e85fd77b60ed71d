"""Several processes that train one model: the same curve, stopping together, a lost process."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load_file

import vae
from vae.__main__ import main
from vae.nn import sharded_noise
from vae.nn.sharded_noise import Shard
from vae.training.distributed import Group

SMALL = ["--data", "fashion-mnist-starter", "--batch-size", "500", "--epochs", "1", "--full",
         "--encoder-widths", "48", "--decoder-widths", "48", "--no-evaluate"]  # fmt: skip


ENV = os.environ | {"OMP_NUM_THREADS": "1"}


# Several commands one after the other, each in its own group of the same processes. As after a
# restart, none finds what the one before has written in torchrun's store. A thread that is not
# ended before Python ends makes it abort, now and then.
COMMANDS = """
import atexit, json, os, pathlib, sys
from vae.__main__ import main
tasks = pathlib.Path("/proc/self/task")
atexit.register(
    lambda: print("threads at the end:", *{file.read_text() for file in tasks.glob("*/comm")})
)
for number, arguments in enumerate(json.loads(sys.argv.pop())):
    os.environ["TORCHELASTIC_RESTART_COUNT"] = str(number)
    main(arguments, standalone_mode=False)
"""


def in_several(*arguments, restarts=0, processes=2, program=("-m", "vae")):
    """The command with these arguments in several processes."""
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    run += [f"--nproc-per-node={processes}", f"--max-restarts={restarts}"]
    return [*run, *program, *map(str, arguments)]


TINY = ["--size", "8", "--full", "--encoder-widths", "8", "--decoder-widths", "8", "--epochs", "2",
        "--no-evaluate", "--device", "cpu"]  # fmt: skip
BUNDLED = Path(vae.__file__).parents[1] / "checkpoints" / "fashion-beta-vae"


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The folders of what one process computed, and of what three did."""
    folder = tmp_path_factory.mktemp("computed")
    images = np.random.default_rng(0).integers(0, 256, (700, 8, 8), dtype=np.uint8)
    np.savez(folder / "some.npz", images=images)
    np.savez(folder / "few.npz", images=images[:14])

    def commands(out):
        out.mkdir()
        some, few = (
            ["train", "--data", f"{folder}/{name}.npz", *TINY] for name in ("some", "few")
        )
        return [
            # Its two players have an optimiser each.
            [*some, "--batch-size", "50", "--model", "avb", "--out", f"{out}/avb"],
            # Fewer images per step than processes.
            [*few, "--batch-size", "2", "--out", f"{out}/few"],
            ["encode", str(BUNDLED), "digits", "--out", f"{out}/codes.npz"],
        ]

    one, three = folder / "1", folder / "3"
    for arguments in commands(one):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
    program = folder / "program.py"
    program.write_text(COMMANDS)
    run = in_several(json.dumps(commands(three)), processes=3, program=(program,))
    env = ENV | {"PYTHONPATH": str(Path(vae.__file__).parents[1])}
    done = subprocess.run(run, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("threads at the end:") == 3
    assert "gloo" not in done.stdout
    return one, three


def test_three_processes_learn_the_same_as_one(computed):
    folders = [folder / "avb" for folder in computed]
    one, three = map(vae.load, folders)
    first, second = (c.metrics["curve"][-1] for c in (one, three))
    for name, value in first.items():
        assert second[name] == pytest.approx(value, abs=0.02), name
    weights = [load_file(folder / "weights.safetensors") for folder in folders]
    # Sums in another order differ in their last bits, and more if a CPU multiplies in bfloat16.
    # Adam turns them into whole steps where a gradient is almost zero: a few weights may differ.
    errors = np.concatenate([abs(weights[0][k] - weights[1][k]).ravel() for k in weights[0]])
    median, largest = np.quantile(errors, [0.5, 0.99])
    print(f"Weights differ by {median:.1e}, one in a hundred by more than {largest:.1e}")
    assert median < 1e-4 and largest < 1e-3
    status = (folders[1] / "run" / "status.json").read_text()
    assert '"processes": 3' in status and '"state": "finished"' in status


def test_three_processes_learn_the_same_as_one_from_two_images_a_step(computed):
    one, three = (vae.load(folder / "few").metrics["curve"] for folder in computed)
    for first, second in zip(one, three, strict=True):
        assert second == pytest.approx(first, abs=1e-2)


def test_three_processes_encode_the_same_codes_as_one(computed):
    files = [folder / "codes.npz" for folder in computed]
    with np.load(files[0]) as one, np.load(files[1]) as three:
        one, three = dict(one), dict(three)
    assert (
        set(one) == {"mean", "std", "label", "split", "class_names"} and len(one["mean"]) == 1797
    )
    assert one.pop("class_names").tolist() == three.pop("class_names").tolist()
    for name in one:
        assert np.allclose(one[name], three[name], atol=1e-5), name
    assert not list(files[1].parent.glob(".*"))


def wait_for(done, started):
    until = time.time() + 60
    while not done():
        assert time.time() < until and started.poll() is None
        time.sleep(0.1)


def kill_one(started):
    """The last of the processes that torchrun has started."""
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)


@pytest.fixture
def training_in_two(tmp_path):
    """Two processes that train for long in `r`, and are restarted once after one was lost; what
    they print is written to `output`."""
    run = in_several("train", *SMALL, "--out", tmp_path / "r", "--epochs", "2000", restarts=1)
    with (tmp_path / "output").open("w") as output:
        started = subprocess.Popen(
            run, env=ENV, stdout=output, stderr=output, start_new_session=True
        )
    yield started
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def test_a_lost_process_leaves_a_resumable_state_a_restart_resumes_and_one_request_stops_all(
    training_in_two, tmp_path
):
    started, folder, output = training_in_two, tmp_path / "r", tmp_path / "output"

    def status():
        return json.loads((folder / "run/status.json").read_text())

    wait_for((folder / "resume.safetensors").exists, started)
    kill_one(started)
    # The other one says so and ends; torchrun starts two new ones, which takes seconds.
    wait_for(lambda: status()["state"] == "failed", started)
    assert "--resume" in status()["message"]
    assert vae.load(folder).config.train.epochs == 2000
    wait_for(lambda: "Resuming" in output.read_text(), started)
    assert "another process of this training was lost at step" in output.read_text()
    # The state is saved about every second, and the new processes begin after it.
    after = int(output.read_text().split("after step ")[1].split(".")[0].replace(",", ""))
    assert after > 0
    wait_for(lambda: status()["state"] == "running" and status()["step"] > after, started)
    (folder / "run/STOP").touch()
    assert started.wait(60) == 0 and "Continue with --resume" in output.read_text()
    steps = [
        json.loads(row)["step"]
        for row in (folder / "run/curve.jsonl").read_text().split("\n")[:-1]
    ]
    assert steps == sorted(set(steps)) and steps[-1] > after


def test_each_process_uses_its_rows_of_the_same_noise():
    def draw(shard, shape, axis):
        generator = torch.Generator().manual_seed(5)
        with sharded_noise.sharded(shard):
            first = sharded_noise.normal(shape, generator, axis=axis)
        return first, sharded_noise.normal((3,), generator)

    for axis, times in ((0, 1), (0, 4), (1, 1), (1, 2)):

        def shape(count, axis=axis, times=times):
            return (times * count, 2) if axis == 0 else (3, times * count, 2)

        whole, after = draw(Shard(0, 10, 10), shape(10), axis)
        parts = [draw(Shard(a, b, 10), shape(b - a), axis) for a, b in ((0, 4), (4, 10))]
        split = [p.unflatten(axis, (times, -1)) for p, _ in parts]
        joined = torch.cat(split, axis + 1).flatten(axis, axis + 1)
        assert np.array_equal(joined, whole)
        assert all(torch.equal(rest, after) for _, rest in parts)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_process_without_rows_draws_no_noise(axis):
    shape = (0, 2) if axis == 0 else (3, 0, 2)
    with sharded_noise.sharded(Shard(4, 4, 10)):
        assert sharded_noise.normal(shape, torch.Generator(), axis=axis).shape == shape


def test_any_number_of_rows_is_shared_among_any_number_of_processes():
    for size in range(1, 7):
        for count in range(14):
            shards = [Group(rank, size).shard(count) for rank in range(size)]
            rows = [row for shard in shards for row in range(count)[shard.rows]]
            assert rows == list(range(count))
            assert shards[0].count == max(shard.count for shard in shards)
