"""What the Generate page and the board remember, and what they believe of messages."""

from dataclasses import replace

import pytest

from pages.ui.board.changes import Deeds, asked, change_of
from pages.ui.generate.sheet import (
    History,
    Record,
    Sheet,
    ask_from_grid,
    request_from_query,
    request_to_query,
)
from pages.ui.runtime.location import Space
from vae.boards.item import Board, BoardError, new_item
from vae.latent.sampling import SamplingRequest

SPACE = Space(2)


def test_a_request_comes_back_from_its_link():
    request = SamplingRequest("around", 100, 9, 0.35, 4, (0.5, -1.25), 0.4, 0.15)
    query = request_to_query(request, "fashion-vae", "a" * 64)
    found, broken = request_from_query(query, SamplingRequest(), SPACE, 10)
    assert found == request and broken == []
    lasso = SamplingRequest("region", polygon=((0.0, 0.0), (1.5, -0.25), (0.125, 2.0)))
    query = request_to_query(lasso, "fashion-vae", "a" * 64)
    assert query["in"] == "0,0;1.5,-0.25;0.125,2"
    assert request_from_query(query, SamplingRequest(), SPACE, 10) == (lasso, [])
    assert request_to_query(SamplingRequest(), "m", "d" * 12) == {"m": "m", "d": "d" * 12}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[
            ("src", "dream"),
            ("src", "region"),
            ("in", "0,0;1,1"),
            ("in", "0,0;1,1;x,2"),
            ("n", "401"),
            ("n", "0"),
            ("seed", "-1"),
        ],
        *[("seed", "1.5"), ("t", "nan"), ("t", "4"), ("c", "10"), ("z", "1"), ("z", "1,inf")],
        *[("sp", "x"), ("min", "-1")],
    ],
)
def test_an_unreadable_parameter_is_named_and_left_out(key, value):
    found, broken = request_from_query(
        {key: value, "n": value if key == "n" else "16"}, SamplingRequest(), SPACE, 10
    )
    assert broken == [key] and found == replace(SamplingRequest(), n=64 if key == "n" else 16)


def test_history_goes_back_and_forth_and_forgets_what_was_undone():
    sheets = [Sheet(str(k), (Record((0.0, 0.0)),)) for k in range(4)]
    history = History().push(sheets[0]).push(sheets[1]).push(sheets[2])
    assert not history.can_redo and history.undo().undo().undo().sheet == sheets[0]
    back = history.undo()
    assert back.sheet == sheets[1] and back.redo().sheet == sheets[2]
    other = back.push(sheets[3])
    assert other.sheet == sheets[3] and not other.can_redo and len(other.sheets) == 3
    for k in range(100):
        other = other.push(Sheet(f"n{k}", ()))
    assert len(other.sheets) == 60 and other.sheet.title == "n99"


@pytest.mark.parametrize(
    "value",
    [
        {"do": "explode", "picks": [0]},
        {"do": "variations", "picks": []},
        {"do": "mix", "picks": [1]},
        {"do": "mix", "picks": [0, 3]},
        {"do": "mix", "picks": [0, -1]},
        {"do": "mix", "picks": "01"},
        {"do": "variations", "picks": [0], "spread": float("nan")},
        {"do": "variations", "picks": [True]},
        {"do": "move", "picks": [0], "z": [1]},
        {"do": "undo", "turn": "x"},
        {"do": "region"},
        {"do": "region", "polygon": [[0, 0], [1, 1]]},
        {"do": "region", "polygon": [[0, 0], [1, 1], [float("inf"), 0]]},
    ],
)
def test_messages_that_cannot_be_are_refused(value):
    with pytest.raises(ValueError):
        ask_from_grid({"turn": 1, **value}, 3, SPACE)


@pytest.fixture
def board():
    items = [new_item("m", "ab" * 32, (k, 0.0), order=float(k)) for k in range(4)]
    return Board("b", 1, {item.id: item for item in items})


def order(board, written):
    merged = Board("b", 2, board.items | {item.id: item for item in written})
    return [item.z[0] for item in merged.kept]


def test_items_are_set_in_front_of_another_or_last(board):
    ids = [item.id for item in board.kept]
    move = {"do": "order"}
    assert order(board, asked(board, {**move, "ids": [ids[3]], "before": ids[0]})) == [3, 0, 1, 2]
    assert order(board, asked(board, {**move, "ids": [ids[0]], "before": None})) == [1, 2, 3, 0]
    both = asked(board, {**move, "ids": [ids[0], ids[3]], "before": ids[2]})
    assert order(board, both) == [1, 0, 3, 2]
    crowded = Board("b", 1, {k: replace(v, order=1 + i * 1e-10) for i, (k, v) in
                             enumerate(board.items.items())})  # fmt: skip
    assert order(crowded, asked(crowded, {**move, "ids": [ids[3]], "before": ids[1]})) == [
        0,
        3,
        1,
        2,
    ]


def test_deeds_are_undone_and_done_again(board):
    first = board.kept[0]
    added = new_item("m", "ab" * 32, (9.0, 0.0), order=9.0)
    deeds = Deeds().push(change_of(board, [replace(first, stars=5)]))
    deeds = deeds.push(change_of(board, [added], name="Autumn"))
    deeds, change = deeds.undo()
    assert change.on(board) == [replace(added, gone=True)] and change.name == board.name
    deeds, change = deeds.undo()
    assert change.on(board) == [first] and change.name is None
    assert deeds.undo() == (deeds, None)
    deeds, change = deeds.redo()
    assert change.on(board) == [replace(first, stars=5)]
    _, change = deeds.redo()
    assert change.name == "Autumn"
    assert deeds.push(change_of(board, [added])).undone == ()


def test_undo_leaves_what_another_window_wrote_meanwhile(board):
    first = board.kept[0]
    mine = Deeds().push(change_of(board, [replace(first, stars=5)]))
    theirs = replace(first, stars=5, note="theirs", order=77.0)
    later = Board(board.name, 9, board.items | {first.id: theirs})
    deeds, change = mine.undo()
    assert change.on(later) == [replace(theirs, stars=first.stars)]
    _, change = deeds.redo()
    assert change.on(later) == [theirs]


@pytest.mark.parametrize(
    "value",
    [
        {"do": "burn", "ids": []},
        {"do": "stars", "ids": "all", "stars": 1},
        {"do": "stars", "ids": [], "stars": 6},
        {"do": "stars", "ids": [], "stars": True},
    ],
)
def test_what_a_board_cannot_do_is_refused(board, value):
    with pytest.raises(BoardError):
        asked(board, value)
    assert asked(board, {"do": "gone", "ids": ["nobody", 3]}) == []
