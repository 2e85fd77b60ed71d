"""Every page runs headless without an exception, also where there is nothing to show."""

import pytest
import torch
from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui.runtime import cache
from vae.checkpoint.folder import save
from vae.models import build


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
    assert elbos.count("—") == 1 and "245.9" in elbos  # the autoencoder has no ELBO


def test_compare_runs_with_its_numbers_and_lessons(app):
    app.run()
    app.query_params.clear()  # as the links between pages do
    app.switch_page("compare.py").run()
    assert not app.exception and not app.error
    assert app.get("bidi_component")
    titles = [lesson.label.partition(":")[0] for lesson in app.expander]
    assert titles == ["1 · Holes", "2 · Beta", "3 · Adversary and hierarchy"]
    assert not any("What to look for" in m.value for m in app.markdown)
    app.session_state["lesson-holes"] = True  # as a click opens it
    app.run()
    assert not app.exception and not app.error
    assert any("What to look for" in m.value for m in app.markdown)


def test_a_seeded_comparison_reaches_the_address_bar(app):
    app.run()
    app.query_params.clear()
    app.switch_page("compare.py")
    app.query_params["m"] = "fashion-ae,nobody,fashion-vae,fashion-vae-10"
    app.run()
    message = "Left out: nobody (there is no such model), fashion-vae-10 (10 latents)."
    assert app.warning[0].value == message
    place = {"turn": 1, "z": [0.5, -0.5], "item": 3, "mode": "item", "extent": "own"}
    app.session_state["maps"] = {"place": place}
    app.run()
    assert not app.exception
    query = app.query_params
    shown = [query[name] for name in ("z", "i", "mode", "grid")]
    assert shown == ["0.5,-0.5", "3", "item", "own"]


@pytest.fixture
def family(tmp_path, monkeypatch, settings):
    """Three betas of one small model, an adversarial and a hierarchical one, all untrained."""
    data = "fashion-mnist-starter"
    kinds = [("vae", f"beta-{b:g}", b) for b in (0.1, 1.0, 10.0)]
    for name, folder, beta in [*kinds, ("avb", "avb", 1.0), ("hvae", "hvae", 1.0)]:
        config = settings(name, image_shape=(1, 28, 28), beta=beta, data=data)
        torch.manual_seed(0)
        model = build(config.model)
        numbers = {"kl": 8 - beta / 2, "reconstruction": 240 + beta, "nll_exact": 245.0}
        save(tmp_path / folder, model, config, {"evaluation": numbers})
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)


def test_the_lessons_on_beta_and_on_depth_show_their_models(app, family):
    app.run()
    app.query_params.clear()  # as the links between pages do
    for key in ("holes", "weight", "depth"):
        app.session_state[f"lesson-{key}"] = True
    app.switch_page("compare.py").run()
    assert not app.exception and not app.error
    choice = app.segmented_control(key="lesson-beta")
    assert choice.value == 1  # beta = 1
    choice.set_value(2).run()
    assert not app.exception
    assert any("beta 10: reconstruction 250.0 nats, KL 3.00 nats" in c.value for c in app.caption)
    words = [m.value for m in app.markdown]
    assert any(w.startswith("**avb** · 1,500 samples") for w in words)
    assert any(w.startswith("**hvae** ·") for w in words)
    assert any("needs a model of kind ae" in w for w in words)


@pytest.fixture
def boards_here(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_BOARDS_DIR", str(tmp_path / "boards"))


def test_generate_draws_and_board_begins_empty(app, boards_here):
    app.run()
    app.query_params.clear()  # as the links between pages do
    app.switch_page("generate.py").run()
    assert not app.exception and not app.error and not app.warning
    assert app.get("bidi_component")
    query = app.query_params
    assert query["m"] == "fashion-exemplar"  # the sharp one, until another is chosen
    app.selectbox(key=next(s.key for s in app.selectbox if s.label == "Sample from")).select(
        "class"
    )
    app.run()
    assert not app.exception and app.query_params["src"] == "class"
    assert "Class" in [s.label for s in app.selectbox]
    app.switch_page("board.py").run()
    assert not app.exception and "This board is empty" in app.info[0].value


def test_a_spoilt_link_to_generate_is_reported_and_the_rest_is_drawn(app, boards_here):
    app.switch_page("generate.py")
    app.query_params["n"] = "16"
    app.query_params["t"] = "nan"
    app.query_params["seed"] = "-4"
    app.run()
    assert not app.exception and "(seed, t)" in app.warning[0].value
    assert app.query_params["n"] == "16"


def test_a_board_that_is_no_board_is_refused_with_a_way_out(app, tmp_path, boards_here):
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / f"{'b' * 22}.json").write_text('{"schema": 7}')
    app.switch_page("board.py")
    app.query_params["b"] = "b" * 22
    app.run()
    assert not app.exception and "schema is 7; expected" in app.error[0].value
    app.button[0].click().run()
    assert not app.exception and not app.error and app.info


