"""Which items are shown and what colours them, on the pages beside Explore: one choice for all."""

import csv
import gzip
import io
import json

import numpy as np
import pytest

from pages.ui.clusters import cache as clusters_cache
from pages.ui.clusters.export import export_table
from pages.ui.lookup import cache as lookup_cache
from pages.ui.reduce import cache as reduce_cache
from pages.ui.runtime import cache, routes, session
from pages.ui.runtime.location import Items, Location
from vae.data import selection

PAGES = {"lookup": "look", "interpolate": "path", "generate": "samples"}


@pytest.fixture
def open_page(opened):
    """Opens a page as a link with a query does."""

    def open_linked(page: str, **query):
        app = opened(m="own")
        app.switch_page(f"{page}.py")
        for name in list(app.query_params):
            del app.query_params[name]
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return open_linked


def sent(app) -> dict:
    """What the first component with items was told, without what it has by URL."""
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json)
        if "items" in data:
            return data | {"facts": whole(data.get("facts", {}))}
    raise AssertionError("no component with items")


def published(url: str) -> bytes:
    part = routes._published[url]
    return gzip.decompress(part.body) if part.gzipped else part.body


def go(app, page: str):
    """Opens another page by the bar at the top, whose links have no query."""
    for name in list(app.query_params):
        del app.query_params[name]
    return app.switch_page(f"{page}.py").run()


