"""What the commands of the board's cards change, and how it is undone."""

import pytest
from msgspec.structs import replace

from pages.ui.board.changes import change_of, changed_items, vote_of
from pages.ui.board.save import _fresh
from vae.boards import captions
from vae.boards.item import Board, BoardError, new_item


@pytest.fixture
def board():
    items = [new_item("m", "ab" * 32, (k, 0.0), order=float(k)) for k in range(4)]
    return Board("b", 1, {item.id: item for item in items})


def order(board, written):
    merged = Board("b", 2, board.items | {item.id: item for item in written})
    return [item.z[0] for item in merged.sorted_items]


def test_items_move_in_front_of_another_or_to_the_end(board):
    ids = [item.id for item in board.sorted_items]
    move = {"do": "order"}
    assert order(board, changed_items(board, {**move, "ids": [ids[3]], "before": ids[0]})) == [
        3,
        0,
        1,
        2,
    ]
    assert order(board, changed_items(board, {**move, "ids": [ids[0]], "before": None})) == [
        1,
        2,
        3,
        0,
    ]
    both = changed_items(board, {**move, "ids": [ids[0], ids[3]], "before": ids[2]})
    assert order(board, both) == [1, 0, 3, 2]
    crowded = Board("b", 1, {k: replace(v, order=1 + i * 1e-10) for i, (k, v) in
                             enumerate(board.items.items())})  # fmt: skip
    assert order(crowded, changed_items(crowded, {**move, "ids": [ids[3]], "before": ids[1]})) == [
        0,
        3,
        1,
        2,
    ]


def test_changes_are_undone_and_redone(board):
    first = board.sorted_items[0]
    added = new_item("m", "ab" * 32, (9.0, 0.0), order=9.0)
    rated = change_of(board, [replace(first, stars=5)])
    renamed = change_of(board, [added], name="Autumn")
    assert renamed.reversed().apply_to(board) == [replace(added, deleted=True)]
    assert renamed.name == "Autumn" and renamed.reversed().name == board.name
    assert rated.reversed().apply_to(board) == [first] and rated.reversed().name is None
    assert rated.apply_to(board) == [replace(first, stars=5)]


def test_undo_keeps_what_another_window_wrote_in_the_meantime(board):
    first = board.sorted_items[0]
    mine = change_of(board, [replace(first, stars=5)])
    theirs = replace(first, stars=5, note="theirs", order=77.0)
    later = Board(board.name, 9, board.items | {first.id: theirs})
    assert mine.reversed().apply_to(later) == [replace(theirs, stars=first.stars)]
    assert mine.apply_to(later) == [theirs]


def test_a_vote_is_one_for_an_image_until_it_is_taken_back(board):
    first, second, *_ = board.sorted_items
    me, ids = "0a" * 6, [first.id, second.id, "nobody", 7]
    vote = vote_of(board, {"do": "vote", "ids": ids, "given": True}, me)
    voted = Board("b", 2, board.items | vote.counted(board.items))
    assert [len(item.votes) for item in voted.sorted_items] == [1, 1, 0, 0]
    assert vote_of(voted, {"do": "vote", "ids": ids, "given": True}, me) is None  # nothing to undo
    back = vote_of(voted, {"do": "vote", "ids": ids, "given": False}, me)
    assert back == vote.reversed() and back.counted(voted.items)[first.id] == first
    assert vote_of(board, {"do": "stars", "ids": ids}, me) is None


@pytest.mark.parametrize(
    "value",
    [
        {"do": "burn", "ids": []},
        {"do": "stars", "ids": "all", "stars": 1},
        {"do": "vote", "ids": "all", "given": True},
        {"do": "stars", "ids": [], "stars": 6},
        {"do": "stars", "ids": [], "stars": True},
    ],
)
def test_an_invalid_command_is_refused(board, value):
    with pytest.raises(BoardError):
        changed_items(board, value)
    assert changed_items(board, {"do": "delete", "ids": ["nobody", 3]}) == []


def test_an_image_that_is_on_the_board_is_not_added_again(board):
    known = new_item("m", "ab" * 32, (2, 0.0), step="another way to it")
    new = [new_item("m", "ab" * 32, (2, 0.0), label=3) for _ in range(2)]
    deleted = replace(board.sorted_items[1], deleted=True)
    board = Board("b", 2, board.items | {deleted.id: deleted})
    again = new_item("m", "ab" * 32, deleted.z)
    fresh = _fresh(board, [known, *new, again])
    assert [item.id for item in fresh] == [new[0].id, again.id]
    assert [item.order for item in fresh] == [4.0, 5.0]


def test_captions_tell_images_of_one_step_apart():
    items = [new_item("m", "ab" * 32, (k, -1.5, 9), step="variation", order=k) for k in (0.25, 1)]
    items.append(new_item("m", "ab" * 32, (0.0, 1.0), label=7, seed=3, order=2))
    board = Board("b", 1, {item.id: item for item in items})
    assert [caption.details for caption in captions(board).values()] == [
        "z 0.25, -1.50… · variation",
        "z 1.00, -1.50… · variation",
        "z 0.00, 1.00 · class 7 · seed 3",
    ]
