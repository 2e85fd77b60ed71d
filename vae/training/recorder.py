"""Recording of a training in files, so that any page or program can follow it.

The folder `run/` next to the checkpoint holds `plan.json` (the options), `status.json` (the
progress, about twice per second), `curve.jsonl` (one line per point), `eyes.npz` (the probe
images), `snapshots/` (the latent plane and the reconstructed probe images over time), `log.txt` if
the queue started the training, and `STOP` to request its end. Files are written atomically.
"""

import importlib.util
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
import torch

from ..data.dataset import Dataset, evenly_spaced
from ..files import atomic
from ..files.records import Count, Number
from ..latent.encoding import decode_uint8
from .batches import PROBE_SIZE
from .loop import TrainingReport
from .processes import start_time
from .state import Run

FOLDER, PLAN, STATUS, CURVE = "run", "plan.json", "status.json", "curve.jsonl"
PROBE_IMAGES, SNAPSHOTS, LOG, STOP = "eyes.npz", "snapshots", "log.txt", "STOP"
MAX_SNAPSHOTS = 60
GRID_SIDE = 12  # decoded images per side of the grid
_PROBE_IMAGES = 8
_MAX_OVERHEAD = 0.05  # fraction of the time that recording may take


class CurvePoint(msgspec.Struct):
    """One line of the curve, in nats per image for the averaged weights; `epoch` has decimals."""

    step: Count
    epoch: Number
    train_reconstruction: Number
    train_kl: Number
    held_out_reconstruction: Number
    held_out_kl: Number
    seconds: Number


