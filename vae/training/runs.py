"""Runs: trainings as folders, each a checkpoint with a folder `run/` of what happened in it.

Everything here only reads what a training writes (`follow`), whoever started it and wherever it
runs; a folder that a cluster writes and a server sees is followed in the same way.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import socket
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..checkpoint.folder import CONFIG, METRICS, WEIGHTS
from ..errors import AtelierError
from ..files import atomic, folders
from .recorder import (
    CURVE,
    EYES,
    FOLDER,
    LOG,
    PLAN,
    SNAPSHOTS,
    STATUS,
    read_rows,
    started,
    write_json,
)

LIVE = ("starting", "running")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_SILENT = 60.0  # seconds without a word after which a run elsewhere counts as dead
_LINES = 12


class RunError(AtelierError):
    """A run that cannot be started, read or changed: what came, what to do."""


@dataclass(frozen=True)
class RunInfo:
    """A run as it stands. `state`: queued, starting, running, stopped, finished, failed, dead, or
    damaged; `position` in the queue from 1, else 0."""

    id: str
    path: Path
    name: str
    state: str
    plan: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    position: int = 0
    last_lines: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in LIVE


class Snapshot(NamedTuple):
    """How things stood at a step: held-out items in the plane float [n, 2], the window [4] in
    which most lie, places decoded over it uint8 [144, H, W, C] (None where D is not 2), and the
    eight fixed images reconstructed, uint8 [8, H, W, C]."""

    step: int
    epoch: float
    plane: np.ndarray
    window: np.ndarray
    lattice: np.ndarray | None
    eyes: np.ndarray


class Eyes(NamedTuple):
    """What a run looks at: eight images uint8 [8, C, H, W], the labels of the items of its
    snapshots int [n], and the names of the classes."""

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]


def path_of(id: str) -> Path:
    """A run's folder. Raises `RunError` for what is no run's name."""
    if not _ID.fullmatch(id):
        raise RunError(f"{id[:40]!r} is no run; expected a name from the list")
    return folders.runs() / id


def listed() -> list[RunInfo]:
    """All runs, the newest first."""
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
    """How a run stands now. Raises `RunError` where there is none."""
    path = path_of(id)
    if not (path / FOLDER).is_dir():
        raise RunError(f"there is no run {id!r}; it may have been deleted")
    try:
        plan = _object(path / FOLDER / PLAN)
        status = _object(path / FOLDER / STATUS)
    except (OSError, ValueError) as error:
        return RunInfo(id, path, id, "damaged", last_lines=(f"{error}",))
    state = str(status.get("state", "damaged"))
    if state in LIVE and not _alive(status):
        state = "dead"
    lines = _tail(path / FOLDER / LOG) if state in ("dead", "failed") else ()
    return RunInfo(id, path, str(plan.get("name", id)), state, plan, status, last_lines=lines)


def curve(id: str, since: int = 0) -> tuple[list[dict], int]:
    """The points written behind an offset, and the next offset."""
    return read_rows(path_of(id) / FOLDER / CURVE, since)


def snapshots(id: str) -> list[Path]:
    """The files of what was seen, in order."""
    return sorted((path_of(id) / FOLDER / SNAPSHOTS).glob("*.npz"))


def snapshot(path: Path) -> Snapshot:
    """Raises `RunError` for a damaged file."""
    read = _arrays(path)
    try:
        return Snapshot(
            int(read["step"]),
            float(read["epoch"]),
            read["plane"].astype(np.float32),
            read["window"],
            read.get("lattice"),
            read["eyes"],
        )
    except (KeyError, TypeError) as error:
        raise RunError(f"{path.name} is no snapshot ({error}); delete it") from error


def eyes(id: str) -> Eyes:
    """What the run looks at. Raises `RunError` before it has begun."""
    read = _arrays(path_of(id) / FOLDER / EYES)
    return Eyes(read["images"], read["labels"], tuple(map(str, read["names"])))


def rename(id: str, name: str) -> None:
    path = path_of(id) / FOLDER / PLAN
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= 80:
        raise RunError(f"the name has {len(cleaned)} characters; expected 1 to 80")
    write_json(path, _object(path) | {"name": cleaned})


def delete(id: str) -> None:
    """Removes a run for good. Raises `RunError` while it trains."""
    run = info(id)
    if run.live:
        raise RunError(f"{run.name} is training; stop it first")
    gone = run.path.with_name(f".{run.id}.gone")
    run.path.replace(gone)
    shutil.rmtree(gone, ignore_errors=True)


def publish(id: str, name: str, checkpoints: Path) -> Path:
    """Copies a run's weights to the checkpoints under a name that is not taken."""
    if not _NAME.fullmatch(name):
        raise RunError(
            f"the name is {name[:70]!r}; expected a-z, 0-9 and -, at most 60 characters"
        )
    source, target = path_of(id), Path(checkpoints) / name
    if not (source / WEIGHTS).exists():
        raise RunError("this run has no weights yet; they are written when it ends or is stopped")
    if target.exists():
        raise RunError(f"{name} is there already; choose another name")
    try:
        with atomic.replacing(target) as place:
            place.mkdir(parents=True)
            for part in (CONFIG, WEIGHTS, METRICS):
                shutil.copyfile(source / part, place / part)
    except OSError as error:
        raise RunError(f"{name} could not be written ({error})") from error
    return target


def keep_upload(data: bytes) -> Path:
    """Keeps the .zip of a visitor for the process that trains on it; the same file lies there
    once."""
    home = folders.runs() / ".uploads"
    path = home / f"{hashlib.sha256(data).hexdigest()[:16]}.zip"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        atomic.write(path, data)
    return path


def _created(run: RunInfo) -> float:
    value = run.plan.get("created", 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _alive(status: dict) -> bool:
    if status.get("host") != socket.gethostname():
        return time.time() - float(status.get("updated") or 0) < _SILENT
    pid = status.get("pid")
    if not isinstance(pid, int):
        return time.time() - float(status.get("updated") or 0) < _SILENT
    if Path("/proc/self/stat").exists():
        return started(pid) is not None and started(pid) == status.get("started")
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return time.time() - float(status.get("updated") or 0) < _SILENT


def _tail(path: Path) -> tuple[str, ...]:
    try:
        raw = path.read_bytes()[-8000:]
    except OSError:
        return ()
    lines = [
        line.rpartition("\r")[2].rstrip() for line in raw.decode("utf-8", "replace").split("\n")
    ]
    return tuple(line for line in lines if line)[-_LINES:]


def _object(path: Path) -> dict:
    data = json.loads(path.read_text("utf-8"))
    if not isinstance(data, dict):
        raise ValueError(f"{path.name} holds no object")
    return data


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as read:
            return {name: read[name] for name in read.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise RunError(f"{path.name} cannot be read ({error})") from error
