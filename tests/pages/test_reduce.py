"""The Reduce page without a browser: settings, links, layouts, the table."""

import dataclasses
import time

import pytest
import torch
from live import ROOT
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.reduce import cache as reduce_cache
from pages.ui.reduce import layout_jobs
from pages.ui.reduce.settings import ReduceSettings, settings_from_query
from pages.ui.reduce.table import Row, reduce_table
from pages.ui.runtime import cache
from pages.ui.runtime.jobs import JobError
from vae.analysis import projections
from vae.checkpoint.folder import save
from vae.config import Preparation
from vae.data.dataset import evenly_spaced
from vae.models import build

METRICS = dict.fromkeys(("trustworthiness", "knn1", "knn5", "silhouette", "v_measure"), 0.5)


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    app.switch_page("reduce.py")
    app.query_params["n"] = "60"
    app.query_params["k"] = "pca"
    return app


def table(app: AppTest) -> str:
    [found] = [h.proto.body for h in app.get("html") if "reduce-table" in h.proto.body]
    return found


def until_measured(app: AppTest) -> str:
    """Runs the page until its table holds a number in every row."""
    deadline = time.monotonic() + 50
    while any(word in table(app) for word in ("waiting", "measuring", "computing")):
        assert time.monotonic() < deadline, table(app)
        time.sleep(0.1)
        app.run()
        assert not app.exception
    return table(app)


def test_the_page_measures_the_models_plane_and_pca_on_the_shown_images(app):
    app.run()
    assert not app.exception and not app.error and not app.warning
    assert app.get("bidi_component")
    body = until_measured(app)
    data = vae.load_dataset("fashion-mnist-starter").test
    shown = evenly_spaced(10_000, 60)
    places = projections.project(data.images[shown], "pca").points
    expected = projections.measure(data.images[shown], places, data.labels[shown])
    row = body.split(">PCA</th>")[1].split("</tr>")[0]
    assert f"{expected['trustworthiness']:.3f}" in row and f"{expected['knn5']:.1%}" in row
    assert "Measured here on 60 of the 10,000 images" in body and "leave-one-out" in body
    assert app.query_params["m"] == "fashion-vae" and app.query_params["n"] == "60"


def test_settings_reach_the_address_bar_and_an_invalid_link_is_reported(app):
    app.query_params["px"] = "nan"
    app.query_params["seed"] = "7"
    app.query_params["k"] = "pca,magic"
    app.run()
    assert not app.exception and "(k, px)" in app.warning[0].value
    app.number_input(key="reduce-perplexity").set_value(12)
    app.selectbox(key="reduce-count").select(500).run()
    assert not app.exception
    assert [app.query_params[k] for k in ("px", "seed", "n")] == ["12", "7", "500"]
    app.get("button_group")[0].set_value(["pca"]).run()
    assert "tsne" not in app.query_params["k"] and "pca" in app.query_params["k"]
    assert not [n for n in app.number_input if n.key == "reduce-perplexity"]


def test_a_model_with_more_latents_offers_its_planes(app, tmp_path, monkeypatch, settings):
    config = settings(latent=5, image_shape=(1, 28, 28), data="fashion-mnist-starter")
    torch.manual_seed(0)
    save(tmp_path / "five", build(config.model), config, {})
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app.query_params["axes"] = "4,2"
    app.run()
    assert not app.exception and not app.error
    assert [app.selectbox(key=f"reduce-axis-{side}").value for side in (0, 1)] == [3, 1]
    assert "five, all latents" in until_measured(app)
    app.selectbox(key="reduce-axis-0").select(4).run()
    assert not app.exception and app.query_params["axes"] == "5,2"
    before = app._tree.get_widget_states().widgets
    app.selectbox(key="reduce-plane").select("pca").run()
    assert not app.exception and app.query_params["axes"] == "pca"
    # A timed rerun in progress still sends the values of the removed lists, and Streamlit calls
    # their callbacks again.
    late = app._tree.get_widget_states()
    shown = {widget.id for widget in late.widgets}
    gone = [widget for widget in before if widget.id not in shown]
    assert len(gone) == 2
    late.widgets.extend(gone)
    app._run(late)
    assert not app.exception and app.query_params["axes"] == "pca"


def test_the_codes_of_a_conditional_model_are_computed_without_labels(app):
    app.query_params["m"] = "fashion-cvae"
    app.run()
    until_measured(app)
    entry = next(e for e in cache.checkpoints() if e.name == "fashion-cvae")
    images = cache.images_of(entry.name, entry.digest)
    request = reduce_cache.LayoutRequest("model", images, 60, entry.name, entry.digest, axes="1,2")
    points = reduce_cache.layout(request).points
    x = vae.load_dataset("fashion-mnist-starter").test.images[evenly_spaced(10_000, 60)]
    with torch.inference_mode():
        codes = cache.checkpoint(entry.name, entry.digest).model.encode(torch.tensor(x) / 255)
    assert points == pytest.approx(codes.numpy(), abs=1e-4)


def test_settings_survive_the_address_bar():
    asked = ReduceSettings(("pca", "umap"), 5000, 3, 50, 8, "3,1")
    assert settings_from_query(asked.to_query("m", "d"), 8) == (asked, [])
    assert settings_from_query({}, 2) == (ReduceSettings(), [])
    for axes in ("9,1", "1,1", "1", "a,b", "1,2,3"):
        assert settings_from_query({"axes": axes}, 8)[1] == ["axes"], axes
    found, broken = settings_from_query({"n": "49", "nn": "-1", "seed": "x", "axes": "9,1"}, 2)
    assert broken == ["n", "seed", "nn"]
    assert dataclasses.replace(found, axes="") == ReduceSettings()


def test_the_table_marks_the_best_and_names_what_is_missing():
    rows = [
        Row("<b>", METRICS | {"seconds": 0.25}, "", ("yes", "yes", "has no prior")),
        Row("second", METRICS | {"knn1": 0.75, "seconds": 61}, "", ("no", "no", "no")),
        Row("third", None, "waiting", ("yes", "linearly", "no")),
    ]
    body = reduce_table(rows, "Of these.")
    assert "&lt;b&gt;" in body and "<b>" not in body
    assert body.count("★") == 1 + 4 * 2 + 1  # the note, four columns shared, one won
    assert "★</span> 75.0%" in body and "waiting" in body and "has no prior" in body
    assert ">0.25</td>" in body and ">61</td>" in body


def test_a_layout_waits_while_too_many_jobs_run(monkeypatch):
    def refuse(request):
        raise JobError("the server is computing for others; try again in a minute")

    monkeypatch.setattr(layout_jobs.reduce_session, "layout_jobs", dict)
    monkeypatch.setattr(reduce_cache, "metrics", lambda request: None)
    monkeypatch.setattr(reduce_cache, "start", refuse)
    request = reduce_cache.LayoutRequest("pca", cache.Images("digits", Preparation(8, 8), 0.1), 50)
    assert layout_jobs.start_next([request])  # the page asks again
    assert layout_jobs.layout_status(request)["state"] == "waiting"
