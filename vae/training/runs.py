"""Runs: trainings as folders, each a checkpoint with the folder `run/` of a `Recorder`.

This module reads what a recorder writes, no matter who started the training or on which machine
it runs: a folder that a cluster writes to a shared disk is read in the same way. `by` is always
the visitor who asks for a change, see `files.owners`; others get an `OwnerError`.
"""

import io
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import msgspec
import numpy as np

from ..checkpoint.folder import CONFIG, METRICS, WEIGHTS
from ..checkpoint.publishing import publishing
from ..data import kept_images
from ..errors import AtelierError, reported
from ..files import atomic, folders, owners
from ..files.atomic import locked
from ..files.owners import Visitor
from ..files.records import Count, Number, one_of, read_json
from . import processes, recorder
from .recorder import FOLDER, PLAN, STATUS, write_json

LIVE = ("starting", "running")
STATES = ("queued", *LIVE, "stopped", "finished", "failed")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_MAX_SILENCE = 60.0  # seconds without an update after which a run elsewhere counts as dead
_CLOCK_TOLERANCE = 5.0  # seconds by which two readings of a start time may differ
_LOG_LINES = 12


class RunError(AtelierError):
    """A run cannot be started, read or changed."""


class Plan(msgspec.Struct):
    """plan.json: what a run was started with."""

    name: str = ""
    options: dict[str, str | bool | int | float | list[int] | None] = {}
    created: Number = 0.0


class Status(msgspec.Struct):
    """status.json: how far a run is, and what tells whether its process lives."""

    state: Annotated[str, one_of(*STATES)]
    updated: Number = 0.0
    message: str = ""
    warnings: list[str] = []
    step: Count = 0
    steps: Count = 0
    epoch: Count = 0
    epochs: Count = 0
    seconds: Number = 0.0
    images_per_second: Count = 0
    left: Number | None = None
    pid: Count | None = None
    started: Number | None = None
    host: str | None = None


Record = TypeVar("Record", Plan, Status)


@dataclass(frozen=True)
class RunInfo:
    """The current state of a run. `state` is queued, starting, running, stopped, finished, failed,
    dead or damaged; `position` counts from 1 in the queue and is 0 outside it."""

    id: str
    path: Path
    name: str
    state: str
    plan: Plan = field(default_factory=Plan)
    status: Status = field(default_factory=lambda: Status("failed"))
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
    """The images that a run's snapshots reconstruct, uint8 [8, C, H, W]. `labels` int [n] are
    those of the points in the plane, `names` those of the classes."""

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
    paths = [path.parent for path in folders.runs().glob(f"*/{FOLDER}/")]
    all_ = [info(path.name) for path in paths if _ID.fullmatch(path.name)]
    all_.sort(key=lambda run: (-run.plan.created, run.id))
    queued = [run.id for run in reversed(all_) if run.state == "queued"]
    position = {id: number for number, id in enumerate(queued, 1)}
    return [replace(run, position=position.get(run.id, 0)) for run in all_]


def info(id: str) -> RunInfo:
    """The current state of a run. Raises `RunError` if it does not exist."""
    path = path_of(id)
    if not (path / FOLDER).is_dir():
        raise RunError(f"there is no run {id!r}; it may have been deleted")
    try:
        plan = read_record(path / FOLDER / PLAN, Plan)
        status = read_record(path / FOLDER / STATUS, Status)
    except RunError as error:
        return RunInfo(id, path, id, "damaged", status=Status("failed", message=f"{error}"))
    state = status.state
    if state in LIVE and not _is_alive(status):
        state = "dead"
    lines = _tail(path / FOLDER / recorder.LOG) if state in ("dead", "failed") else ()
    return RunInfo(id, path, plan.name or id, state, plan, status, log_tail=lines)


def curve(id: str, offset: int = 0) -> tuple[list[dict], int]:
    """The points after an offset in the file, and the next offset."""
    return recorder.read_rows(path_of(id) / FOLDER / recorder.CURVE, offset)


def snapshots(id: str) -> list[Path]:
    """The files of a run's snapshots, in order."""
    return sorted((path_of(id) / FOLDER / recorder.SNAPSHOTS).glob("*.npz"))


def snapshot(path: Path) -> Snapshot:
    """Reads a snapshot. Raises `RunError` if the file is damaged."""
    arrays = _arrays(path, _SNAPSHOT)
    step, epoch, plane = int(arrays["step"]), float(arrays["epoch"]), arrays["plane"]
    images = arrays.get("lattice"), arrays["eyes"]
    return Snapshot(step, epoch, plane.astype(np.float32), arrays["window"], *images)


def probe_images(id: str) -> ProbeImages:
    """The probe images of a run. Raises `RunError` before the run has begun."""
    arrays = _arrays(path_of(id) / FOLDER / recorder.PROBE_IMAGES, _PROBE)
    return ProbeImages(arrays["images"], arrays["labels"], tuple(map(str, arrays["names"])))


