"""Uploads are read in a process of its own, which memory and time may end."""

import io
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from vae import DataError, load_dataset
from vae.config import Preparation
from vae.data.load import ITEMS
from vae.data.uploads import open_image, read_uploads
from vae.isolation import process, reader
from vae.progress import no_progress

ITEM = Preparation(**ITEMS)


def png(image):
    target = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(target, "PNG")
    return target.getvalue()


@pytest.fixture
def archive(tmp_path):
    """30 small pictures in two classes."""
    rng, path = np.random.default_rng(0), tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as file:
        for k in range(30):
            file.writestr(f"{'ab'[k % 2]}/{k}.png", png(rng.integers(0, 256, (12, 9), np.uint8)))
    return path


def test_a_data_set_its_preview_and_a_picture_are_those_of_the_engine(archive):
    how = Preparation(8, 8)
    found = reader.read_dataset(str(archive), how, 0.1)
    direct = load_dataset(archive, preparation=how)
    assert found.digest == direct.digest and found.class_names == ("a", "b")
    assert found.train_metadata == direct.train_metadata and found.report == direct.report
    assert found.preparation == how and found.shown.digest == direct.shown.digest
    preview = reader.preview(str(archive), "8", {"ground": "black"})
    assert (preview.images.shape, preview.test_count) == ((16, 1, 8, 8), 4)
    assert preview.pairs().shape == (16, 104, 204, 4) and preview.summary == "30 images found"
    assert np.array_equal(preview.labels, direct.train.labels)
    assert np.array_equal(preview.images[0], direct.train.images[0])
    for mode in ("L", "LA", "RGB", "RGBA"):
        data = png(Image.new(mode, (9, 12), (7,) * len(mode) if len(mode) > 1 else 7))
        assert np.array_equal(reader.read_picture(data, "x"), np.asarray(open_image(data, "x")))


def test_a_batch_reports_progress_and_stops_where_that_raises(archive, tmp_path):
    files = [("good.png", png(np.eye(28, dtype=np.uint8) * 255)), ("bad.png", b"no picture")]
    files.append(("own.zip", archive.read_bytes()))
    steps = []
    found = reader.read_batch(files, ITEM, progress=lambda *at: steps.append(at))
    direct = read_uploads(files, vars(ITEM), progress=no_progress)
    assert (found.paths, found.errors) == (direct.paths, direct.errors)
    assert np.array_equal(found.images, direct.images) and steps == [(0, 32), (32, 32)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reader.read_batch(files, ITEM, progress=stop)

    for k, (name, content) in enumerate(files):  # the same as files on disk
        (tmp_path / f"upload-{k}").write_bytes(content)
        files[k] = (name, tmp_path / f"upload-{k}")
    read = reader.read_batch(files, ITEM, progress=no_progress)
    assert (read.paths, read.errors) == (direct.paths, direct.errors)
    assert np.array_equal(read.images, direct.images)
    (tmp_path / "upload-1").unlink()
    with pytest.raises(DataError, match=r"bad\.png is no longer on the server"):
        reader.read_batch(files, ITEM, progress=no_progress)


def test_memory_and_time_end_the_process_with_a_sentence():
    large = png(Image.new("RGB", (3900, 3900)))
    pytest.importorskip("resource")
    for memory in (150 * 2**20, 50 * 2**20):
        with pytest.raises(DataError, match="memory"):
            reader.call("data.uploads.open_image", {"data": large, "name": "x"}, memory=memory)
    before = time.monotonic()
    with pytest.raises(DataError, match=r"more than 0\.01 seconds"):
        reader.call("data.uploads.open_image", {"data": large, "name": "x"}, seconds=0.01)
    assert time.monotonic() - before < 2
    with pytest.raises(DataError, match="neither a name nor a path"):
        reader.read_dataset("/nowhere/x.zip", ITEM, 0.1)


def test_pictures_are_dropped_one_by_one(tmp_path):
    """14 pictures of 9 MB in 75 MB: kept until all are read they would not fit."""
    pytest.importorskip("resource")
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for k in range(14):
            file.writestr(f"{k}.png", png(np.full((3000, 3000), 99 + k, np.uint8)))
    assert (tmp_path / "x.zip").stat().st_size < 30_000
    arguments = {"name_or_path": str(tmp_path / "x.zip"), "size": 16}
    found = reader.call("data.load.load_dataset", arguments, memory=240 * 2**20)
    assert found["train"][0].shape == (13, 1, 16, 16)


def test_the_process_loads_no_torch_and_starts_quickly():
    code = f"""if True:
        import importlib.util, sys
        spec = importlib.util.spec_from_file_location("process", {process.__file__!r})
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.main()
        from vae.analysis import projections
        from vae.data import preview, uploads
        print([m for m in ("torch", "torchvision", "sklearn", "scipy") if m in sys.modules])
    """
    request = io.BytesIO()
    process.send(request, ["data.uploads.open_image", {"data": b"no", "name": "x"}, 2**30])
    before = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], input=request.getvalue(), capture_output=True
    )
    assert done.stderr.endswith(b"[]\n") and b"no picture" in done.stdout
    assert time.monotonic() - before < 10  # about 0.4 on an idle machine