def whole(value):
    if isinstance(value, dict) and "jsonUrl" in value:
        return whole(json.loads(published(value["jsonUrl"])))
    return {k: whole(v) for k, v in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("page", PAGES)
def test_a_link_opens_with_its_choice_and_the_page_keeps_it(own, open_page, page):
    app = open_page(page, m="own", by="tone", show="train")
    assert not app.exception and not app.warning and not app.error
    assert (app.query_params["by"], app.query_params["show"]) == ("tone", "train")
    told = sent(app)
    assert told["items"] == {"colour": "tone", "show": "train", "revision": 0}
    # The real images beside generated ones are always those of the usual map.
    shown = "all" if page == "generate" else "train"
    assert told["facts"]["shown"] == shown
    assert bool(told["facts"]["choices"]) == (page != "generate")
    app = open_page(page, m="own", by="weight", show="some")
    assert "show, by" in app.warning[0].value and not app.exception
    assert "by" not in app.query_params and "show" not in app.query_params


def test_the_layouts_of_reduce_have_the_colours(own, open_page):
    app = open_page("reduce", m="own", k="pca", by="tone", show="train")
    assert not app.exception and not app.warning and not app.error
    assert (app.query_params["by"], app.query_params["show"]) == ("tone", "train")
    told = sent(app)
    assert told["items"]["colour"] == "tone" and sorted(told["columns"]) == ["size", "tone"]
    request = reduce_cache.LayoutRequest("pca", cache.images_of(*own), 50)
    layout, numbers = reduce_cache.assets(request), reduce_cache.items(request)
    assert len(numbers) == 50 and layout.facts["columns"] == told["columns"]
    tone = json.loads(layout.urls["column tone"].content.work())
    known = selection.metadata_of(cache.display_dataset(*own)).columns["tone"]
    assert tone["texts"] == [str(known[n]).replace("nan", "") for n in numbers]


def test_a_choice_on_one_page_is_that_of_the_others(own, opened):
    _, digest = own
    app = opened(m="own")
    for page, (key, colour, show) in {
        "lookup": ("look", "tone", "train"),
        "interpolate": ("path", "size", "test"),
        "generate": ("samples", "tone", "test"),
    }.items():
        go(app, page)
        message = {"digest": digest, "colour": colour, "show": show, "turn": 1}
        app.session_state[key] = {"items": message}
        app.run()
        assert not app.exception
        assert (app.query_params["by"], app.query_params["show"]) == (colour, show)
        app.run()  # the message comes again with every run
        go(app, "explore")
        assert (app.query_params["by"], app.query_params["show"]) == (colour, show)
    go(app, "clusters")
    assert app.query_params["show"] == "test" and "by" not in app.query_params
    app.session_state["look"] = {"items": {"digest": digest, "colour": 7, "show": "x", "turn": 2}}
    go(app, "lookup")
    assert "invalid choice of items" in app.warning[0].value and app.query_params["by"] == "tone"


def test_another_page_does_not_bring_an_older_choice_back(monkeypatch):
    monkeypatch.setattr(session.st, "session_state", {"last_digest": "d"})
    session.set_location("d", Location((0.0, 0.0), colour="tone", hidden=(1,)))
    session.set_items("d", Items("train", "tone"))
    assert session.explored("d").items == Items("train", "tone", (1,))
    session.set_items("d", Items("train", "size"))
    session.move_last((1.0, 2.0))
    assert session.explored("d") == Location((1.0, 2.0), show="train", colour="size")


def test_the_nearest_are_those_shown_and_the_votes_stay(own):
    data = cache.display_dataset(*own)
    usual = lookup_cache.look_up(*own, data.train.images[3])
    found = lookup_cache.look_up(*own, data.train.images[3], "train")
    held_out = lookup_cache.look_up(*own, data.train.images[3], "test")
    assert {usual.voters, usual.references} == {"", "images"} and found.voters == "60 images"
    for by in (found.by_code, found.by_pixels):
        assert len(by) == 8 and all(near.item >= 6 for near in by)
        known = selection.metadata_of(data).paths
        assert [near.name for near in by] == [known[near.item] for near in by]
        assert [near.label for near in by] == [
            data.class_names[data.train.labels[near.item - 6]] for near in by
        ]
    assert all(near.item < 6 for near in (*held_out.by_code, *held_out.by_pixels))
    codes = cache.codes(*own).mean
    order = np.argsort(np.linalg.norm(codes[6:] - codes[9], axis=1))
    assert [near.item for near in found.by_code] == [*(6 + order[order != 3][:8])]
    for result in (found, held_out):  # also where only the votes know the image
        assert result.identical.item == 9 and result.key != usual.key
        assert all(map(np.array_equal, result.votes, usual.votes))


def test_clusters_are_of_the_items_shown(own, open_page):
    app = open_page("clusters", m="own", show="train", k="2")
    assert not app.exception and not app.warning and app.query_params["show"] == "train"
    assert any("2 clusters of 54 training images" in caption.value for caption in app.caption)
    assert sent_clusters(app)["facts"]["shown"] == "train"
    key = ("k-means", 2, 0, "train")
    report, found = clusters_cache.report(*own, *key), clusters_cache.clustering(*own, *key)
    labels = np.frombuffer(published(report.labels), "<i2")
    assert labels[:6].tolist() == [-1] * 6 and labels[6:].tolist() == found.labels.tolist()
    assert all(n >= 6 for card in report.clusters for n in (*card.typical, *card.least))
    # Too few for ten clusters: the choice stays, so that one can go back.
    app = open_page("clusters", m="own", show="test")
    assert "cannot be clustered" in app.error[0].value
    [choice] = [box for box in app.selectbox if box.label == "Show"]
    assert choice.options == ["all (60)", "held out (6)", "trained on (54)"]
    choice.set_value("all").run()
    assert not app.error and not app.exception and "show" not in app.query_params


def sent_clusters(app) -> dict:
    [element] = [e for e in app.get("bidi_component") if '"cards"' in e.proto.json]
    return {"facts": whole(json.loads(element.proto.json)["facts"])}


def test_exported_clusters_have_the_numbers_of_the_items():
    codes, numbers = np.zeros((2, 2), np.float32), np.array([4, 59])
    table = export_table(
        "csv", codes, np.array([0, -1]), np.array([1, 0]), numbers=numbers,
        class_names=("a", "b"), names=("c",), known={},
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert [row["index"] for row in rows] == ["4", "59"]


def test_any_image_of_those_shown_can_be_looked_up(own, open_page):
    app = open_page("lookup", m="own", show="test", i="5")
    assert app.number_input(key="look-item").label == "Index, 0 to 5"
    assert app.segmented_control(key="look-source").options[0] == "Test image"
    app = open_page("lookup", m="own", show="train", i="59")
    assert app.number_input(key="look-item").value == 59 and not app.warning
    assert app.segmented_control(key="look-source").options[0] == "Image of the data set"
    [other] = [button for button in app.button if button.label == "Random image"]
    other.click().run()
    assert int(app.query_params["i"]) >= 6
