"""Calls functions in a process of their own, `process.py`, under limits of memory and time: what
visitors upload can end that process, and never the pages' server."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..config import Preparation
from ..data.dataset import Dataset, Metadata, Split
from ..data.preview import Preview
from ..data.report import Report
from ..data.uploads import Files, UploadBatch
from ..formats.sources import Skipped
from ..formats.untrusted import DataError
from ..progress import Progress, no_progress
from . import process

MEMORY = 2**30  # bytes of address space, of which Python and the libraries take 110 MB
_LARGE = {"seconds": 600, "memory": 4 * MEMORY}  # for data sets


def read_picture(
    data: bytes, name: str, levels: Sequence[float] = (0, 65_535), white: float = 255
) -> np.ndarray:
    """A picture as `uploads.open_image` gives it, uint8 [H, W] or [H, W, 2, 3 or 4]."""
    options = {"data": data, "name": name, "levels": levels, "white": white}
    return call("data.uploads.open_image", options)


def prepared_picture(
    data: bytes, name: str, how: Preparation, crop: Sequence[float]
) -> np.ndarray:
    """A picture as an image uint8 [C, H, W], as `data.prepare.read` makes it."""
    options = {"data": data, "name": name, "how": vars(how), "crop": crop}
    return call("data.uploads.read_upload", options)


def read_batch(files: Files, how: Preparation, *, progress: Progress) -> UploadBatch:
    """Uploaded files as `uploads.read_uploads` gives them."""
    sent = [(name, str(file) if isinstance(file, Path) else file) for name, file in files]
    options = {"files": sent, "how": vars(how), "progress": None}
    found = call("data.uploads.read_uploads", options, progress=progress, seconds=300)
    return UploadBatch(*map(tuple, found[:2]), found[2])


def read_dataset(
    path: str, how: Preparation, held_out: float, *, progress: Progress = no_progress
) -> Dataset:
    """The data set at a path, by a preparation."""
    options = {"path": path, "how": vars(how), "held_out": held_out, "progress": None}
    found = call("data.load.load_prepared", options, progress=progress, **_LARGE)
    report = found["report"] and Report(
        found["report"]["read"],
        *(tuple(Skipped(*file) for file in found["report"][k]) for k in ("refused", "skipped")),
        tuple(found["report"]["notes"]),
    )
    return Dataset(
        found["name"],
        Split(*found["train"]),
        Split(*found["test"]),
        tuple(found["class_names"]),
        Preparation(**found["preparation"]),
        *(Metadata(tuple(found[k][0]), found[k][1]) for k in ("train_metadata", "test_metadata")),
        report,
    )


def preview(path: str, size: str, wanted: dict, *, progress: Progress = no_progress) -> Preview:
    """What the source at a path holds, as `data.preview` finds it."""
    options = {"name": path, "size": size, "wanted": wanted}
    found = call("data.preview.preview", options, progress=progress, **_LARGE)
    return Preview(*found)


def adopt(encoder: str, decoder: str, options: dict, *, progress: Progress = no_progress) -> dict:
    """Adopts a model from two ONNX files, as `adoption.adopt.adopt_files` does; what was found."""
    arguments = {"encoder": encoder, "decoder": decoder, "progress": None} | options
    limits = {"seconds": 900, "memory": 2 * _LARGE["memory"]}  # torch alone reserves one GB
    return call("adoption.adopt.adopt_files", arguments, progress=progress, **limits)


def measure(path: str, seconds: float, *, progress: Progress = no_progress) -> None:
    """Measures a checkpoint, as `evaluation.measure.measure_folder` does."""
    arguments = {"path": path, "seconds": seconds, "progress": None}
    limits = {"seconds": 10 * seconds, "memory": 2 * _LARGE["memory"]}
    call("evaluation.measure.measure_folder", arguments, progress=progress, **limits)


def call(
    function: str,
    arguments: dict,
    *,
    progress: Progress = no_progress,
    seconds: float = 60,
    memory: int | None = MEMORY,
):
    """What a function of the engine returns. Raises `DataError`, and what `progress` raises."""
    # -P keeps this folder off the path: its modules could shadow those of libraries.
    child = subprocess.Popen(
        [sys.executable, "-P", process.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # each thread would reserve memory
    )
    timer, end = threading.Timer(seconds, child.kill), time.monotonic() + seconds
    timer.start()
    try:
        with suppress(OSError):  # it ended before it read all
            process.send(child.stdin, [function, arguments, memory])
        while (answer := process.receive(child.stdout)) and "progress" in answer:
            progress(*answer["progress"])
    finally:
        timer.cancel()
        child.kill()
        with suppress(OSError):
            child.stdin.close()
        child.stdout.close()
        child.wait()
    if not answer:
        late = f"took more than {seconds} seconds"
        why = late if time.monotonic() > end else "needed too much memory"
        raise DataError(f"the process at work {why}; choose fewer or smaller pictures")
    if "error" in answer:
        raise DataError(answer["error"])
    return answer["result"]
