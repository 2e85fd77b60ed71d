"""Runs: trainings as folders, each a checkpoint with the folder `run/` of a `Recorder`.

This module reads what a recorder writes, no matter who started the training or on which machine
it runs: a folder that a cluster writes to a shared disk is read in the same way.
"""

import hashlib
import io
import json
import re
import shutil
import socket
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..checkpoint.folder import CONFIG, METRICS, WEIGHTS
from ..errors import AtelierError
from ..files import atomic, folders
from . import processes
from .recorder import (
    CURVE,
    FOLDER,
    LOG,
    PLAN,
    PROBE_IMAGES,
    SNAPSHOTS,
    STATUS,
    read_rows,
    write_json,
)

LIVE = ("starting", "running")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_MAX_SILENCE = 60.0  # seconds without an update after which a run elsewhere counts as dead
_CLOCK_TOLERANCE = 5.0  # seconds by which two readings of a start time may differ
_LOG_LINES = 12


class RunError(AtelierError):
    """A run cannot be started, read or changed."""


@dataclass(frozen=True)
class RunInfo:
    """The current state of a run.

    `state` is queued, starting, running, stopped, finished, failed, dead or damaged; `position`
    counts from 1 in the queue and is 0 outside it.
    """

    id: str
    path: Path
    name: str
    state: str
    plan: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    position: int = 0
    log_tail: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in LIVE


class Snapshot(NamedTuple):
    """A model at one step of its training.

    `plane` holds the latent positions of test images, float [n, 2], `window` [4] bounds 99 % of
    them, `decoded_grid` the images decoded on a grid in the window, uint8 [144, H, W, C] (None
    unless D = 2), and `reconstructions` those of the probe images, uint8 [8, H, W, C].
    """

    step: int
    epoch: float
    plane: np.ndarray
    window: np.ndarray
    decoded_grid: np.ndarray | None
    reconstructions: np.ndarray


class ProbeImages(NamedTuple):
    """The images that a run's snapshots reconstruct, uint8 [8, C, H, W].

    `labels` int [n] are those of the points in the plane, `names` those of the classes.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]


def path_of(id: str) -> Path:
    """The folder of a run. Raises `RunError` if the id could not be one."""
    if not _ID.fullmatch(id):
        raise RunError(f"{id[:40]!r} is no run; expected a name from the list")
    return folders.runs() / id


def list_runs() -> list[RunInfo]:
    """All runs, newest first."""
    try:
        found = [
            p for p in folders.runs().iterdir() if (p / FOLDER).is_dir() and _ID.fullmatch(p.name)
        ]
    except FileNotFoundError:
        return []
    all_ = [info(p.name) for p in found]
    all_.sort(key=lambda run: (-_created(run), run.id))
    queue = [run.id for run in reversed(all_) if run.state == "queued"]
    return [
        RunInfo(**vars(r) | {"position": queue.index(r.id) + 1}) if r.id in queue else r
        for r in all_
    ]


def info(id: str) -> RunInfo:
    """The current state of a run. Raises `RunError` if it does not exist."""
    path = path_of(id)
    if not (path / FOLDER).is_dir():
        raise RunError(f"there is no run {id!r}; it may have been deleted")
    try:
        plan = _object(path / FOLDER / PLAN)
        status = _object(path / FOLDER / STATUS)
    except (OSError, ValueError) as error:
        return RunInfo(id, path, id, "damaged", log_tail=(f"{error}",))
    state = str(status.get("state", "damaged"))
    if state in LIVE and not _is_alive(status):
        state = "dead"
    lines = _tail(path / FOLDER / LOG) if state in ("dead", "failed") else ()
    return RunInfo(id, path, str(plan.get("name", id)), state, plan, status, log_tail=lines)


def curve(id: str, offset: int = 0) -> tuple[list[dict], int]:
    """The points after an offset in the file, and the next offset."""
    return read_rows(path_of(id) / FOLDER / CURVE, offset)


def snapshots(id: str) -> list[Path]:
    """The files of a run's snapshots, in order."""
    return sorted((path_of(id) / FOLDER / SNAPSHOTS).glob("*.npz"))


