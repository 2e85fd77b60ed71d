"""The process that reads uploads for `reader.py`.

It runs as a script without the engine's torch, so it starts in a quarter of a second. The request
comes as a line of JSON and the contents of the files, the answer goes as lines of JSON and arrays.
"""

import json
import os
import sys
import types
from pathlib import Path


def main() -> None:
    """Answers one request."""
    source, target, sys.stdout = sys.stdin.buffer, sys.stdout.buffer, sys.stderr
    request = json.loads(source.readline())
    _limit(request["memory"])
    files = [(name, source.read(size)) for name, size in request["files"]]
    package = types.ModuleType("vae")  # whose own import would load torch
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules["vae"] = package
    from vae.errors import AtelierError

    def answer(**values) -> None:
        target.write(json.dumps(values).encode() + b"\n")
        target.flush()

    def progress(done: int, total: int) -> None:
        answer(progress=(done, total))

    try:
        facts, arrays = _TASKS[request["task"]](files, progress, **request["options"])
    except (AtelierError, MemoryError) as error:
        answer(error=str(error) or "the files take too much memory; choose fewer or smaller ones")
    else:
        answer(arrays=[(a.shape, a.dtype.str) for a in arrays], **facts)
        for array in arrays:
            target.write(array.data if array.flags.c_contiguous else array.tobytes())
        target.flush()


def _limit(memory: int) -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would reserve memory
    try:
        import resource
    except ImportError:  # Windows has no limits, but the process ends with its memory
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _picture(files, progress):
    import numpy as np

    from vae.data.uploads import open_image

    ((name, data),) = files
    return {}, [np.asarray(open_image(data, name))]


def _batch(files, progress, shape):
    from vae.data.upload_batch import list_files, read_files

    found = read_files(list_files(files), tuple(shape), progress=progress)
    return {"paths": found.paths, "errors": found.errors}, [found.images]


def _dataset(files, progress, path, size):
    from vae.data.load import load_dataset

    found = load_dataset(path, size=size)
    facts = {"name": found.name, "class_names": found.class_names}
    return facts, [*found.train, *found.test]


def _preview(files, progress, path, size):
    from vae.data.image_folder import preview
    from vae.data.image_zip import list_zip

    path = Path(path)
    found = preview(path.name, list_zip(path, path.name), size)
    facts = {"test_count": found.test_count, "class_names": found.class_names}
    return facts, [found.images, found.labels]


_TASKS = {"picture": _picture, "batch": _batch, "dataset": _dataset, "preview": _preview}

if __name__ == "__main__":
    main()
