"""Starting runs: each in a process of its own, so many at once, the others in a queue.

Whoever looks may let the queue go on (`advance`): a server, another server, a run that ends. A
lock file keeps two of them from starting the same run twice.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from ..config import ConfigError, ModelConfig, TrainConfig, one_of
from ..files import folders
from ..files.locks import locked
from ..models import MODELS
from . import runs
from .recorder import (
    CURVE,
    FOLDER,
    LOG,
    PLAN,
    STATUS,
    STOP,
    started,
    write_json,
)
from .resume import RESUME
from .runs import RunError, RunInfo

_MODEL = {"latent", "beta", "likelihood", "network", "refine", "prior"}
_OTHER = {"data", "size", "model", "device"}
_YIELDS = "VAE_TRAINS_BEHIND_A_PAGE"
_spare: subprocess.Popen | None = None
_spare_lock = threading.Lock()
_PATIENCE = 120  # seconds that a probe may take, loading included


class Estimate(NamedTuple):
    """What a probe found: images a second, and seconds that the whole training would take."""

    images_per_second: float
    seconds: float


def start(options: Mapping[str, object], *, name: str = "") -> str:
    """Starts a training with options of `python -m vae train`, or puts it into the queue; returns
    its id. Raises `ConfigError` or `RunError` before anything is written."""
    plan = checked(options)
    id = secrets.token_hex(6)
    path = runs.path_of(id)
    (path / FOLDER).mkdir(parents=True)
    told = {"id": id, "name": name or f"{plan['model']}, {id[:4]}", "options": plan}
    write_json(path / FOLDER / PLAN, told | {"created": time.time()})
    _queue(path)
    advance()
    return id


def stop(id: str) -> None:
    """Asks a run to stop after the step it is in; one that waits leaves the queue."""
    run = runs.info(id)
    if run.state == "queued":
        _tell(run.path, "stopped")
    elif run.live:
        (run.path / FOLDER / STOP).touch()


def resume(id: str) -> None:
    """Lets a run go on where its state was saved, or begin anew where none was."""
    run = runs.info(id)
    if run.live or run.state == "queued":
        return
    if run.state == "finished":
        raise RunError(f"{run.name} has ended; start another run to train for longer")
    if not run.plan.get("options"):
        raise RunError(f"{run.name} was started elsewhere; resume it there, with --resume")
    (run.path / FOLDER / STOP).unlink(missing_ok=True)
    _queue(run.path)
    advance()


def advance() -> None:
    """Starts what waits, as far as there is room."""
    if not folders.runs().exists():
        return
    with locked(folders.runs() / ".queue.lock"):
        all_ = runs.listed()
        room = at_once() - sum(run.live and bool(run.plan.get("options")) for run in all_)
        waiting = sorted((r for r in all_ if r.state == "queued"), key=lambda r: r.position)
        for run in waiting[: max(0, room)]:
            _spawn(run)


def at_once() -> int:
    """How many runs may train at a time: `VAE_RUNS_AT_ONCE`, else one."""
    value = os.environ.get("VAE_RUNS_AT_ONCE", "1")
    return max(1, int(value)) if value.isdigit() else 1


def estimate(options: Mapping[str, object], *, seconds: float = 2.0) -> Estimate:
    """Trains for a moment in a process of its own, and says how long all would take."""
    plan = checked(options)
    command = [sys.executable, "-m", "vae", "probe", "--seconds", str(seconds), *_flags(plan)]
    try:
        done = subprocess.run(
            command, cwd=_root(), env=_environment(), capture_output=True, text=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RunError(
            f"the probe did not end within {_PATIENCE} s; choose a smaller model"
        ) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise RunError(last.removeprefix("Error: "))
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Estimate(told["images_per_second"], told["seconds"])


def checked(options: Mapping[str, object]) -> dict[str, object]:
    """Options as a run's plan holds them, each checked as far as it can be without the data."""
    trained = {f.name for f in fields(TrainConfig)} - {"data"}
    if unknown := set(options) - trained - _MODEL - _OTHER:
        raise ConfigError(f"{min(unknown)!r} is no option of a training")
    plan = {"data": "fashion-mnist", "size": 28, "model": "vae", "device": "auto"} | dict(options)
    one_of("the model", plan["model"], MODELS)
    size = plan["size"]
    if not isinstance(size, int) or not 4 <= size <= 256:
        raise ConfigError(f"size is {size!r}; expected 4 to 256")
    ModelConfig(
        name=plan["model"],
        image_shape=(1, size, size),
        **{key: plan[key] for key in _MODEL & set(plan)},
    )
    TrainConfig(**{key: plan[key] for key in trained & set(plan)}, data=str(plan["data"]))
    return plan


