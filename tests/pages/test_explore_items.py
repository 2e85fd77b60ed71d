"""Which items Explore shows, and what colours them: columns of somebody's own data set."""

import csv

import numpy as np
import pytest
import torch
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.explore import items
from pages.ui.runtime import cache
from pages.ui.runtime.location import Items
from vae.checkpoint.folder import save
from vae.data import dataset, selection
from vae.models import build

EVERYWHERE = ((-99.0, -99.0), (99.0, -99.0), (0.0, 99.0))
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
    for cached in (
        cache.map_assets,
        cache.codes,
        cache.entropy_field,
        items.map_assets,
        items.codes,
    ):
        cached.clear()  # all tests have the same model

    def read(data, how, held_out):  # without a process of its own, which takes seconds
        return vae.load_dataset(data, preparation=how, held_out=held_out)

    monkeypatch.setattr(cache.reader, "read_dataset", read)
    return "own", next(entry.digest for entry in cache.checkpoints())


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_columns_that_show_something_are_offered_and_those_inside_are_counted(own):
    facts = cache.map_assets(*own).facts
    assert sorted(facts["columns"]) == ["size", "tone"]
    assert facts["choices"] == [
        ("all", "all (60)"),
        ("test", "held out (6)"),
        ("train", "trained on (54)"),
    ]
    found = items.members(*own, EVERYWHERE, Items("train", "tone", (1,)))
    known = selection.metadata_of(cache.display_dataset(*own))
    tones = known.columns["tone"]
    wanted = [n for n in range(6, 60) if tones[n] != "red"]  # the second in natural order
    assert found.index.tolist() == wanted
    assert found.counts.sum() == len(wanted) and found.names == ("kind 0", "kind 1")
    assert items.hidden_names(*own, Items("", "tone", (1, 2, 99))) == ["red", "no value"]
    assert items.hidden_names(*own, Items("", "", (1,))) == ["kind 1"]


def test_a_link_colours_and_chooses_and_the_region_follows(own):
    region = ";".join(f"{x:g},{y:g}" for x, y in EVERYWHERE)
    app = opened(m="own", by="tone", show="train", h="1,2", **{"in": region})
    assert not app.exception and not app.warning
    known = selection.metadata_of(cache.display_dataset(*own))
    green = np.array([known.columns["tone"][n] == "green" for n in range(6, 60)])
    said = " ".join(caption.value for caption in app.caption)
    assert f"{green.sum()} of 54 training images; hidden and not counted: red, no value." in said
    query = app.query_params
    assert (query["by"], query["show"], query["h"]) == ("tone", "train", "1,2")
    app.switch_page("models.py").run()
    app.switch_page("explore.py").run()
    assert (app.query_params["by"], app.query_params["show"]) == ("tone", "train")


def test_an_unknown_column_is_named_and_a_kind_that_is_not_there_left_out(own):
    app = opened(m="own", by="weight", h="1", show="some")
    assert not app.exception and "(show, by)" in app.warning[0].value
    assert "by" not in app.query_params and "h" not in app.query_params
    app = opened(m="own", show="all")  # what is shown anyway
    assert not app.warning and "show" not in app.query_params


@pytest.mark.parametrize("own", [1], indirect=True)
def test_without_labels_columns_are_the_only_colours(own):
    assert len(cache.map_assets(*own).facts["classes"]) == 1
    app = opened(m="own", by="size")
    assert not app.exception and not app.warning and app.query_params["by"] == "size"


def test_of_a_large_set_an_even_sample_of_the_training_images(own, monkeypatch):
    monkeypatch.setattr(dataset, "SHOW_ALL", 20)
    monkeypatch.setattr(selection, "SHOW_ALL", 20)
    usual, train = cache.map_assets(*own), items.map_assets(*own, "train")
    assert (usual.facts["count"], usual.facts["split"]) == (6, "6 test images")
    assert (train.facts["count"], train.facts["split"]) == (
        20,
        "20 training images (an even sample of 54)",
    )
    assert (
        train.facts["bounds"] == usual.facts["bounds"]
        and train.urls["items"] != usual.urls["items"]
    )
    assert train.urls["decode"] == usual.urls["decode"]
    data = cache.display_dataset(*own)
    numbers = selection.select(data, "train").numbers
    images = train.urls["items"].content
    assert np.array_equal(images[int(numbers[3])], data.train.images[numbers[3] - 6])
    expected = vae.latent.encode_images(
        cache.checkpoint(*own).model,
        data.train.images[numbers - 6],
        data.train.labels[numbers - 6],
    )
    assert np.allclose(items.codes(*own, "train").mean, expected.mean, atol=1e-6)
    assert len(items.codes(*own, "all").mean) == 26
    found = items.members(*own, EVERYWHERE, Items("train"))
    assert found.index.tolist() == numbers.tolist()
    assert items.map_assets(*own, "test") is usual
