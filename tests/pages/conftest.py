"""A model of somebody's own pictures, whose data set has columns."""

import csv

import numpy as np
import pytest
import torch
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.models import shown_items
from pages.ui.runtime import cache
from vae.checkpoint.folder import save
from vae.models import build

TONES = ("red", "green", "")


def own_set(folder, settings, *, classes: int):
    """An untrained model of 60 pictures with a table: a tone, a size, a note that is never the
    same."""
    rng, rows = np.random.default_rng(0), []
    for k in range(60):
        path = folder / "data" / f"kind {k % classes}" / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
        rows.append({"file": path.name, "size": k / 7, "note": f"note {k}"})
        if classes > 1:  # else it would be the class
            rows[-1]["tone"] = TONES[k % 3]
    with (folder / "data/table.csv").open("w") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    torch.manual_seed(0)
    config = settings(data=str(folder / "data"))
    save(folder / "checkpoints/own", build(config.model), config, {})


@pytest.fixture
def own(tmp_path, settings, monkeypatch, request):
    """The name and the digest of a model of pictures with two classes, or as many as are asked
    for."""
    own_set(tmp_path, settings, classes=getattr(request, "param", 2))
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(cache, "DEFAULT_MODEL", "own")
    for cached in (cache.map_assets, cache.codes, shown_items.map_assets, shown_items.codes):
        cached.clear()  # all tests have the same model

    def read(data, how, held_out):  # without a process of its own, which takes seconds
        return vae.load_dataset(data, preparation=how, held_out=held_out)

    monkeypatch.setattr(cache.reader, "read_dataset", read)
    return "own", next(entry.digest for entry in cache.checkpoints())


@pytest.fixture
def opened():
    """Opens the app with a query."""

    def open_app(**query) -> AppTest:
        app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_app