def rename(id: str, name: str, by: Visitor | None = None) -> None:
    """Gives a run another name. Raises `RunError` unless it has 1 to 80 characters."""
    path = owned(id, by).path / FOLDER / PLAN
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= 80:
        raise RunError(f"the name has {len(cleaned)} characters; expected 1 to 80")
    with writing(), locked(folders.runs() / ".queue.lock"):
        plan = read_record(path, Plan)
        write_json(path, msgspec.to_builtins(plan) | {"id": id, "name": cleaned})


def owned(id: str, by: Visitor | None) -> RunInfo:
    """The state of a run that `by` may change. Raises `RunError` and `OwnerError`."""
    run = info(id)
    owners.check(run.path, by, run.name)
    return run


def delete(id: str, by: Visitor | None = None) -> None:
    """Deletes a run permanently. Raises `RunError` while it trains."""
    run = owned(id, by)
    if run.live:
        raise RunError(f"{run.name} is training; stop it first")
    with writing():
        atomic.delete_folder(run.path)


def publish(id: str, name: str, checkpoints: Path, by: Visitor | None = None) -> Path:
    """Copies the checkpoint of a run to the folder of checkpoints, under a new name."""
    source, target = owned(id, by).path, Path(checkpoints) / name
    if not (source / WEIGHTS).exists():
        raise RunError("this run has no weights yet; they are written when it ends or is stopped")
    parts = [CONFIG, WEIGHTS, METRICS, *([kept_images.IMAGES] * kept_images.exists(source))]
    size = sum((source / part).stat().st_size for part in parts)
    with publishing(target, size, kept(target.parent), by, RunError) as folder:
        folder.mkdir(parents=True)
        for part in parts:
            shutil.copyfile(source / part, folder / part)
    return target


def kept(checkpoints: Path | None = None) -> Iterator[tuple[str, Path]]:
    """The folders of all runs, and of the models in a folder, with their titles."""
    for run in list_runs():
        yield f"the run {run.name}", run.path
    for path in checkpoints.glob("[!.]*/") if checkpoints else ():
        yield f"the model {path.name}", path


@contextmanager
def writing() -> Iterator[None]:
    """Within it a folder that cannot be written is a `RunError`."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"the folder of runs, {folders.runs()}, cannot be written ({error.strerror}); free "
            "some space, or set VAE_RUNS_DIR to another folder"
        ) from error


def read_record(path: Path, record: type[Record]) -> Record:
    """Reads plan.json or status.json. Raises `RunError`."""
    with reported(RunError, f"{path.name} cannot be read", of=(OSError, RunError)):
        return read_json(path.read_bytes(), record, RunError)


def _is_alive(status: Status) -> bool:
    """Whether the process of a run exists; of one on another machine, whether it wrote lately."""
    if status.pid is None or status.started is None or status.host != socket.gethostname():
        return time.time() - status.updated < _MAX_SILENCE
    now = processes.start_time(status.pid)
    return now is not None and abs(now - status.started) < _CLOCK_TOLERANCE


def _tail(path: Path) -> tuple[str, ...]:
    try:
        raw = path.read_bytes()[-8000:]
    except OSError:
        return ()
    lines = raw.decode("utf-8", "replace").split("\n")
    shown = (line.rpartition("\r")[2].rstrip() for line in lines)
    return tuple(filter(None, shown))[-_LOG_LINES:]


# name of an array -> its kinds of numbers and its shape; a letter stands for any size up to
# _MAX_SIDE, the same wherever it is the same
_SNAPSHOT = {
    "step": ("iu", ()),
    "epoch": ("f", ()),
    "plane": ("f", ("n", 2)),
    "window": ("f", (4,)),
    "eyes": ("u", ("k", "h", "w", "c")),
    "lattice": ("u", (recorder.GRID_SIDE**2, "h", "w", "c")),
}
_PROBE = {"images": ("u", ("k", "c", "h", "w")), "labels": ("iu", ("n",)), "names": ("U", ("m",))}
_MAX_SIDE = 10_000


def _arrays(path: Path, expected: dict[str, tuple]) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, of which `lattice` may be absent. Raises `RunError`."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in expected if name != "lattice" or name in file}
    except Exception as error:  # zipfile, its codecs and NumPy raise a dozen kinds
        raise RunError(f"{path.name} cannot be read ({error})") from error
    sizes: dict[str, int] = {}
    for name, array in arrays.items():
        kinds, shape = expected[name]
        sides = [sizes.setdefault(s, n) if isinstance(s, str) else s
                 for s, n in zip(shape, array.shape, strict=False)]  # fmt: skip
        right = len(shape) == array.ndim and tuple(sides) == array.shape
        right &= array.dtype.kind in kinds
        right &= not sides or 1 <= min(sides) <= max(sides) <= _MAX_SIDE
        right &= kinds != "u" or array.dtype == np.uint8
        if not right or (array.dtype.kind == "f" and not np.isfinite(array).all()):
            raise RunError(f"{path.name} is damaged: {name} has an unexpected shape or values")
    return arrays
