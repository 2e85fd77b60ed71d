"""Every page runs headless without an exception, also where there is nothing to show."""

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui import cache


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)


def test_explore_and_models_run(app):
    app.run()
    assert not app.exception
    assert app.get("bidi_component")
    app.switch_page("models.py").run()
    assert not app.exception
    assert "fashion-vae" in [s.value for s in app.subheader]
    elbos = [m.value for m in app.metric if m.label.startswith("−ELBO")]
    assert elbos.count("none") == 1 and "246.0" in elbos  # the autoencoder has no ELBO


def test_a_link_to_an_unknown_model_says_so(app):
    app.query_params["m"] = "nobody"
    app.run()
    assert not app.exception
    assert "no model named nobody" in app.warning[0].value


def test_no_model_at_all_names_the_command_that_makes_one(app, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app.run()
    assert not app.exception
    assert "python -m vae train" in app.error[0].value


def test_a_damaged_model_is_listed_with_its_reason(app, tmp_path, monkeypatch):
    (tmp_path / "torn").mkdir()
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app.run()
    assert not app.exception
    assert "torn cannot be opened" in app.error[0].value
    assert "config.json" in app.error[0].value


def test_a_seeded_commit_reaches_the_address_bar(app):
    app.run()
    facts = cache.map_assets("fashion-vae", _digest()).facts
    app.session_state["map"] = {
        "place": {
            "digest": facts["digest"],
            "turn": 1,
            "z": [0.5, -0.5],
            "view": [0, 0, 4],
            "layers": ["points"],
            "pins": [[0.5, -0.5]],
            "item": 3,
            "hidden": [],
        }
    }
    app.run()
    assert not app.exception
    assert app.query_params["z"] == "0.5,-0.5" and app.query_params["p"] == "0.5,-0.5"


def _digest() -> str:
    return next(e.digest for e in cache.checkpoints() if e.name == "fashion-vae")