def snapshot(path: Path) -> Snapshot:
    """Reads a snapshot. Raises `RunError` if the file is damaged."""
    arrays = _arrays(path)
    try:
        return Snapshot(
            int(arrays["step"]),
            float(arrays["epoch"]),
            arrays["plane"].astype(np.float32),
            arrays["window"],
            arrays.get("lattice"),
            arrays["eyes"],
        )
    except (KeyError, TypeError) as error:
        raise RunError(f"{path.name} is no snapshot ({error}); delete it") from error


def probe_images(id: str) -> ProbeImages:
    """The probe images of a run. Raises `RunError` before the run has begun."""
    arrays = _arrays(path_of(id) / FOLDER / PROBE_IMAGES)
    return ProbeImages(arrays["images"], arrays["labels"], tuple(map(str, arrays["names"])))


def rename(id: str, name: str) -> None:
    """Gives a run another name. Raises `RunError` unless it has 1 to 80 characters."""
    path = path_of(id) / FOLDER / PLAN
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= 80:
        raise RunError(f"the name has {len(cleaned)} characters; expected 1 to 80")
    write_json(path, _object(path) | {"name": cleaned})


def delete(id: str) -> None:
    """Deletes a run permanently. Raises `RunError` while it trains."""
    run = info(id)
    if run.live:
        raise RunError(f"{run.name} is training; stop it first")
    hidden = run.path.with_name(f".{run.id}.gone")
    run.path.replace(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def publish(id: str, name: str, checkpoints: Path) -> Path:
    """Copies the checkpoint of a run to the folder of checkpoints, under a new name."""
    if not _NAME.fullmatch(name):
        raise RunError(
            f"the name is {name[:70]!r}; expected a-z, 0-9 and -, at most 60 characters"
        )
    source, target = path_of(id), Path(checkpoints) / name
    if not (source / WEIGHTS).exists():
        raise RunError("this run has no weights yet; they are written when it ends or is stopped")
    if target.exists():
        raise RunError(f"{name} exists already; choose another name")
    try:
        with atomic.replacing(target) as temporary:
            temporary.mkdir(parents=True)
            for part in (CONFIG, WEIGHTS, METRICS):
                shutil.copyfile(source / part, temporary / part)
    except OSError as error:
        raise RunError(f"{name} could not be written ({error})") from error
    return target


def save_upload(data: bytes) -> Path:
    """Saves an uploaded .zip for the process that trains on it; equal files are saved once."""
    path = folders.runs() / ".uploads" / f"{hashlib.sha256(data).hexdigest()[:16]}.zip"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
    return path


def _created(run: RunInfo) -> float:
    value = run.plan.get("created", 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _is_alive(status: dict) -> bool:
    """Whether the process of a run exists; of one on another machine, whether it wrote lately."""
    pid, started = status.get("pid"), status.get("started")
    known = isinstance(pid, int) and isinstance(started, int | float)
    if not known or status.get("host") != socket.gethostname():
        return time.time() - float(status.get("updated") or 0) < _MAX_SILENCE
    now = processes.start_time(pid)
    return now is not None and abs(now - started) < _CLOCK_TOLERANCE


def _tail(path: Path) -> tuple[str, ...]:
    try:
        raw = path.read_bytes()[-8000:]
    except OSError:
        return ()
    lines = [
        line.rpartition("\r")[2].rstrip() for line in raw.decode("utf-8", "replace").split("\n")
    ]
    return tuple(line for line in lines if line)[-_LOG_LINES:]


def _object(path: Path) -> dict:
    data = json.loads(path.read_text("utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return data


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RunError(f"{path.name} cannot be read ({error})") from error
