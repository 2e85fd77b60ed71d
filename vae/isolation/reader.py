"""Reads what visitors upload in a process of its own, `process.py`, under limits of memory and
time: a file can end that process, and never the pages' server."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..data.dataset import DataError, Dataset, Split
from ..data.image_folder import Preview
from ..data.upload_batch import UploadBatch
from ..progress import Progress, no_progress
from . import process

MEMORY = 2**30  # bytes of address space, of which the libraries take a third


def read_picture(data: bytes, name: str) -> np.ndarray:
    """A picture as `uploads.open_image` gives it, uint8 [H, W] or [H, W, 2, 3 or 4]."""
    return _read("picture", [(name, data)])[1][0]


def read_batch(
    files: Sequence[tuple[str, bytes]], shape: tuple[int, int, int], *, progress: Progress
) -> UploadBatch:
    """Uploaded files as `upload_batch.read_files` gives them."""
    found, (images,) = _read("batch", files, progress=progress, shape=shape, seconds=300)
    return UploadBatch(tuple(found["paths"]), tuple(found["errors"]), images)


def read_dataset(path: str | Path, size: int) -> Dataset:
    """The data set of a .zip."""
    found, arrays = _read("dataset", path=str(path), size=size, seconds=300, memory=4 * MEMORY)
    splits = Split(*arrays[:2]), Split(*arrays[2:])
    return Dataset(found["name"], *splits, tuple(found["class_names"]))


def preview(path: str | Path, size: int) -> Preview:
    """A few images of a .zip, as `image_folder.preview` gives them."""
    found, arrays = _read("preview", path=str(path), size=size)
    return Preview(*arrays, found["test_count"], tuple(found["class_names"]))


def _read(
    task: str,
    files: Sequence[tuple[str, bytes]] = (),
    *,
    progress: Progress = no_progress,
    seconds: int = 60,
    memory: int = MEMORY,
    **options,
) -> tuple[dict, list[np.ndarray]]:
    """Facts and arrays of a task. Raises `DataError`, and what `progress` raises."""
    sizes = [(name, len(content)) for name, content in files]
    request = {"task": task, "options": options, "memory": memory, "files": sizes}
    # -P keeps this folder off the path: its modules could shadow those of libraries.
    command = [sys.executable, "-P", process.__file__]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    child, end = subprocess.Popen(command, **pipes), time.monotonic() + seconds
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    try:
        with suppress(OSError):  # it ended before it read all
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.writelines(content for _, content in files)
            child.stdin.close()
        for line in child.stdout:
            answer = json.loads(line)
            if "progress" in answer:
                progress(*answer["progress"])
            elif "error" in answer:
                raise DataError(answer["error"])
            else:
                arrays = [np.empty(shape, dtype) for shape, dtype in answer["arrays"]]
                flat = [array.reshape(-1).view(np.uint8) for array in arrays]
                if all(child.stdout.readinto(part) == part.nbytes for part in flat):
                    return answer, arrays
    finally:
        timer.cancel()
        child.kill()
        with suppress(OSError):
            child.stdin.close()
        child.stdout.close()
        child.wait()
    late = f"takes more than {seconds} seconds" if time.monotonic() > end else "needs too much"
    raise DataError(f"reading the files {late}; choose fewer or smaller ones")
