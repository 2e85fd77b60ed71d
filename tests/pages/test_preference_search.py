"""The state of a search by choosing: its link, its undo, the commands of its gallery."""

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.ui.preference import session as preference_session
from pages.ui.preference.search import Search, command_from_gallery
from pages.ui.runtime import packed
from pages.ui.runtime.location import Space
from pages.ui.runtime.query import InvalidValueError
from vae.preference.search import MAX_CHOICES, RIVALS

ONE, TWO = ((0.5, 1.0, -2.0), (0.25, 1.0, -2.0)), ((0.75, 1.0, -2.0),)


@pytest.fixture
def state(monkeypatch):
    session: dict = {}
    monkeypatch.setattr(st, "session_state", session)
    return session


@pytest.fixture
def link(monkeypatch):
    def follow(text):
        query = {} if text is None else {"w": text}
        monkeypatch.setattr(st, "query_params", SimpleNamespace(to_dict=lambda: query))

    return follow


def test_a_search_comes_back_from_its_link(state, link):
    search = Search((ONE, (), TWO))
    assert search.best == TWO[0] and Search((ONE, ())).best == ONE[0] and Search().best is None
    link(packed.pack(search))
    assert preference_session.open_link("digest", Space(3)) == []
    assert preference_session.choosing() and preference_session.current("digest") == search


@pytest.mark.parametrize("space", [Space(2), Space(4)])
def test_a_search_in_another_space_is_named_and_left_out(state, link, space):
    link(packed.pack(Search((ONE,))))
    assert preference_session.open_link("digest", space) == ["w"]
    assert preference_session.current("digest") == Search()


@pytest.mark.parametrize(
    "search",
    [
        Search((ONE,) * (MAX_CHOICES + 1)),
        Search(((ONE[0],) * (RIVALS + 2),)),
        Search((((1e4, 0.0, 0.0),),)),
    ],
    ids=["choices", "codes", "numbers"],
)
def test_a_link_out_of_bounds_is_named_and_left_out(state, link, search):
    link(packed.pack(search))
    assert preference_session.open_link("digest", Space(3)) == ["w"]


def test_a_link_without_a_search_shows_the_sheet_and_keeps_the_search(state, link):
    link(None)
    preference_session.open_link("digest", Space(3))
    assert not preference_session.choosing()
    preference_session.set_choosing(True)
    preference_session.open_link("digest", Space(3))  # a rerun, not an arrival
    assert preference_session.choosing()
    preference_session.push("digest", Search((ONE,)))
    state["arrived"] = True  # Back led to the sheet
    preference_session.open_link("digest", Space(3))
    assert not preference_session.choosing()
    assert preference_session.current("digest") == Search((ONE,))


def test_changes_are_undone_and_redone_and_a_search_of_a_link_loses_its_last_choice(state):
    for search in (Search((ONE,)), Search((ONE, TWO)), Search()):
        preference_session.push("digest", search)
    preference_session.back("digest")
    assert preference_session.current("digest") == Search((ONE, TWO))
    preference_session.back("digest")
    preference_session.back("digest")
    assert preference_session.current("digest") == Search()
    preference_session.forward("digest")
    assert preference_session.current("digest") == Search((ONE,))


@pytest.mark.parametrize(
    "change", [{"do": "dream"}, {"index": 25}, {"index": -1}, {"step": 40}, {"turn": 0.5}]
)
def test_an_invalid_command_is_refused(change):
    valid = {"do": "choose", "key": "k", "turn": 1, "index": 24}
    assert command_from_gallery(valid).index == 24
    with pytest.raises(InvalidValueError):
        command_from_gallery(valid | change)
