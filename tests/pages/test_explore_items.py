"""Which items Explore shows, and what colours them: columns of somebody's own data set."""

import json
import re

import numpy as np
import pytest

import vae
from pages.ui.explore import items
from pages.ui.models import shown_items
from pages.ui.runtime import cache
from pages.ui.runtime.location import Items
from vae.data import dataset, selection

EVERYWHERE = ((-99.0, -99.0), (99.0, -99.0), (0.0, 99.0))


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


def test_a_link_colours_and_chooses_and_the_region_follows(own, opened):
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


def test_an_unknown_column_is_named_and_a_kind_that_is_not_there_left_out(own, opened):
    app = opened(m="own", by="weight", h="1", show="some")
    assert not app.exception and "(show, by)" in app.warning[0].value
    assert "by" not in app.query_params and "h" not in app.query_params
    app = opened(m="own", show="all")  # what is shown anyway
    assert not app.warning and "show" not in app.query_params


@pytest.mark.parametrize("own", [1], indirect=True)
def test_without_labels_columns_are_the_only_colours(own, opened):
    assert len(cache.map_assets(*own).facts["classes"]) == 1
    app = opened(m="own", by="size")
    assert not app.exception and not app.warning and app.query_params["by"] == "size"


def test_of_a_large_set_an_even_sample_of_the_training_images(own, monkeypatch):
    monkeypatch.setattr(dataset, "SHOW_ALL", 20)
    monkeypatch.setattr(selection, "SHOW_ALL", 20)
    usual, train = cache.map_assets(*own), shown_items.map_assets(*own, "train")
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
    assert np.allclose(shown_items.codes(*own, "train").mean, expected.mean, atol=1e-6)
    assert len(shown_items.codes(*own, "all").mean) == 26
    found = items.members(*own, EVERYWHERE, Items("train"))
    assert found.index.tolist() == numbers.tolist()
    assert shown_items.map_assets(*own, "test") is usual


def test_the_map_is_handed_out_as_one_page_that_opens_here(own, opened):
    """With the columns and the names of the files, at the visitor's position and with the pins."""
    app = opened(m="own", z="0.5,-0.5", p="0.5,-0.5;1,1", v="0,0,4")
    app.checkbox(key="one-page-bare").check().run()
    app.button(key="one-page-make").click().run()
    job = app.session_state["one-page_job"][1]
    job.wait(60)
    app.run()
    assert not app.exception and not app.error
    label = next(b.label for b in app.get("download_button") if "own.html" in b.label)
    assert re.fullmatch(r"Download own\.html \(0\.\d MB|Download own\.html \(\d+ kB\)", label), (
        label
    )
    message = json.loads(re.search(rb'id="data">(.*?)</script>', job.result, re.S)[1])
    opening = message["location"]
    assert opening["z"] == [0.5, -0.5] and opening["view"] == [0, 0, 4]
    assert [pin["z"] for pin in opening["pins"]] == [[0.5, -0.5], [1, 1]]
    assert sorted(message["facts"]["columns"]) == ["size", "tone"] and not message["controls"]
    assert message["urls"]["files"] == "page:/files"
