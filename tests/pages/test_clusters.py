"""The Clusters page headless: numbers of clusters tried one after the other, stopped, gone on."""

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from pages.ui.clusters import cache as clusters_cache


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with its expander open, and a quality that is best at 7 and found at once."""
    monkeypatch.setattr(clusters_cache, "quality", lambda *of: -abs(of[3] - 7.0))
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    app.switch_page("clusters.py")
    app.query_params["k"] = "5"
    app.run()
    assert not app.exception
    [digest] = app.session_state["groupings"]
    app.session_state[f"many{digest[:12]}"] = True  # the expander
    return app.run()


def button(app: AppTest, words: str) -> Button:
    [found] = [b for b in app.button if b.label == words]
    return found


def tried(app: AppTest) -> list[int]:
    [found] = app.session_state["tried-numbers"].values()
    return list(found)


def test_numbers_are_tried_stopped_gone_on_with_and_the_best_is_taken(app):
    assert not button(app, "Try 2 to 20").disabled
    button(app, "Try 2 to 20").click().run()
    app.run()  # a tick of the clock
    assert tried(app) == [2, 3]
    button(app, "Stop").click().run()
    app.run()
    assert tried(app) == [2, 3]
    assert button(app, "Take 3 clusters")
    button(app, "Go on").click().run()
    assert tried(app) == [2, 3, 4]
    for _ in range(20):
        app.run()
    assert not app.exception
    assert tried(app) == list(range(2, 21))
    assert button(app, "Try 2 to 20").disabled
    button(app, "Take 7 clusters").click().run()
    assert app.query_params["k"] == "7"
    assert button(app, "Take 7 clusters").disabled


def test_a_click_that_comes_late_means_what_its_button_said(app):
    button(app, "Try 2 to 20").click().run()
    stop = button(app, "Stop")
    stop.click().run()
    stop.click().run()  # the page still showed it
    app.run()
    assert tried(app) == [2]
    assert button(app, "Go on")
