"""Every command and every page with data that people bring: no page has an exception or an error,
whatever the shape, the colour, the labels and the number of the images. A .zip of coloured
pictures from the first page on: `test_own_pictures.py`."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from helpers import SECTIONS, go_to
from live import wait_until
from PIL import Image
from playwright.sync_api import expect

from vae.__main__ import main

RNG = np.random.default_rng(0)


def emoji(folder):
    """Transparent colour pictures of 64 x 64 pixels in folders by class."""
    for k in range(24):
        y, x = np.mgrid[0:64, 0:64] - 32
        pixels = np.zeros((64, 64, 4), np.uint8)
        pixels[x**2 + y**2 < (12 + k // 2) ** 2] = (250, 200 - 5 * k, 60, 255)
        target = folder / "emoji" / ("faces", "flags", "food")[k % 3] / f"{k}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target)
    return folder / "emoji", "32"


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


PAGES = ("Learn", *(title for titles in SECTIONS.values() for title in titles))
SHORT = ("Generate", "Similarity search", "Anomalies", "Train")  # for more kinds of grey images
# What cannot be is said in a sentence: a class with one image, the damaged model beside others.
EXPECTED = ("own-parquet cannot create labelled images", "torn/weights.safetensors: ")
SMALL = ("--encoder-widths", "16", "--decoder-widths", "16", "--fourier", "4", "--epochs", "2")
AT_REST = """() => document.querySelector('h1')
    && !document.querySelector('[data-state=loading], [data-testid=stSpinner]')
    && document.querySelector('.stApp').dataset.testScriptState === 'notRunning'"""


def run(*arguments, code=0):
    done = CliRunner().invoke(main, [str(part) for part in arguments])
    assert done.exit_code == code, done.output
    return done


@pytest.mark.parametrize("make", [emoji, rectangles, csv, parquet, tiffs])
def test_every_command_and_every_page(make, open_page, checkpoints, tmp_path):
    source, model = tmp_path / "source", checkpoints / f"own-{make.__name__}"
    source.mkdir()
    data, size = make(source)
    train = ("train", "--data", data, "--size", size, *SMALL, "--no-evaluate", "--device", "cpu")
    run(*train, "--out", model)
    try:
        run("evaluate", model, "--iwae-k", "2", "--save")
        run("encode", model, data, "--out", tmp_path / "codes.npz")
        run("sample", model, "--out", tmp_path / "some.png")
        ends = ("--start", "0,0", "--end", "1,1", "--steps", "3")
        run("interpolate", model, *ends, "--size", "56", "--out", tmp_path / "film.gif")
        if make in (emoji, rectangles):  # takes seconds; a square in colour, and no square
            run("export", model, "--onnx", tmp_path / "model.onnx")
        run("relink", model, data)
        assert model.name in run("list", checkpoints).stdout
        code = 2 if make == parquet else 0  # a class with a single image
        run("augment", model, "--per-class", "2", "--out", tmp_path / "more.zip", code=code)
        if make in (emoji, rectangles, tiffs):
            scored = json.loads(run("score", model, source, "--json").stdout)
            assert len(scored) == len(list(source.rglob("*.*"))) and "error" not in scored[0]
            found = json.loads(run("lookup", model, source, "--json").stdout)
            assert all(record["class"] for record in found)
        page = open_page(f"/?m={model.name}")
        for title in SHORT if make in (csv, tiffs) else PAGES:
            go_to(page, title)
            expect(page).to_have_title(re.compile(f"^{title} "))
            wait_until(page, AT_REST)
            assert page.get_by_test_id("stException").count() == 0, title
            said = page.get_by_test_id("stAlertContentError").all_inner_texts()
            assert all(text.startswith(EXPECTED) for text in said), (title, said)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), title
    finally:
        shutil.rmtree(model)