def prepare() -> None:
    """Keeps one process ready that has loaded what a training needs, so that the next one begins
    at once. It ends with the program that asked for it, unless a training was given to it."""
    global _spare
    with _spare_lock:
        if _spare is None or _spare.poll() is not None:
            _spare = subprocess.Popen(
                [*_nice(), sys.executable, "-m", "vae", "wait"],
                cwd=_root(),
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def _take_spare(arguments: list[str], log: Path) -> subprocess.Popen | None:
    global _spare
    with _spare_lock:
        process, _spare = _spare, None
    if process is None or process.poll() is not None:
        return None
    try:
        process.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}).encode() + b"\n")
        process.stdin.close()
    except OSError:
        return None
    return process


def _nice() -> list[str]:
    """Whoever looks at a page comes before what trains behind it."""
    return ["nice", "-n", "5"] if shutil.which("nice") else []


def step_back() -> None:
    """Makes this process train only where nobody else computes, if a queue started it and its
    first point is on the screen. Measured on two cores, a click beside a training took 129 ms at
    nice 5, 156 at nice 19, 104 in Linux's idle class, 84 alone."""
    if os.environ.get(_YIELDS) and hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _queue(path: Path) -> None:
    _tell(path, "queued")


def _tell(path: Path, state: str, **more: object) -> None:
    file = path / FOLDER / STATUS
    before = {}
    if file.exists():
        try:
            before = json.loads(file.read_text("utf-8"))
        except ValueError:
            before = {}
    told = {"state": state, "updated": time.time(), "message": "", "host": socket.gethostname()}
    write_json(file, before | told | {"pid": None, "started": None} | more)


def _spawn(run: RunInfo) -> None:
    goes_on = (run.path / RESUME).exists()
    if not goes_on:  # what a training left that died before its state was saved
        (run.path / FOLDER / CURVE).unlink(missing_ok=True)
    arguments = ["train", "--out", str(run.path), "--no-evaluate", "--threads", str(_threads())]
    arguments += [*_flags(run.plan["options"]), *(["--resume"] if goes_on else [])]
    _tell(run.path, "starting")
    log = run.path / FOLDER / LOG
    process = _take_spare(arguments, log)
    if process is None:
        with log.open("ab") as said:
            process = subprocess.Popen(
                [*_nice(), sys.executable, "-m", "vae", *arguments],
                cwd=_root(),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    threading.Thread(target=process.wait, daemon=True).start()  # so that no zombie stays
    status = json.loads((run.path / FOLDER / STATUS).read_text("utf-8"))
    if status.get("state") == "starting":  # else it has spoken for itself by now
        _tell(run.path, "starting", pid=process.pid, started=started(process.pid))


def _flags(plan: Mapping[str, object]) -> list[str]:
    flags: list[str] = []
    for key, value in sorted(plan.items()):
        option = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            flags += [option] if value else []
        elif value is not None and value != "":
            flags += [option, str(value)]
    return flags


def _threads() -> int:
    """All but one of the processor's cores, so that pages stay quick."""
    return max(1, (os.cpu_count() or 2) - 1)


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _environment() -> dict[str, str]:
    own = {"OMP_NUM_THREADS": str(_threads()), "PYTHONUNBUFFERED": "1", _YIELDS: "1"}
    return os.environ | own
