"""What a session remembers of its components' messages."""

from pages.ui.runtime import session


def test_a_message_is_handled_once_also_after_the_clock_was_set_back(monkeypatch):
    monkeypatch.setattr(session.st, "session_state", {})
    for turn in (1000, 1500, 20):  # milliseconds of a browser's clock
        assert not session.already_handled("cards", turn)
        assert session.already_handled("cards", turn)
    assert not session.already_handled("grid", 20)
