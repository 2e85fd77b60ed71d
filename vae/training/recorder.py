"""What a training writes while it goes on, so that any page or program can follow it.

Beside the checkpoint lies a folder `run/`: `plan.json` (what was asked for), `status.json` (where
it stands, about twice a second), `curve.jsonl` (a line a point), `eyes.npz` and `snapshots/` (what
the plane and eight fixed images looked like), `log.txt` where a server started it, and `STOP`
where somebody wants it to end. Files are written beside and renamed: nobody reads half of one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..data.dataset import Dataset
from ..data.subsample import evenly_spaced
from ..files import atomic
from ..latent.encoding import decode_uint8
from .batches import HELD_OUT
from .loop import Progress, Run

FOLDER, PLAN, STATUS, CURVE, EYES = "run", "plan.json", "status.json", "curve.jsonl", "eyes.npz"
SNAPSHOTS, LOG, STOP = "snapshots", "log.txt", "STOP"
MOST_SNAPSHOTS = 60
LATTICE = 12  # decoded places a side
_EYES = 8
_QUICK = 500  # images of the first point
_SHARE = 0.05  # of the time that watching may take


class Point(NamedTuple):
    """One line of the curve: nats an image with the averaged weights; `epoch` counts parts too."""

    step: int
    epoch: float
    train_reconstruction: float
    train_kl: float
    held_out_reconstruction: float
    held_out_kl: float
    seconds: float


class Recorder:
    """Writes a run's folder. `hear` every progress, then `end` once."""

    def __init__(
        self, out: Path, run: Run, dataset: Dataset, *, device: str = "cpu", processes: int = 1
    ) -> None:
        self.folder, self.run = Path(out) / FOLDER, run
        self.facts = {
            "pid": os.getpid(),
            "started": started(os.getpid()),
            "host": socket.gethostname(),
            "device": device,
            "processes": processes,
            "epochs": run.config.train.epochs,
        }
        (self.folder / SNAPSHOTS).mkdir(parents=True, exist_ok=True)
        (self.folder / STOP).unlink(missing_ok=True)
        if not (self.folder / PLAN).exists():
            plan = {"name": Path(out).name, "options": {}, "created": time.time()}
            write_json(self.folder / PLAN, plan)
        device_ = run.generator.device
        some = evenly_spaced(len(dataset.test.labels), HELD_OUT)
        self.watched = torch.tensor(dataset.test.images[some]).to(device_)
        self.labels = dataset.test.labels[some].astype(np.int16)
        # The same images as those of the points at the ends of epochs, so that the curve is one.
        self.measured = tuple(
            (torch.tensor(part.images[:HELD_OUT]), torch.tensor(part.labels[:HELD_OUT]))
            for part in (dataset.train, dataset.test)
        )
        eyes = dataset.test.images[_eyes(dataset.test.labels)]
        names = np.array(dataset.class_names)
        save_arrays(self.folder / EYES, images=eyes, labels=self.labels, names=names)
        self.eyes = torch.tensor(eyes).to(device_)
        self._forget_what_comes_again()
        self.board = _tensorboard(self.folder)
        self.cost = {"point": 0.0, "snapshot": 0.0}
        self.last = {"point": -1e9, "snapshot": -1e9, "status": -1e9}
        taken = [int(p.stem) for p in self._snapshots()]
        self.spacing, self.before = 0.5, None
        if len(taken) > 2:  # a resumed run goes on at the pace it had
            self.spacing = max(0.5, run.seconds / len(taken))
        self.state = "running"
        steps = run.config.train.epochs * max(
            1, len(dataset.train.images) // run.config.train.batch_size
        )
        at = Progress(0, run.step, steps, run.seconds, 0.0, 0.0, 0.0, float("nan"), None)
        self.tell(at)
        if not run.step:
            self.hear(at)  # what an untrained model makes of it, before the first step

    @property
    def asked_to_stop(self) -> bool:
        return (self.folder / STOP).exists()

    def hear(self, progress: Progress) -> None:
        """Takes in where the training stands, and looks itself where that is due."""
        point = self._point(progress)
        if point:
            with (self.folder / CURVE).open("a") as file:
                file.write(json.dumps(point._asdict()) + "\n")
            if self.board:
                for name, value in point._asdict().items():
                    self.board.add_scalar(name, value, progress.step)
        if self._due("snapshot", self.spacing):
            self._snapshot(progress)
        if point or self._due("status", 0.5):
            self.last["status"] = time.perf_counter()
            self.tell(progress)

    def tell(self, progress: Progress, message: str = "") -> None:
        """Writes where the run stands."""
        done, rate = progress.step, progress.step / max(progress.seconds, 1e-9)
        told = {
            "state": self.state,
            "step": done,
            "steps": progress.steps,
            "epoch": progress.epoch,
            "seconds": round(progress.seconds, 2),
            "images_per_second": round(progress.images_per_second),
            "left": round((progress.steps - done) / rate, 1) if done else None,
            "loss": progress.loss if np.isfinite(progress.loss) else None,
            "message": message,
            "updated": time.time(),
        }
        write_json(self.folder / STATUS, told | self.facts)
        self.told = progress

    def end(self, state: str, message: str = "") -> None:
        """`finished`, `stopped` or `failed`; the last look is kept."""
        # The steps since the last report are in the weights, and a resumed run begins after them.
        at = self.told._replace(step=self.run.step, seconds=self.run.seconds)
        if state != "failed" and at.step:
            self._snapshot(at)
        if self.board:
            self.board.close()
        self.state = state
        self.tell(at, message)

    def _due(self, what: str, spacing: float) -> bool:
        since = time.perf_counter() - self.last[what]
        return since >= max(spacing, self.cost.get(what, 0.0) / _SHARE)

    def _point(self, progress: Progress) -> Point | None:
        """The epoch's own numbers at its end; between two, now and then, those of few images."""
        measured = progress.point
        if measured is None:
            if not self._due("point", 0.0 if self.last["point"] < 0 else 2.0):
                return None
            begun = time.perf_counter()
            # The very first point must come soon.
            count = _QUICK if self.last["point"] < 0 else HELD_OUT
            parts = [self._terms(*(a[:count] for a in part)) for part in self.measured]
            measured = (0, *parts[0], *parts[1])
            self.cost["point"] = time.perf_counter() - begun
        self.last["point"] = time.perf_counter()
        epoch = progress.step * self.facts["epochs"] / progress.steps
        return Point(progress.step, round(epoch, 4), *measured[1:], round(progress.seconds, 2))

    @torch.inference_mode()
    def _terms(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
        device = self.run.generator.device
        generator = torch.Generator(device).manual_seed(0)
        x = images.to(device).float() / 255
        terms = self.run.averaged.terms(x, labels.to(device), generator=generator)
        return float(terms.reconstruction.mean()), float(terms.kl.mean())

    @torch.inference_mode()
    def _snapshot(self, progress: Progress) -> None:
        begun = time.perf_counter()
        model = self.run.averaged
        codes = torch.cat([model.encode(p.float() / 255) for p in self.watched.split(500)])
        codes = codes.float().cpu().numpy()
        plane = self._plane(codes)
        low, high = np.quantile(plane, (0.005, 0.995), axis=0)
        arrays = {
            "step": progress.step,
            "epoch": progress.step * self.facts["epochs"] / max(1, progress.steps),
            "plane": plane.astype(np.float16),
            "window": np.array([low[0], high[0], low[1], high[1]], np.float32),
            "eyes": decode_uint8(model, model.encode(self.eyes.float() / 255).cpu().numpy()),
        }
        if codes.shape[1] == 2:
            across, down = (np.linspace(low[k], high[k], LATTICE) for k in (0, 1))
            places = np.stack(np.meshgrid(across, down[::-1]), -1).reshape(-1, 2)
            arrays["lattice"] = decode_uint8(model, places)
        save_arrays(self.folder / SNAPSHOTS / f"{progress.step:09}.npz", **arrays)
        files = self._snapshots()
        if len(files) > MOST_SNAPSHOTS:
            for file in files[1:-1:2]:
                file.unlink(missing_ok=True)
            self.spacing *= 2
        self.cost["snapshot"] = time.perf_counter() - begun
        self.last["snapshot"] = time.perf_counter()

    def _plane(self, codes: np.ndarray) -> np.ndarray:
        """Codes [n, D] as [n, 2]: as they are, or on their two widest directions, turned so that
        they lie as near as can be to where they lay before (Procrustes)."""
        if codes.shape[1] == 2:
            return codes
        centred = codes - codes.mean(0)
        if codes.shape[1] == 1:
            return np.concatenate([codes, np.zeros_like(codes)], 1)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        plane = centred @ axes[:2].T
        if self.before is not None:
            left, _, right = np.linalg.svd(plane.T @ self.before)
            plane = plane @ (left @ right)
        self.before = plane
        return plane

    def _snapshots(self) -> list[Path]:
        return sorted((self.folder / SNAPSHOTS).glob("*.npz"))

    def _forget_what_comes_again(self) -> None:
        """A resumed run goes on where its state was saved; what lies behind that is dropped."""
        for file in self._snapshots():
            if int(file.stem) > self.run.step:
                file.unlink(missing_ok=True)
        curve = self.folder / CURVE
        rows = read_rows(curve)[0] if curve.exists() else []
        kept = [json.dumps(row) + "\n" for row in rows if row["step"] <= self.run.step]
        atomic.write(curve, "".join(kept))


def read_rows(path: Path, since: int = 0) -> tuple[list[dict], int]:
    """The whole lines of a file of JSON lines behind an offset in bytes, and the next offset."""
    try:
        with path.open("rb") as file:
            file.seek(since)
            raw = file.read()
    except FileNotFoundError:
        return [], 0
    raw = raw[: raw.rfind(b"\n") + 1]
    rows = []
    for line in raw.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # a line that a crash cut and another run went on behind
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows, since + len(raw)


def write_json(path: Path, data: dict) -> None:
    atomic.write(path, json.dumps(data, allow_nan=False))


def save_arrays(path: Path, **arrays: object) -> None:
    with atomic.replacing(path) as place, place.open("wb") as file:
        np.savez_compressed(file, **arrays)


def started(pid: int) -> str | None:
    """When a process began, in the system's own count: a pid alone may be given to another later.
    None where it is gone, has ended, or the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _eyes(labels: np.ndarray) -> np.ndarray:
    """Eight items, one a class as long as there are classes."""
    firsts = np.unique(labels, return_index=True)[1]
    rest = np.setdiff1d(np.arange(min(len(labels), 64)), firsts)
    return np.concatenate([firsts, rest])[:_EYES]


def _tensorboard(folder: Path):
    """A writer of event files where TensorBoard is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"))
