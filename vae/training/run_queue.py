"""The queue of runs: each trains in its own process, a limited number at the same time.

Any server, and any run that ends, may call `advance`; a lock keeps two of them from starting the
same run.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from .. import limits
from ..config import ModelConfig, TrainConfig
from ..files import atomic, folders, owners, quota
from ..files.atomic import locked
from ..files.owners import Visitor
from ..models import MODELS
from ..preparation import choices
from ..preparation.choices import Choices
from ..validation import ConfigError, one_of, within
from . import processes, runs
from .recorder import CURVE, FOLDER, LOG, PLAN, STATUS, STOP, write_json
from .resume import RESUME
from .runs import RunError, RunInfo

_MODEL_OPTIONS = {"latent", "beta", "likelihood", "network", "refine", "prior"}
_CHOICES = set(Choices._fields) - {"held_out"}  # about the preparation of pictures
_OTHER_OPTIONS = {"data", "size", "model", "device", *_CHOICES}
ESTIMATE_TIMEOUT = 120  # seconds, loading included
_standby: subprocess.Popen | None = None
_standby_lock = threading.Lock()


class Estimate(NamedTuple):
    """Measured images per second, and the seconds that the whole training would take."""

    images_per_second: float
    seconds: float


def start(
    options: Mapping[str, object],
    *,
    name: str = "",
    by: Visitor | None = None,
    checkpoints: Path | None = None,
) -> str:
    """Adds a training to the queue and returns its id. The options are those of `python -m vae
    train`; models in the folder of `checkpoints` count to what a visitor keeps. Raises
    `ConfigError`, `RunError` or `QuotaError` before anything is written."""
    plan = validate_options(options)
    _check_number(by)
    quota.check(by, runs.kept(checkpoints))
    id = secrets.token_hex(6)
    path = runs.path_of(id)
    facts = {"id": id, "name": name or f"{plan['model']}, {id[:4]}", "options": plan}
    with runs.writing(), atomic.replacing(path) as temporary:
        (temporary / FOLDER).mkdir(parents=True)
        write_json(temporary / FOLDER / PLAN, facts | {"created": time.time()})
        _write_status(temporary, "queued")
        owners.record(temporary, by)
    advance()
    return id


def _check_number(by: Visitor | None) -> None:
    """Raises `RunError` where no more trainings may wait, of all visitors or of one."""
    most = limits.current()
    waiting = [run for run in runs.list_runs() if run.live or run.state == "queued"]
    own = sum(by is not None and owners.owner_of(run.path) == by.id for run in waiting)
    if own >= most.runs_per_visitor or len(waiting) >= most.runs_waiting:
        of = f"{own} of them yours, at most {most.runs_per_visitor} and {most.runs_waiting} in all"
        raise RunError(f"{len(waiting)} trainings run or wait, {of}; start it when one has ended")


def stop(id: str, by: Visitor | None = None) -> None:
    """Requests a run to stop after its current step, or removes it from the queue."""
    run = runs.owned(id, by)
    with runs.writing():
        if run.state == "queued":
            _write_status(run.path, "stopped")
        elif run.live:
            (run.path / FOLDER / STOP).touch()


def resume(id: str, by: Visitor | None = None, checkpoints: Path | None = None) -> None:
    """Adds a stopped run to the queue; it continues from its saved state, if there is one. Raises
    `RunError` or `QuotaError`, as `start` does."""
    run = runs.owned(id, by)
    if run.live or run.state == "queued":
        return
    _check_number(by)
    if run.state == "finished":
        raise RunError(f"{run.name} has ended; start another run to train for longer")
    if not run.plan.options:
        raise RunError(f"{run.name} was not started here; resume it where it was, with --resume")
    quota.check(by, runs.kept(checkpoints))
    with runs.writing():
        (run.path / FOLDER / STOP).unlink(missing_ok=True)
        _write_status(run.path, "queued")
    advance()


def advance() -> None:
    """Starts as many queued runs as may train at the same time. Raises `RunError` if the folder
    of runs cannot be written."""
    if not folders.runs().exists():
        return
    with runs.writing(), locked(folders.runs() / ".queue.lock"):
        atomic.remove_leftovers(folders.runs() / "*", seconds=60)
        all_ = runs.list_runs()
        queued = sorted((r for r in all_ if r.state == "queued"), key=lambda r: r.position)
        for run in queued[: _free(all_)]:
            _start_process(run)


def _free(all_: list[RunInfo]) -> int:
    """How many more may train at the same time."""
    training = sum(run.live and bool(run.plan.options) for run in all_)
    return max(0, limits.current().runs_at_once - training)


def estimate(options: Mapping[str, object], *, seconds: float = 2.0) -> Estimate:
    """Trains for a few seconds in another process and extrapolates. Raises `RunError`."""
    plan = validate_options(options)
    try:
        command = _command("probe", "--seconds", str(seconds), *_arguments(plan))
        ends = {"timeout": ESTIMATE_TIMEOUT, "check": False}
        process = subprocess.run(**command, **ends, capture_output=True, text=True)
    except subprocess.TimeoutExpired as error:
        raise RunError(
            f"the estimate did not end within {ESTIMATE_TIMEOUT} s; choose a smaller model"
        ) from error
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["the process gave no reason"])[-1]
        raise RunError(last.removeprefix("Error: "))
    return Estimate(**json.loads(process.stdout.strip().splitlines()[-1]))


def validate_options(options: Mapping[str, object]) -> dict[str, object]:
    """Options with their defaults, checked as far as possible without the data."""
    training_options = {f.name for f in fields(TrainConfig)} - {"data"}
    if unknown := set(options) - training_options - _MODEL_OPTIONS - _OTHER_OPTIONS:
        raise ConfigError(f"{min(unknown)!r} is no option of a training")
    plan = {"data": "fashion-mnist", "size": 28, "model": "vae", "device": "auto"} | dict(options)
    one_of("the model", plan["model"], MODELS)
    most = limits.current()
    height, width = choices.sides(plan["size"])
    within("size", max(height, width), 4, most.max_image_size)
    Choices(**{key: plan[key] for key in _CHOICES & set(plan)}).check()
    model_options = {key: plan[key] for key in _MODEL_OPTIONS & set(plan)}
    model = ModelConfig(name=plan["model"], image_shape=(1, height, width), **model_options)
    plain = {key: plan[key] for key in training_options & set(plan)}
    train = TrainConfig(**plain, data=str(plan["data"]))
    within("latent", model.latent, 2, most.max_latent)  # maps of codes have two axes
    within("epochs", train.epochs, 1, most.max_epochs)
    within("batch_size", train.batch_size, 1, most.max_batch_size)
    return plan


def prepare_process() -> None:
    """Keeps one process ready that has loaded torch, so that the next training starts at once,
    unless it would wait for another one. The process ends with this program if it was given no
    training."""
    global _standby
    if not _free(runs.list_runs()):
        return
    with _standby_lock:
        if _standby is None or _standby.poll() is not None:
            _standby = _popen("wait", stdin=subprocess.PIPE, output=subprocess.DEVNULL)


def _take_standby(arguments: list[str], log: Path) -> subprocess.Popen | None:
    """Gives a training to the process that is ready; None if there is none."""
    global _standby
    with _standby_lock:
        process, _standby = _standby, None
    if process is None or process.poll() is not None:
        return None
    with suppress(OSError):
        process.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}).encode() + b"\n")
        process.stdin.close()
        return process
    return None


def _start_process(run: RunInfo) -> None:
    resumes = (run.path / RESUME).exists()
    if not resumes:  # a training that died before its state was saved starts again
        (run.path / FOLDER / CURVE).unlink(missing_ok=True)
    arguments = ["train", "--out", str(run.path), "--no-evaluate", "--threads", str(_threads())]
    arguments += [*_arguments(run.plan.options), *(["--resume"] if resumes else [])]
    _write_status(run.path, "starting")
    log = run.path / FOLDER / LOG
    process = _take_standby(arguments, log)
    if process is None:
        with log.open("ab") as output:
            process = _popen(*arguments, stdin=subprocess.DEVNULL, output=output)
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie process
    # Unless the process has written its own status.
    if runs.read_record(run.path / FOLDER / STATUS, runs.Status).state == "starting":
        started = processes.start_time(process.pid)
        _write_status(run.path, "starting", pid=process.pid, started=started)


def _write_status(path: Path, state: str, **more: object) -> None:
    file = path / FOLDER / STATUS
    try:
        status = runs.read_record(file, runs.Status)
    except RunError:
        status = runs.Status(state)
    now = {"state": state, "updated": time.time(), "message": "", "host": socket.gethostname()}
    write_json(file, msgspec.to_builtins(status) | now | {"pid": None, "started": None} | more)


def _popen(*arguments: str, stdin: int, output: int | IO[bytes]) -> subprocess.Popen:
    """Starts a command of this program in the background, with a lower priority."""
    files = {"stdin": stdin, "stdout": output, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(**_command(*arguments), **files, start_new_session=True)
    processes.lower_priority(process.pid)
    return process


def _command(*arguments: str) -> dict[str, object]:
    """A command of this program, as the arguments of `Popen`."""
    changes = {"OMP_NUM_THREADS": str(_threads()), "PYTHONUNBUFFERED": "1"}
    return {
        "args": [sys.executable, "-m", "vae", *arguments],
        "cwd": Path(__file__).resolve().parents[2],
        "env": os.environ | changes | {processes.IN_BACKGROUND: "1"},
    }


def _arguments(plan: Mapping[str, object]) -> list[str]:
    """Options as arguments of the command line."""
    arguments: list[str] = []
    for key, value in sorted(plan.items()):
        option = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            arguments += [option] if value else []
        elif value is not None and value != "":
            arguments += [option, str(value)]
    return arguments


def _threads() -> int:
    """All cores but one, so that the pages stay responsive."""
    return max(1, (os.cpu_count() or 2) - 1)
