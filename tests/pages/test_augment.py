"""The Augment page without a browser: its link, its settings, its messages."""

import json

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui.augment import tables
from pages.ui.augment.settings import AugmentSettings, settings_from_query
from pages.ui.runtime.query import InvalidValueError
from vae.augmentation import dataset_files


@pytest.fixture
def app() -> AppTest:
    found = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    return found.switch_page("augment.py")


def html(app) -> str:
    return "".join(block.proto.body for block in app.get("html"))


def test_settings_come_from_the_link_and_reach_the_address_bar(app):
    app.query_params.update({"m": "fashion-cvae", "n": "20", "sp": "0.5", "min": "0.9"})
    app.run()
    assert not app.exception and not app.error and not app.warning
    assert app.number_input(key="augment-n").value == 20
    assert app.slider(key="augment-least").value == 0.9
    before = html(app)
    assert before.count("<img") == 10 and "10 synthetic images of class Ankle boot" in before
    app.number_input(key="augment-seed").set_value(5).run()
    found = {k: v[0] if isinstance(v, list) else v for k, v in app.query_params.items()}
    assert found.pop("d") and found == {
        **{"m": "fashion-cvae", "n": "20", "sp": "0.5", "min": "0.9", "seed": "5"}
    }
    assert html(app) != before  # another seed, other images


@pytest.mark.parametrize("value", [(10**9, 1.0, 0.5, 0), (1, -1.0, 0.5, 0), (1, 1.0, 2.0, 0)])
def test_settings_beyond_the_bounds_of_the_widgets_are_refused(value):
    with pytest.raises(InvalidValueError):
        AugmentSettings(*value)


def test_a_link_that_cannot_be_read_in_full_names_its_keys(app):
    app.query_params.update({"n": "5000", "sp": "nan", "min": "0.25", "seed": "x"})
    app.run()
    assert not app.exception
    assert "n, sp, seed" in app.warning[0].value
    assert app.slider(key="augment-least").value == 0.25
    assert app.number_input(key="augment-n").value == 100


def test_every_kind_of_model_generates_images(app):
    app.run()
    for name in ("fashion-ae", "fashion-avb", "fashion-hvae"):
        app.selectbox(key="picker").set_value(name).run()
        assert not app.exception and not app.error, name
        assert "% passed" in html(app)


def test_the_benchmark_is_shown_and_its_absence_is_mentioned(app, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_files, "MEASURED", tmp_path / "none.json")
    app.run()
    assert not app.exception
    assert "Not measured here" in app.info[0].value
    row = {
        "mean": 71.25,
        "spread": 1.5,
        "gain": -2.0,
        "gain_spread": 0.5,
        "clear": True,
        "runs": [],
    }
    benchmark = {
        **{"date": "2020-02-02", "split": "7 test images", "seeds": [0, 1]},
        **{"batch": 4, "pool": 5, "arms": {"labels": "alone", "synthetic": "synthetic <b>"}},
        "steps": {"10": 3},
        "choices": {"10": {"share": 0.25, "spread": 0.6, "least": None}},
        "rows": [{"labels": 10, "arm": arm, **row} for arm in ("labels", "synthetic")],
    }
    (tmp_path / "none.json").write_text(json.dumps(benchmark))
    app.run()
    assert not app.exception
    assert "71.2 ± 1.5" in html(app) and "synthetic &lt;b&gt;" in html(app)
    assert any("2020-02-02" in c.value and "2 seeds" in c.value for c in app.caption)
    assert app.get("plotly_chart")
    words = "**Synthetic <b>**: worse with 10 (−2.0 points) labels per class."
    assert any(words in m.value for m in app.markdown)


def test_settings_survive_the_address_bar():
    settings = AugmentSettings(250, 0.35, 0.0, 2**31 - 1)
    assert settings_from_query(settings.to_query("m", "d" * 40)) == (settings, [])
    assert AugmentSettings().to_query("m", "d" * 40) == {"m": "m", "d": "d" * 12}
    for key, text in (("n", "0"), ("n", "1e9"), ("sp", "-1"), ("min", "1"), ("seed", "-3")):
        assert settings_from_query({key: text}) == (AugmentSettings(), [key])


def test_a_class_without_images_says_so():
    row = tables.PreviewRow("<b>Coat</b>", b"", 0, 0, 64)
    shown = tables.preview_table([row], [""], filtered=True)
    assert "none of 64 draws passed" in shown and "&lt;b&gt;Coat" in shown and "<img" not in shown
