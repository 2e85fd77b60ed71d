"""Every page and every command with data that people bring: no page has an exception, whatever the
shape, the colour, the labels and the number of the images."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui.runtime import cache, jobs
from vae.__main__ import main

RNG = np.random.default_rng(0)


def rectangles(folder):
    """Colour photographs of 60 x 40 pixels without labels."""
    for k in range(24):
        y, x = np.mgrid[0:40, 0:60]
        pixels = np.stack([x * 4, y * 6, np.full_like(x, 10 * k)], 2).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"IMG_{k:04}.jpg")
    return folder, "20x28"


def csv(folder):
    """24 images of 3 classes, as on Kaggle."""
    images = RNG.integers(0, 256, (24, 64))
    table = pd.DataFrame(images, columns=[f"pixel{k}" for k in range(64)])
    table.insert(0, "label", np.arange(24) % 3)
    table.to_csv(folder / "train.csv", index=False)
    return folder / "train.csv", "8"


def parquet(folder):
    """Image structs with labels, as of Hugging Face: one class with a single image."""
    rows = []
    for k in range(21):
        path = folder / "x.png"
        Image.fromarray(RNG.integers(0, 256, (12, 12, 3)).astype(np.uint8)).save(path)
        rows.append({"image": {"bytes": path.read_bytes(), "path": f"{k}.png"}, "label": k % 20})
        path.unlink()
    pd.DataFrame(rows).to_parquet(folder / "train-00000-of-00001.parquet")
    return folder, "12"


def tiffs(folder):
    """20 pictures of 12 bits in 5 classes."""
    for k in range(20):
        target = folder / f"class {k % 5}" / f"{k}.tif"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(RNG.integers(0, 4096, (16, 16)).astype(np.uint16)).save(target)
    return folder, "16"


PAGES = (
    *("explore", "learn", "interpolate", "generate", "board", "lookup", "anomalies", "reduce"),
    *("clusters", "augment", "train", "compare", "models"),
)
# What cannot be is said in a sentence: a comparison of one model, a class with one image.
IMPOSSIBLE = ("A comparison needs two models", "own cannot create labelled images")
SHOWING_ITEMS = ("explore", "generate", "lookup", "anomalies", "clusters")
SMALL = ("--encoder-widths", "16", "--decoder-widths", "16", "--fourier", "4", "--epochs", "2")


def run(*arguments):
    done = CliRunner().invoke(main, [str(part) for part in arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(autouse=True)
def no_job_outlives_its_test(monkeypatch):
    """Pages start computations in threads, which would count among those of the next test."""
    started = []
    begin = jobs.Job.__init__

    def remember(self, *arguments, **options):
        started.append(self)
        begin(self, *arguments, **options)

    monkeypatch.setattr(jobs.Job, "__init__", remember)
    yield
    for job in started:
        job.stop()
        job.wait(60)


@pytest.mark.parametrize("make", [rectangles, csv, parquet, tiffs])
def test_every_command_and_every_page(make, tmp_path, monkeypatch):
    source, checkpoints = tmp_path / "source", tmp_path / "checkpoints"
    source.mkdir()
    data, size = make(source)
    model = checkpoints / "own"
    train = ("train", "--data", data, "--size", size, *SMALL, "--evaluate", "--device", "cpu")
    run(*train, "--out", model)
    run("evaluate", model, "--iwae-k", "2")
    run("encode", model, data, "--out", tmp_path / "codes.npz")
    run("sample", model, "--out", tmp_path / "some.png")
    if make in (rectangles, tiffs):
        scored = json.loads(run("score", model, source, "--json").stdout)
        assert len(scored) == len(list(source.rglob("*.*"))) and "error" not in scored[0]
        found = json.loads(run("lookup", model, source, "--json").stdout)
        assert all(record["class"] for record in found)
    monkeypatch.setattr(cache, "CHECKPOINTS", checkpoints)
    monkeypatch.setattr(cache, "DEFAULT_MODEL", "own")
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    for page in PAGES if make == rectangles else SHOWING_ITEMS:
        app.switch_page(f"{page}.py").run()
        assert not app.exception, (page, app.exception)
        said = [error.value for error in app.error if not error.value.startswith(IMPOSSIBLE)]
        assert not said, page
