"""Calls functions in a process of their own, `process.py`, under limits of memory and time: what
visitors upload can end that process, and never the pages' server."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress

import numpy as np

from ..data.dataset import DataError, Dataset, Split
from ..data.image_zip import Preview
from ..data.uploads import Files, UploadBatch
from ..progress import Progress, no_progress
from . import process

MEMORY = 2**30  # bytes of address space, of which Python and the libraries take 110 MB


def read_picture(data: bytes, name: str) -> np.ndarray:
    """A picture as `uploads.open_image` gives it, uint8 [H, W] or [H, W, 2, 3 or 4]."""
    return call("data.uploads.open_image", {"data": data, "name": name})


def read_batch(files: Files, shape: tuple[int, int, int], *, progress: Progress) -> UploadBatch:
    """Uploaded files as `uploads.read_uploads` gives them."""
    options = {"files": files, "shape": shape, "progress": None}
    found = call("data.uploads.read_uploads", options, progress=progress, seconds=300)
    return UploadBatch(*map(tuple, found[:2]), found[2])


def read_dataset(path: str, size: int) -> Dataset:
    """The data set of a .zip."""
    options = {"name_or_path": path, "size": size}
    found = call("data.load.load_dataset", options, seconds=300, memory=4 * MEMORY)
    splits = Split(*found["train"]), Split(*found["test"])
    return Dataset(found["name"], *splits, tuple(found["class_names"]))


def preview(path: str, size: int) -> Preview:
    """A few images of a .zip, as `image_zip.preview_zip` gives them."""
    return Preview(*call("data.image_zip.preview_zip", {"path": path, "size": size}))


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
