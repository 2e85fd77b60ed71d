"""Runs: started, followed, stopped, resumed, killed, queued; the files that a recorder writes."""

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import vae
from vae import limits, training
from vae.__main__ import main
from vae.checkpoint.folder import delete
from vae.config import ConfigError
from vae.files import owners, quota
from vae.files.owners import OwnerError, visitor_of
from vae.limits import Limits
from vae.training import run_queue, runs
from vae.training.recorder import MAX_SNAPSHOTS, Recorder
from vae.training.runs import RunError
from vae.training.state import EpochMetrics

ANNE, BEN, HERE = visitor_of("anne"), visitor_of("ben"), visitor_of("here", local=True)
SMALL = {"data": "fashion-mnist-starter", "batch_size": 512, "network": "mlp"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for status in tmp_path.glob(
        "runs/*/run/status.json"
    ):  # no training continues after a failed test
        (status.parent / "STOP").touch()


def wait(id, *states, seconds=60):
    until = time.time() + seconds
    while time.time() < until:
        run = runs.info(id)
        if run.state in states:
            return run
        assert run.state not in {"failed", "dead", "damaged"} - set(states), run
        time.sleep(0.1)
    raise AssertionError(f"still {runs.info(id)}")


def wait_for_points(id, count):
    until = time.time() + 40
    while len(runs.curve(id)[0]) < count:
        assert time.time() < until and runs.info(id).state in ("starting", "running")
        time.sleep(0.1)


def test_a_run_starts_is_followed_stops_resumes_and_waits_in_the_queue(home, tmp_path):
    run_queue.prepare_process()
    prepared = run_queue._standby
    begin = time.time()
    first = run_queue.start(SMALL | {"epochs": 500}, name="long")
    run_queue.prepare_process()  # the next training has to wait anyway
    assert run_queue._standby is None
    second = run_queue.start(SMALL | {"epochs": 1})
    assert [r.id for r in runs.list_runs()] == [second, first]
    waiting = runs.info(second)
    assert waiting.state == "queued" and runs.list_runs()[0].position == 1
    wait_for_points(first, 1)
    print(f"first point after {time.time() - begin:.1f} s")
    wait_for_points(first, 2)
    status = runs.info(first).status
    assert status.pid == prepared.pid
    assert status.steps == 500 * (10_000 // 512) and status.images_per_second > 0
    rows, offset = runs.curve(first)
    assert rows[0]["held_out_kl"] >= 0 and rows[0]["step"] < rows[1]["step"]
    run_queue.stop(first)
    stopped = wait(first, "stopped")
    at = stopped.status.step
    assert all(row["step"] > rows[-1]["step"] for row in runs.curve(first, offset)[0])
    files = runs.snapshots(first)
    snapshot = runs.snapshot(files[-1])
    assert snapshot.plane.shape == (2000, 2) and snapshot.step == at
    assert snapshot.decoded_grid.shape == (144, 28, 28, 1) and snapshot.reconstructions.shape == (
        8,
        28,
        28,
        1,
    )
    probe = runs.probe_images(first)
    assert probe.images.shape == (8, 1, 28, 28) and len(probe.labels) == 2000
    assert probe.names[9] == "Ankle boot"
    facts = json.loads((stopped.path / "metrics.json").read_text())
    assert "--epochs 500" in facts["command"]
    wait(second, "finished")  # started by the run that ended
    run_queue.prepare_process()
    unused = run_queue._standby
    unused.stdin.close()  # as when the server ends
    assert not (runs.path_of(second) / "resume.safetensors").exists()
    assert unused.wait(30) == 0
    run_queue.resume(first)  # by another process, for the one that was prepared has ended
    wait(first, "running")
    wait_for_points(first, len(runs.curve(first)[0]) + 1)
    assert runs.curve(first)[0][-1]["step"] > at
    os.kill(runs.info(first).status.pid, signal.SIGKILL)
    dead = wait(first, "dead", seconds=10)
    assert dead.log_tail
    with pytest.raises(RunError, match="has ended; start another"):
        run_queue.resume(second)
    published = runs.publish(second, "mine", tmp_path / "checkpoints")
    assert vae.load(published).config.train.epochs == 1
    with pytest.raises(RunError, match="mine exists already"):
        runs.publish(second, "mine", tmp_path / "checkpoints")
    runs.rename(second, "  short   one ")
    assert runs.info(second).name == "short one"
    runs.delete(first)
    runs.delete(second)
    assert runs.list_runs() == [] and not [p for p in home.iterdir() if p.is_dir()]


def test_the_command_line_writes_the_same_folder(home):
    out = home / "by-hand"
    command = ["train", "--data", "fashion-mnist-starter", "--encoder-widths", "32"]
    command += ["--decoder-widths", "32", "--epochs", "1", "--out", str(out), "--no-evaluate"]
    assert CliRunner().invoke(main, command).exit_code == 0
    run = runs.info("by-hand")
    assert (run.state, run.name) == ("finished", "by-hand")
    assert runs.curve("by-hand")[0][-1]["epoch"] == 1 and runs.snapshots("by-hand")
    with pytest.raises(RunError, match="has ended"):
        run_queue.resume("by-hand")
    quiet = [str(home / "quiet") if part == str(out) else part for part in command]
    assert CliRunner().invoke(main, [*quiet, "--no-record"]).exit_code == 0
    assert not (home / "quiet" / "run").exists()


def test_an_estimate_extrapolates_from_a_few_seconds():
    found = run_queue.estimate(SMALL | {"epochs": 10}, seconds=0.5)
    assert found.images_per_second > 100
    steps = 10 * (10_000 // 512)
    assert found.seconds == pytest.approx(steps * 512 / found.images_per_second)
    with pytest.raises(RunError, match="the data is 'nowhere'"):
        run_queue.estimate(SMALL | {"data": "nowhere"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "gan"}, "gan"),
        ({"latent": 0}, "latent"),
        ({"epochs": 0}, "epochs"),
        ({"lr": "fast"}, "lr"),
        ({"size": 3}, "size is 3"),
        ({"out": "/etc"}, "'out' is no option"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_written(home, options, words):
    with pytest.raises(ConfigError, match=words):
        run_queue.start(SMALL | options)
    assert not home.exists()


@pytest.mark.parametrize("id", ["", "../x", "a/b", ".hidden", "x" * 81])
def test_only_an_id_opens_a_run(id):
    with pytest.raises(RunError, match="is no run"):
        runs.info(id)


@pytest.fixture
def recorded(tmp_path, settings, tiny):
    """A run of a tiny network whose recorder got `count` reports, half a second apart."""

    def record(count, *, latent=2, at=0):
        run = training.new_run(settings("vae", latent=latent), tiny, torch.device("cpu"))
        run.step = at
        recorder = Recorder(tmp_path / "r", run, tiny)

        def measure():
            return EpochMetrics(0, 1.0, 2.0, 3.0, 4.0)

        for step in range(at + 1 if at else 0, at + count + 1):
            recorder.last["snapshot"] = recorder.last["point"] = -1e9
            recorder.cost = {"point": 0.0, "snapshot": 0.0}
            recorder.spacing, spacing = 0.0, recorder.spacing
            recorder.record(
                training.TrainingReport(
                    1, step, 1000, step / 2, 1000.0, 1e-3, 1.0, 100.0, None, measure, ("Careful",)
                )
            )
            recorder.spacing = max(spacing, recorder.spacing)
        return recorder

    return record


def test_snapshots_are_thinned_evenly(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(150)
    steps = [runs.snapshot(p).step for p in runs.snapshots("r")]
    assert 30 <= len(steps) <= MAX_SNAPSHOTS and steps[0] == 0 and steps[-1] == 150
    size = sum(p.stat().st_size for p in (tmp_path / "r").rglob("*.npz"))
    assert size < 5_000_000
    again = recorded(3, at=100)  # resumed from an earlier state
    rows = runs.curve("r")[0]
    assert [row["step"] for row in rows][-4:] == [100, 101, 102, 103]
    assert max(runs.snapshot(p).step for p in runs.snapshots("r")) == 103
    again.finish("stopped", "enough")
    assert runs.info("r").status.message == "enough"


def test_projections_are_rotated_towards_the_one_before(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorder = recorded(3, latent=5)
    first, second = (runs.snapshot(p) for p in runs.snapshots("r")[-2:])
    assert first.decoded_grid is None and np.allclose(first.plane, second.plane, atol=1e-3)
    codes = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    recorder.previous_projection = None
    plane = recorder._project(codes)
    flipped = recorder._project(codes * -1)
    assert np.allclose(plane, flipped, atol=1e-5)


def test_half_lines_damaged_files_and_reused_pids(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(2)
    curve = tmp_path / "r" / "run" / "curve.jsonl"
    _, offset = runs.curve("r")
    with curve.open("a") as file:
        file.write('{"step": 3, "ep')
    assert runs.curve("r", offset) == ([], offset)
    assert runs.info("r").state == "running"
    status = tmp_path / "r" / "run" / "status.json"
    facts = json.loads(status.read_text())
    status.write_text(json.dumps(facts | {"started": 12345.0}))
    assert runs.info("r").state == "dead"  # the id belongs to another process now
    status.write_text(json.dumps(facts | {"host": "elsewhere", "updated": time.time() - 3600}))
    assert runs.info("r").state == "dead"
    status.write_text("{")
    assert runs.info("r").state == "damaged" and runs.list_runs()[0].state == "damaged"
    file = runs.snapshots("r")[0]
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(RunError, match="cannot be read"):
        runs.snapshot(file)


def test_warnings_are_in_the_status(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(1)
    assert runs.info("r").status.warnings == ["Careful"]


DAMAGE = {
    "status": ['{"state": "running", "seconds": null}', '{"state": "running", "step": -1}',
               '{"state": "running", "updated": "x"}', '{"state": "flying"}', "[]", "[" * 100_000,
               '{"state": "running", "seconds": NaN}',
               '{"state": "running", "steps": ' + "9" * 400 + "}", '{"state": {}}', "\xff"],
    "plan": ['{"options": 5}', '{"created": "x"}', '{"name": 7}', '{"options": {"a": {}}}'],
}  # fmt: skip


@pytest.mark.parametrize(("file", "text"), [(f, t) for f, all_ in DAMAGE.items() for t in all_])
def test_a_damaged_run_is_shown_as_damaged_and_the_others_as_they_are(
    file, text, recorded, monkeypatch, tmp_path
):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(1)
    other = tmp_path / "other" / "run"
    shutil.copytree(tmp_path / "r" / "run", other)
    (other / f"{file}.json").write_text(text)
    states = {run.id: (run.state, run.status.message) for run in runs.list_runs()}
    assert states["r"][0] == "running" and states["other"][0] == "damaged"
    assert f"{file}.json cannot be read" in states["other"][1]


@pytest.mark.parametrize(
    "line",
    [
        '{"step": 1}',
        '{"step": 1, "epoch": 1, "train_reconstruction": 1, "train_kl": 1, '
        '"held_out_reconstruction": 1, "held_out_kl": NaN, "seconds": 1}',
        "[" * 100_000,
        "7",
    ],
)
def test_damaged_points_are_left_out(line, recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(2)
    whole, _ = runs.curve("r")
    with (tmp_path / "r/run/curve.jsonl").open("a") as file:
        file.write(line + "\n")
    assert runs.curve("r")[0] == whole and len(whole) == 3


def arrays_of(file):
    with np.load(file) as stored:
        return dict(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"plane": np.zeros((3, 3), np.float16)},
        {"plane": np.full((20, 2), np.nan, np.float16)},
        {"window": np.zeros(3, np.float32)},
        {"eyes": np.zeros((8, 8, 8), np.uint8)},
        {"eyes": np.zeros((8, 8, 8, 1), np.float32)},
        {"lattice": np.zeros((144, 9, 8, 1), np.uint8)},
        {"lattice": np.zeros((100, 8, 8, 1), np.uint8)},
        {"step": np.zeros(2, int)},
        {"epoch": np.array("x")},
        {"plane": None},
    ],
    ids=str,
)
def test_snapshots_of_odd_shapes_are_refused(change, recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(1)
    file = runs.snapshots("r")[0]
    arrays = {k: v for k, v in (arrays_of(file) | change).items() if v is not None}
    np.savez(file, **arrays)
    with pytest.raises(RunError, match=r"damaged|cannot be read"):
        runs.snapshot(file)


def test_damaged_bytes_of_arrays_are_a_run_error(recorded, monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    recorded(1)
    file = tmp_path / "r/run/eyes.npz"
    whole, random = file.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        raw = bytearray(
            whole[: random.integers(1, len(whole))] if random.random() < 0.3 else whole
        )
        for place in random.integers(0, len(raw), 3):
            raw[place] ^= 1 << random.integers(8)
        file.write_bytes(raw)
        with contextlib.suppress(RunError):
            runs.probe_images("r")


def test_leftovers_of_killed_writers_are_swept(home, monkeypatch):
    home.mkdir()
    old = [home / ".abc.123.0f0f.tmp", home / ".abc.gone"]
    for folder in old:
        (folder / "run").mkdir(parents=True)
        os.utime(folder, (1, 1))
    fresh = home / ".def.123.0f0f.tmp"
    fresh.mkdir()
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    run_queue.advance()
    assert fresh.exists() and not any(folder.exists() for folder in old)
    assert runs.list_runs() == []


def test_a_start_that_is_cut_off_leaves_no_run(home, monkeypatch):
    def cut(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_queue, "_write_status", cut)
    with pytest.raises(KeyboardInterrupt):
        run_queue.start(SMALL | {"epochs": 1})
    assert runs.list_runs() == [] and not list(home.glob("*"))


def test_a_run_is_changed_by_its_visitor_alone(home, tmp_path, monkeypatch):
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    plan = SMALL | {"epochs": 1}
    owned, mine = run_queue.start(plan, by=ANNE), run_queue.start(plan)
    changes = (
        run_queue.stop,
        run_queue.resume,
        lambda id, by: runs.rename(id, "other", by),
        lambda id, by: runs.publish(id, "model", tmp_path / "checkpoints", by),
        runs.delete,
    )
    for id, by in ((owned, BEN), (owned, HERE), (mine, BEN), (mine, ANNE)):
        for change in changes:
            with pytest.raises(OwnerError, match="belongs to someone else"):
                change(id, by)
    assert [r.state for r in runs.list_runs()] == ["queued"] * 2
    assert "anne" not in "".join(p.read_text() for p in home.rglob("*") if p.is_file())
    for id, by in ((owned, ANNE), (mine, HERE)):
        run_queue.stop(id, by)
        runs.rename(id, "mine", by)
        runs.delete(id, by)
    assert not runs.list_runs()


def test_a_published_model_has_the_owner_of_its_run(home, tmp_path):
    (home / "r" / "run").mkdir(parents=True)
    for part in ("run/plan.json", "config.json", "metrics.json", "weights.safetensors"):
        (home / "r" / part).write_text("{}")
    owners.record(home / "r", ANNE)
    model = runs.publish("r", "model", tmp_path, ANNE)
    assert owners.may_change(model, ANNE) and not owners.may_change(model, HERE)
    (tmp_path / "bundled.txt").write_text("ours\n")
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    assert [owners.may_change(tmp_path / n, HERE) for n in ("ours", "theirs")] == [False, True]
    assert not owners.may_change(tmp_path / "theirs", BEN)
    (model / owners.FILE).write_bytes(b"\xff")  # damaged: nobody's
    assert not owners.may_change(model, ANNE)


def test_few_trainings_of_a_visitor_wait(home, monkeypatch):
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    most = Limits(runs_per_visitor=1, runs_waiting=2)
    monkeypatch.setattr(limits, "current", lambda: most)
    run_queue.start(SMALL, by=ANNE)
    with pytest.raises(RunError, match="1 trainings run or wait, 1 of them yours"):
        run_queue.start(SMALL, by=ANNE)
    run_queue.start(SMALL, by=BEN)
    with pytest.raises(RunError, match="2 trainings run or wait, 0 of them yours"):
        run_queue.start(SMALL)
    for option, value in (("latent", 1), ("epochs", 1001), ("size", 129), ("batch_size", 8193)):
        with pytest.raises(ConfigError, match=f"{option} is {value}; expected"):
            run_queue.validate_options({option: value})


def test_a_visitor_whose_runs_and_models_fill_the_quota_trains_and_publishes_no_more(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    monkeypatch.setattr(limits, "current", lambda: Limits(kept_per_visitor_mb=1))
    models = tmp_path / "models"
    id = run_queue.start(SMALL, name="first", by=ANNE, checkpoints=models)
    for part in ("config.json", "metrics.json"):
        (home / id / part).write_text("{}")
    (home / id / "weights.safetensors").write_bytes(bytes(350_000))
    model = runs.publish(id, "model", models, ANNE)
    (home / id / "log.txt").write_bytes(bytes(400_000))
    full = "your runs and models .*delete some, the largest is the run first"
    with pytest.raises(quota.QuotaError, match=full):
        run_queue.start(SMALL, by=ANNE, checkpoints=models)
    run_queue.stop(id, ANNE)
    with pytest.raises(quota.QuotaError, match=full):
        run_queue.resume(id, ANNE, models)
    with pytest.raises(quota.QuotaError, match=full):
        runs.publish(id, "again", models, ANNE)
    assert not (models / "again").exists() and len(runs.list_runs()) == 1
    with pytest.raises(OwnerError):
        delete(model, BEN)
    delete(model, ANNE)
    assert not any(models.iterdir())
    run_queue.start(SMALL, by=ANNE, checkpoints=models)


def test_a_folder_that_cannot_be_written_is_one_sentence(home, monkeypatch):
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    id = run_queue.start(SMALL | {"epochs": 1})

    def refuse(*arguments, **options):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        for place in ("write_bytes", "mkdir", "replace", "touch", "unlink"):
            patch.setattr(Path, place, refuse)
        patch.setattr("filelock.FileLock.acquire", refuse)
        for change in (
            run_queue.advance,
            lambda: run_queue.start(SMALL | {"epochs": 1}),
            lambda: run_queue.stop(id),
            lambda: runs.rename(id, "other"),
            lambda: runs.delete(id),
        ):
            with pytest.raises(RunError, match=r"cannot be written \(Read-only file system\)"):
                change()
    assert runs.info(id).state == "queued"
