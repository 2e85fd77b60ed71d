"""Reading somebody's own pictures: time and memory for 10,000 photographs, and whether training
and look-up see the same pixels. Arguments: the number of pictures and of photographs.
"""

import io
import multiprocessing
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

import vae
from vae.data import uploads


def photograph(k: int, size: tuple[int, int]) -> bytes:
    """Noise in large patches, so that the file is about as large as that of a photograph."""
    rng = np.random.default_rng(k)
    patches = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3)).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC).save(target, "JPEG")
    return target.getvalue()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: Path, size: int) -> None:
    """In a process of its own, whose peak of memory counts from here."""
    vae.load_dataset("digits", size=8)  # loads the libraries
    before, begun = peak_mb(), time.perf_counter()
    found = vae.load_dataset(path, size=size)
    seconds = time.perf_counter() - begun
    print(
        f"{found.report.summary()} of {path.name} at {size} px: {seconds:.1f} s, "
        f"{peak_mb() - before:.0f} MB above the start"
    )


def pack(path: Path, count: int, size: tuple[int, int], different: int) -> None:
    contents = [photograph(k, size) for k in range(min(count, different))]
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(count):
            archive.writestr(f"{k % 5}/{k}.jpg", contents[k % len(contents)])


def differing_pixels(path: Path) -> int:
    total = 0
    for choice in ({}, {"fit": "pad"}, {"fit": "stretch", "invert": "yes"}, {"colour": "grey"}):
        found = vae.load_dataset(path, size=(48, 64), **choice)
        with zipfile.ZipFile(path) as archive:
            for split, known in (
                (found.train, found.train_metadata), (found.test, found.test_metadata)
            ):  # fmt: skip
                files = [(name, lambda name=name: archive.read(name)) for name in known.paths]
                again = uploads.read_files(files, found.preparation)
                total += int((again.images != split.images).sum())
    return total


def main() -> None:
    pictures, photographs = (
        int(n) for n in (sys.argv[1:] + ["10000", "300"][len(sys.argv) - 1 :])
    )
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "640x480.zip", Path(folder) / "24-megapixels.zip"
        pack(small, pictures, (640, 480), 500)
        pack(large, photographs, (6000, 4000), 3)
        for path in (small, large):
            process = spawn.Process(target=read, args=(path, 64))
            process.start()
            process.join()
        pack(small, 60, (640, 480), 60)
        print(f"pixels that differ between training and look-up: {differing_pixels(small)}")


if __name__ == "__main__":
    main()
