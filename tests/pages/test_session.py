"""What a session remembers of its components' messages."""

from types import SimpleNamespace

from pages.ui.interpolate import session as interpolate_session
from pages.ui.interpolate.settings import PathSettings
from pages.ui.runtime import session
from pages.ui.runtime.location import Space


def test_a_message_is_handled_once_also_after_the_clock_was_set_back(monkeypatch):
    monkeypatch.setattr(session.st, "session_state", {})
    for turn in (1000, 1500, 20):  # milliseconds of a browser's clock
        assert not session.already_handled("cards", turn)
        assert session.already_handled("cards", turn)
    assert not session.already_handled("grid", 20)


def test_a_page_has_its_own_model_until_one_is_chosen_or_linked(monkeypatch):
    monkeypatch.setattr(session.st, "session_state", state := {})
    monkeypatch.setattr(session.st, "query_params", link := {})
    assert session.model("soft") == "soft"
    link["m"] = "soft"  # as the page writes it in the address
    assert session.model("soft") == "soft" and session.model("sharp") == "sharp"
    session.choose_model("mine")
    assert session.model("sharp") == "mine"
    state["arrived"], link["m"] = True, "linked"
    assert session.model("sharp") == "linked"
    monkeypatch.setattr(session.st, "session_state", {})
    assert session.model("sharp") == "linked"  # the first run of a link


def test_a_new_path_is_geodesic_where_its_metric_is_there(monkeypatch):
    default, space = PathSettings(((0.0, 0.0), (1.0, 1.0))), Space(2)
    for ready, link, kind in (
        (False, {}, "straight"),
        (True, {}, "geodesic"),
        (True, {"p": "0,0;2,1"}, "straight"),  # as in a link of before
        (True, {"p": "0,0;2,1", "k": "straight"}, "straight"),
        (False, {"k": "geodesic"}, "geodesic"),
    ):
        monkeypatch.setattr(session.st, "session_state", {})
        asked = SimpleNamespace(to_dict=lambda now=link: {"d": "ab" * 6, **now})
        monkeypatch.setattr(session.st, "query_params", asked)
        monkeypatch.setattr(interpolate_session, "metric_is_ready", lambda *_, now=ready: now)
        assert interpolate_session.path("ab" * 32, default, space)[0].kind == kind
