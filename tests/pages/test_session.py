"""What a session remembers of its components' messages."""

from pages.ui.runtime import session


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
