"""Memory-mapped data: the same arrays and the same training curve as data in memory."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sample_files import idx

from vae import DataError, Dataset, Split, load_dataset, training
from vae.data import memory_mapped
from vae.training import batches


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/latent-atelier/streams"


@pytest.fixture
def folder(tmp_path):
    """IDX files as they are published, unpacked: 60 + 20 images in two classes."""
    rng, target = np.random.default_rng(0), tmp_path / "idx"
    target.mkdir()
    for stem, count in (("train", 60), ("t10k", 20)):
        labels = (np.arange(count) % 2).astype(np.uint8)
        images = rng.integers(0, 60, (count, 8, 8)) + 150 * labels[:, None, None]
        (target / f"{stem}-images-idx3-ubyte").write_bytes(idx(images.astype(np.uint8)))
        (target / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
    return target


def same(one, two):
    assert one.digest == two.digest and one.class_names == two.class_names
    for a, b in zip((one.train, one.test), (two.train, two.test), strict=True):
        assert np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)


def test_idx_files_are_mapped_in_place_or_packed_at_another_size(folder, cache):
    mapped = memory_mapped.load(folder, size=8)
    same(mapped, load_dataset(folder, size=8))
    assert batches.is_memory_mapped(mapped.train.images) and not cache.exists()
    assert not batches.is_memory_mapped(load_dataset(folder, size=8).train.images)
    larger = memory_mapped.load(folder, size=12)
    same(larger, load_dataset(folder, size=12))
    assert batches.is_memory_mapped(larger.test.images) and len(list(cache.glob("*/a.npy"))) == 1


def pictures(folder, mode, count=12):
    """A folder of images, one subfolder per class."""
    rng = np.random.default_rng(1)
    for k in range(count):
        target = folder / "ab"[k % 2] / f"{k}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shape = (9, 7) if mode == "L" or k % 3 else (9, 7, 3)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(target)
    return folder


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_folder_is_packed_once_until_a_file_changes(mode, tmp_path, cache):
    source, calls = pictures(tmp_path / "clothes", mode), []

    def progress(done, total):
        calls.append((done, total))

    for _ in range(2):
        same(memory_mapped.load(source, size=8, progress=progress), load_dataset(source, size=8))
    assert calls[0] == (0, 24) and calls[-1] == (24, 24) and calls == sorted(calls)
    assert len(calls) < 6  # once
    pictures(source, mode, 14)
    assert len(memory_mapped.load(source, size=8, progress=progress).train.labels) == 12
    assert not [p for p in cache.iterdir() if p.name.endswith(".tmp")]


def test_a_failed_packing_leaves_nothing_and_says_why(tmp_path, cache, monkeypatch):
    source = pictures(tmp_path / "clothes", "L")
    for k in range(7):
        (source / "ab"[k % 2] / f"{k}.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="7 of the 12 pictures of clothes cannot be read"):
        memory_mapped.load(source, size=8)
    assert not [p for p in cache.iterdir() if p.suffix != ".lock"]
    with pytest.raises(DataError, match="neither a name nor a path"):
        memory_mapped.load(tmp_path / "nowhere")
    (tmp_path / "full").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "full"))
    with pytest.raises(DataError, match="XDG_CACHE_HOME"):
        memory_mapped.load(pictures(tmp_path / "other", "L"), size=8)


@pytest.mark.parametrize("options", [{}, {"patience": 3, "unlabelled": 0.3, "noise": 0.1}])
def test_training_gives_the_same_curve_as_images_in_memory(options, folder, settings):
    name = "cvae" if options else "vae"
    curves = []
    for data in (load_dataset(folder, size=8), memory_mapped.load(folder, size=8)):
        run = training.new_run(settings(name, **options), data, torch.device("cpu"))
        list(training.train(run, data))
        curves.append(run.curve)
    assert curves[0] == curves[1] and len(curves[0]) == 4
    assert not [t for t in threading.enumerate() if t.name.startswith("feed")]


def anonymous():
    """Anonymous memory of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return 1024 * int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory of Linux")
def test_the_images_are_never_in_memory_as_a_whole(tmp_path, settings):
    rng, size = np.random.default_rng(0), (200_000, 1, 28, 28)  # 157 MB
    for name in "ab":
        shape = size if name == "a" else (100, *size[1:])
        with (tmp_path / f"{name}.npy").open("wb") as file:
            head = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, head)
            file.truncate(file.tell() + int(np.prod(shape)))
    images = [np.lib.format.open_memmap(tmp_path / f"{n}.npy", "r+") for n in "ab"]
    images[0][::1000] = rng.integers(0, 256, images[0][::1000].shape)
    splits = [Split(memory_mapped.open_array(tmp_path / f"{n}.npy"), np.zeros(len(i), np.int64))
              for n, i in zip("ab", images, strict=True)]  # fmt: skip
    data = Dataset("large", *splits, ("0",))
    begun, peak, done = anonymous(), [0], threading.Event()

    def watch():
        while not done.is_set():
            peak[0] = max(peak[0], anonymous() - begun)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert len(data.digest) == 64
        config = settings(image_shape=(1, 28, 28), epochs=1, batch_size=2000)
        run = training.new_run(config, data, torch.device("cpu"))
        for progress in training.train(run, data):
            last = progress
    finally:
        done.set()
        watcher.join()
    assert last.step == 100 and len(run.curve) == 1
    print(f"peak: {peak[0] / 1e6:.0f} MB for a file of 157 MB")
    assert 0 < peak[0] < 110e6