def test_compare_with_a_single_model_says_what_to_do(app, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app.run()
    app.query_params.clear()  # as the links between pages do
    app.switch_page("compare.py").run()
    assert not app.exception
    assert "python -m vae train" in app.error[0].value


def test_generate_draws_what_its_link_asks_for_and_names_what_it_cannot_read(app):
    app.run()
    app.switch_page("generate.py")
    app.query_params["m"] = "fashion-vae"
    app.query_params["n"] = "16"
    app.query_params["seed"] = "7"
    app.query_params["t"] = "hot"
    app.run()
    assert not app.exception and not app.error
    assert app.get("bidi_component")
    assert "(t)" in app.warning[0].value
    assert app.number_input[0].value == 7
    assert app.query_params["n"] == "16" and app.query_params["seed"] == "7"


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
        "location": {
            "digest": facts["digest"],
            "turn": 1,
            "z": [0.5, -0.5],
            "view": [0, 0, 4],
            "layers": ["points"],
            "pins": [{"z": [0.5, -0.5], "label": None, "seed": 0}],
            "item": 3,
            "hidden": [],
            "label": None,
            "seed": 0,
        }
    }
    app.run()
    assert not app.exception
    assert app.query_params["z"] == "0.5,-0.5" and app.query_params["p"] == "0.5,-0.5"


def test_a_message_repeats_nothing_large(app):
    app.run()
    pins = [{"z": [i / 9, 0.5], "label": None, "seed": 0} for i in range(20)]
    location = {"z": [0.5, -0.5], "view": [0, 0, 4], "layers": ["points"], "pins": pins}
    rest = {"item": 3, "hidden": [], "label": None, "seed": 0, "turn": 1, "digest": _digest()}
    app.session_state["map"] = {"location": location | rest}
    app.run()
    message = app.get("bidi_component")[0].proto.json
    assert not app.exception and len(message) < 3000, "24 kB, and 48 kB with 20 pins, before"


def test_back_restores_the_model_and_the_state_of_its_link(app):
    app.run()
    start = dict(app.query_params.items())
    pinned = start | {"p": "0.5,-0.5", "z": "0.5,-0.5"}

    def go_to(query):
        app.query_params.clear()
        app.query_params.update(query)
        app.run()
        assert not app.exception and "back" not in app.query_params

    back = {"back": "1"}
    go_to(pinned | back)
    assert app.query_params["p"] == "0.5,-0.5" and app.session_state["arrivals"] == 1
    go_to(start)  # as after a lost connection
    assert app.query_params["p"] == "0.5,-0.5" and app.session_state["arrivals"] == 1
    app.selectbox(key="picker").set_value("fashion-ae").run()
    assert app.session_state["arrivals"] == 1 and app.query_params["m"] == "fashion-ae"
    go_to(pinned | back)
    assert app.selectbox(key="picker").value == "fashion-vae"
    assert app.query_params["p"] == "0.5,-0.5" and app.session_state["arrivals"] == 2
    go_to(start | back)
    assert "p" not in app.query_params
    app.session_state["map"] = {"location": {"digest": _digest(), "revision": 2, "z": [9, 9]}}
    app.run()  # what the map sent before is not of this state
    assert app.query_params["z"] == start["z"] and not app.warning


def _digest() -> str:
    return next(e.digest for e in cache.checkpoints() if e.name == "fashion-vae")


def test_a_committed_path_is_sampled_and_reaches_the_address_bar(app):
    app.run()
    app.switch_page("interpolate.py").run()
    assert not app.exception and not app.error
    app.session_state["path"] = {
        "path": {
            "digest": _digest(),
            "revision": 0,
            "turn": 1,
            "waypoints": [[0.5, -0.5], [1.5, 0.5]],
            "kind": "geodesic",
            "frames": 9,
            "spacing": "change",
            "avoid_low_density": True,
            "stroke": [],
            "label": None,
            "seed": 0,
            "layers": ["points"],
        }
    }
    app.run()
    assert not app.exception and not app.warning
    query = app.query_params
    assert [query[n] for n in ("p", "k", "n")] == ["0.5,-0.5;1.5,0.5", "geodesic", "9"]
    app.selectbox(key="export-format").set_value("json").run()
    app.button(key="export-make").click().run()
    assert not app.exception
    assert any("Ready: Path, JSON" in c.value for c in app.caption)
    app.session_state["path"]["path"] |= {"turn": 2, "frames": 5000}
    app.run()
    assert "invalid path" in app.warning[0].value