class Recorder:
    """Writes the folder of a run: `record` every report, then `finish` once."""

    def __init__(
        self, out: Path, run: Run, dataset: Dataset, *, device: str = "cpu", processes: int = 1
    ) -> None:
        self.folder, self.run, self.state = Path(out) / FOLDER, run, "running"
        pid, epochs = os.getpid(), run.config.train.epochs
        self.facts = {"device": device, "processes": processes, "epochs": epochs}
        # What tells a reader of status.json whether this process still runs.
        self.facts |= {"pid": pid, "started": start_time(pid), "host": socket.gethostname()}
        self._prepare_folder(Path(out).name)
        self._choose_images(dataset)
        self._truncate_to_step()
        self.writer = _tensorboard(self.folder)
        self.cost = {"point": 0.0, "snapshot": 0.0}
        self.last = {"point": -1e9, "snapshot": -1e9, "status": -1e9}
        self.previous_projection = None
        taken = len(self._snapshots())
        # A resumed run continues with the spacing that it had.
        self.spacing = max(0.5, run.seconds / taken) if taken > 2 else 0.5
        steps = epochs * max(1, len(dataset.train.images) // run.config.train.batch_size)
        report = TrainingReport(0, run.step, steps, run.seconds, 0.0, 0.0, 0.0, np.nan, None)
        self.write_status(report)

    def _prepare_folder(self, name: str) -> None:
        (self.folder / SNAPSHOTS).mkdir(parents=True, exist_ok=True)
        for folder in (self.folder.parent, self.folder, self.folder / SNAPSHOTS):
            atomic.remove_leftovers(folder / "*", seconds=60)
        (self.folder / STOP).unlink(missing_ok=True)
        if not (self.folder / PLAN).exists():
            write_json(self.folder / PLAN, {"name": name, "options": {}, "created": time.time()})

    def _choose_images(self, dataset: Dataset) -> None:
        """The test images of the snapshots."""
        device, (images, labels) = self.run.generator.device, dataset.test
        rows = evenly_spaced(len(labels), PROBE_SIZE)
        self.plane_images = torch.tensor(images[rows]).to(device)
        # One per class as far as there are classes.
        firsts = np.unique(labels, return_index=True)[1]
        rest = np.setdiff1d(np.arange(min(len(labels), 64)), firsts)
        probe_images = images[np.concatenate([firsts, rest])[:_PROBE_IMAGES]]
        self.probe_images = torch.tensor(probe_images).to(device)
        named = {"labels": labels[rows].astype(np.int16), "names": np.array(dataset.class_names)}
        save_arrays(self.folder / PROBE_IMAGES, images=probe_images, **named)

    @property
    def stop_requested(self) -> bool:
        return (self.folder / STOP).exists()

    def record(self, report: TrainingReport) -> None:
        """Writes the status, and a point and a snapshot when they are due."""
        if point := self._point(report):
            values = msgspec.structs.asdict(point)
            with (self.folder / CURVE).open("a") as file:
                file.write(json.dumps(values) + "\n")
            for name, value in values.items() if self.writer else ():
                self.writer.add_scalar(name, value, report.step)
        if self._due("snapshot", self.spacing):
            self._snapshot(report)
        if point or self._due("status", 0.5):
            self.last["status"] = time.perf_counter()
            self.write_status(report)

    def write_status(self, report: TrainingReport, message: str = "") -> None:
        """Writes status.json."""
        rate = report.step / max(report.seconds, 1e-9)
        status = {
            "state": self.state,
            **{name: getattr(report, name) for name in ("step", "steps", "epoch", "warnings")},
            "seconds": round(report.seconds, 2),
            "images_per_second": round(report.images_per_second),
            "left": round((report.steps - report.step) / rate, 1) if report.step else None,
            "loss": report.loss if np.isfinite(report.loss) else None,
            "message": message,
            "updated": time.time(),
        }
        write_json(self.folder / STATUS, status | self.facts)
        self.report = report

    def finish(self, state: str, message: str = "") -> None:
        """Writes the final state, `finished`, `stopped` or `failed`, and a last snapshot."""
        # The weights include the steps since the last report, and a resumed run begins after them.
        report = self.report._replace(step=self.run.step, seconds=self.run.seconds)
        if state != "failed" and report.step:
            self._snapshot(report)
        if self.writer:
            self.writer.close()
        self.state = state
        self.write_status(report, message)

    def _due(self, what: str, spacing: float) -> bool:
        since = time.perf_counter() - self.last[what]
        return since >= max(spacing, self.cost.get(what, 0.0) / _MAX_OVERHEAD)

    def _point(self, report: TrainingReport) -> CurvePoint | None:
        """The metrics of an epoch at its end; in between, when due, the same measured now."""
        metrics = report.metrics
        if metrics is None:
            spacing = 0.0 if self.last["point"] < 0 else 2.0
            if report.measure is None or not self._due("point", spacing):
                return None
            begin = time.perf_counter()
            metrics = report.measure()
            self.cost["point"] = time.perf_counter() - begin
        self.last["point"] = time.perf_counter()
        epoch = round(self._epoch(report), 4)
        return CurvePoint(report.step, epoch, *metrics[1:], round(report.seconds, 2))

    def _epoch(self, report: TrainingReport) -> float:
        return report.step * self.facts["epochs"] / max(1, report.steps)

    @torch.inference_mode()
    def _snapshot(self, report: TrainingReport) -> None:
        begin, model = time.perf_counter(), self.run.ema_model
        parts = [model.encode(part.float() / 255) for part in self.plane_images.split(500)]
        codes = torch.cat(parts).float().cpu().numpy()
        plane = self._project(codes)
        low, high = np.quantile(plane, (0.005, 0.995), axis=0)
        probe_codes = model.encode(self.probe_images.float() / 255).cpu().numpy()
        arrays = {
            "step": report.step,
            "epoch": self._epoch(report),
            "plane": plane.astype(np.float16),
            "window": np.array([low[0], high[0], low[1], high[1]], np.float32),
            "eyes": decode_uint8(model, probe_codes),
        }
        if codes.shape[1] == 2:
            x, y = (np.linspace(low[k], high[k], GRID_SIDE) for k in (0, 1))
            grid = np.stack(np.meshgrid(x, y[::-1]), -1).reshape(-1, 2)
            arrays["lattice"] = decode_uint8(model, grid)
        save_arrays(self.folder / SNAPSHOTS / f"{report.step:09}.npz", **arrays)
        files = self._snapshots()
        if len(files) > MAX_SNAPSHOTS:
            for file in files[1:-1:2]:
                file.unlink(missing_ok=True)
            self.spacing *= 2
        self.last["snapshot"] = time.perf_counter()
        self.cost["snapshot"] = self.last["snapshot"] - begin

    def _project(self, codes: np.ndarray) -> np.ndarray:
        """Codes [n, D] as [n, 2]: unchanged if D = 2, else their first two principal components.
        The components are rotated towards those of the snapshot before (orthogonal Procrustes)."""
        if codes.shape[1] == 2:
            return codes
        if codes.shape[1] == 1:
            return np.concatenate([codes, np.zeros_like(codes)], 1)
        centred = codes - codes.mean(0)
        axes = np.linalg.svd(centred, full_matrices=False).Vh
        plane = centred @ axes[:2].T
        if self.previous_projection is not None:
            left, _, right = np.linalg.svd(plane.T @ self.previous_projection)
            plane = plane @ (left @ right)
        self.previous_projection = plane
        return plane

    def _snapshots(self) -> list[Path]:
        return sorted((self.folder / SNAPSHOTS).glob("*.npz"))

    def _truncate_to_step(self) -> None:
        """Removes points and snapshots after the run's step: a resumed run records them again."""
        for file in self._snapshots():
            if int(file.stem) > self.run.step:
                file.unlink(missing_ok=True)
        rows, _ = read_rows(self.folder / CURVE)
        lines = [json.dumps(row) + "\n" for row in rows if row["step"] <= self.run.step]
        atomic.write(self.folder / CURVE, "".join(lines))


def read_rows(path: Path, offset: int = 0) -> tuple[list[dict], int]:
    """The points in the complete lines after an offset in bytes, and the next offset; damaged
    lines are left out."""
    try:
        raw = path.read_bytes()[offset:]
    except OSError:
        return [], 0
    raw, rows = raw[: raw.rfind(b"\n") + 1], []
    for line in raw.splitlines():
        # A crash may cut a line off, after which a resumed run continues.
        with suppress(msgspec.DecodeError, RecursionError):
            rows.append(msgspec.structs.asdict(msgspec.json.decode(line, type=CurvePoint)))
    return rows, offset + len(raw)


def write_json(path: Path, data: dict) -> None:
    atomic.write(path, json.dumps(data, allow_nan=False))


def save_arrays(path: Path, **arrays: object) -> None:
    with atomic.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _tensorboard(folder: Path):
    """A writer of TensorBoard event files, if TensorBoard is installed; else None."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"))
