"""The Clusters page without a browser: the search for the best number, stopped and continued."""

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from pages.ui.clusters import cache as clusters_cache


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with its expander open, and a quality that is highest at 7."""
    monkeypatch.setattr(clusters_cache, "quality", lambda *of: -abs(of[3] - 7.0))
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    app.switch_page("clusters.py")
    app.query_params["k"] = "5"
    app.run()
    assert not app.exception
    [digest] = app.session_state["groupings"]
    app.session_state[f"many{digest[:12]}"] = True  # the expander
    return app.run()


def button(app: AppTest, label: str) -> Button:
    [found] = [b for b in app.button if b.label == label]
    return found


def tried(app: AppTest) -> list[int]:
    [found] = app.session_state["tried-numbers"].values()
    return list(found)


def test_the_search_is_stopped_continued_and_the_best_number_used(app):
    assert not button(app, "Try 2 to 20").disabled
    button(app, "Try 2 to 20").click().run()
    app.run()  # a timed rerun
    assert tried(app) == [2, 3]
    button(app, "Stop").click().run()
    app.run()
    assert tried(app) == [2, 3]
    assert button(app, "Use 3 clusters")
    button(app, "Continue").click().run()
    assert tried(app) == [2, 3, 4]
    for _ in range(20):
        app.run()
    assert not app.exception
    assert tried(app) == list(range(2, 21))
    assert button(app, "Try 2 to 20").disabled
    button(app, "Use 7 clusters").click().run()
    assert app.query_params["k"] == "7"
    assert button(app, "Use 7 clusters").disabled


def test_a_late_click_does_what_its_button_said(app):
    button(app, "Try 2 to 20").click().run()
    stop = button(app, "Stop")
    stop.click().run()
    stop.click().run()  # the page still showed it
    app.run()
    assert tried(app) == [2]
    assert button(app, "Continue")
