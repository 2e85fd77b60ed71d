"""Boards: nothing kept is lost, nothing hostile is read."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from vae import boards
from vae.boards import item as item_module
from vae.boards import store
from vae.boards.item import BoardError, new_item

DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_BOARDS_DIR", str(tmp_path / "boards"))
    return tmp_path / "boards"


@pytest.fixture
def key():
    return boards.new_key()


def item(**told):
    return new_item("fashion-vae", DIGEST, (0.1, -0.25), **told)


def test_what_is_kept_is_there_again_to_the_last_bit(key):
    kept = [
        new_item("m", DIGEST, (0.1 + 0.2, 1e-17), label=3, seed=7, step="mix 50/50", order=2.0),
        item(note="ä “quoted” \n line", stars=5, order=1.0),
    ]
    done = boards.change(key, kept, seen=0, name="Autumn")
    assert done.conflicts == () and done.board.revision == 1
    again = boards.load(key)
    assert again == done.board and again.name == "Autumn"
    assert [replace(i, changed=0) for i in again.kept] == [kept[1], kept[0]]


def test_the_last_write_of_an_item_wins_and_the_other_window_is_told(key):
    first, second = item(), item()
    start = boards.change(key, [first, second], seen=0).board
    one = boards.change(key, [replace(first, stars=4)], seen=start.revision)
    two = boards.change(key, [replace(second, note="new")], seen=start.revision)
    assert one.conflicts == two.conflicts == ()  # different items do not disturb each other
    late = boards.change(key, [replace(first, stars=1)], seen=start.revision)
    assert late.conflicts == (first.id,)
    final = boards.load(key).items
    assert final[first.id].stars == 1 and final[second.id].note == "new"


def test_gone_items_can_come_back(key):
    one = item()
    board = boards.change(key, [one], seen=0).board
    board = boards.change(key, [replace(one, gone=True)], seen=board.revision).board
    assert board.kept == [] and one.id in boards.load(key).items
    board = boards.change(key, [replace(one, gone=False)], seen=board.revision).board
    assert [i.id for i in board.kept] == [one.id]


def test_two_processes_writing_at_once_lose_nothing(key):
    code = (
        "import sys; from vae import boards\n"
        "for k in range(20):\n"
        f"    item = boards.new_item(sys.argv[1], {DIGEST!r}, (k, 0))\n"
        f"    boards.change({key!r}, [item], seen=0)\n"
    )
    run = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("one", "two")]
    assert [process.wait(60) for process in run] == [0, 0]
    board = boards.load(key)
    assert board.revision == 40 and len(board.kept) == 40
    assert {i.model for i in board.kept} == {"one", "two"}


def test_a_write_that_fails_leaves_the_board_as_it_was(key, monkeypatch, home):
    before = boards.change(key, [item()], seen=0).board

    def full(self, target):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BoardError, match="no space left"):
        boards.change(key, [item()], seen=1)
    monkeypatch.undo()
    monkeypatch.setenv("VAE_BOARDS_DIR", str(home))
    assert boards.load(key) == before
    assert {p.suffix for p in home.iterdir()} == {".json", ".lock"}


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "a" * 21, "a" * 23, "a/b" * 7 + "c"])
def test_only_a_key_opens_a_board(wrong):
    with pytest.raises(BoardError, match="no board's key"):
        boards.load(wrong)


def test_a_key_that_nobody_wrote_under_is_an_empty_board(key):
    assert boards.load(key).kept == [] and boards.revision(key) == 0


def test_export_and_import_bring_all_under_new_ids_with_their_lineage(key):
    parent = item(order=1.0)
    child = item(parents=(parent.id,), step="variation", stars=3, order=2.0)
    stranger = item(parents=("0" * 12,), order=3.0)
    board = boards.change(key, [parent, child, stranger], seen=0, name="Shoes").board
    name, came = boards.imported(boards.export(board, board.kept), after=10.0)
    assert name == "Shoes" and len(came) == 3
    assert not {i.id for i in came} & set(board.items)
    assert came[1].parents == (came[0].id,) and came[2].parents == ()
    assert [i.order for i in came] == [11, 12, 13]
    assert [(i.z, i.stars, i.step) for i in came] == [(i.z, i.stars, i.step) for i in board.kept]


def test_generations_put_children_below_all_their_parents_and_cut_circles():
    a, b = item(), item()
    c = item(parents=(a.id,))
    d = item(parents=(b.id, c.id))
    assert boards.generations([d, c, b, a]) == [[b.id, a.id], [c.id], [d.id]]
    one, two = item(), item()
    circle = [replace(one, parents=(two.id,)), replace(two, parents=(one.id,))]
    assert {id for row in boards.generations(circle) for id in row} == {one.id, two.id}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stars": 9}, r"items\[0\].stars is 9; expected 0 to 5"),
        ({"stars": True}, r"items\[0\].stars is True"),
        ({"z": []}, r"items\[0\].z is \[\]"),
        ({"z": [0, "1"]}, r"items\[0\].z\[1\] is '1'"),
        ({"z": [1e9]}, r"items\[0\].z\[0\] is 1000000000.0; expected a number within 1000"),
        ({"id": "../../../x"}, r"items\[0\].id is '../../../x'"),
        ({"model": 3}, r"items\[0\].model is 3"),
        ({"digest": "zz"}, r"items\[0\].digest is 'zz'"),
        ({"label": -1}, r"items\[0\].label is -1"),
        ({"seed": 1.5}, r"items\[0\].seed is 1.5"),
        ({"parents": ["x"]}, r"items\[0\].parents\[0\] is 'x'"),
        ({"note": "x" * 2001}, r"items\[0\].note is 'xxx"),
        ({"order": "first"}, r"items\[0\].order is 'first'"),
        ({"gone": 1}, r"items\[0\].gone is 1"),
        ({"colour": "red"}, r"items\[0\].'colour' is no field"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(key, change, words):
    board = boards.change(key, [item()], seen=0).board
    data = json.loads(boards.export(board, board.kept))
    data["items"][0] |= change
    with pytest.raises(BoardError, match=words):
        boards.imported(json.dumps(data))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object"),
        ('{"schema": 99}', "schema is 99; expected 1"),
        ('{"schema": 1, "name": "n", "revision": 0, "items": {}}', "items is no list"),
        ('{"schema": 1, "name": "", "revision": 0, "items": []}', "name is ''"),
        ('{"schema": 1, "name": "n", "revision": -1, "items": []}', "revision is -1"),
        ('{"schema": 1, "name": "n", "revision": 0, "items": [1]}', r"items\[0\] is 1"),
        ('{"schema": 1, "name": "n", "revision": 0, "items": [{}]}', "digest is missing"),
        ('{"schema": 1, "name": "n", "revision": 0, "items": [], "x": 1}', "'x' is no field"),
        ("x" * 2_000_001, "more than 2 MB"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(text, words):
    with pytest.raises(BoardError, match=words) as caught:
        boards.imported(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity"])
def test_numbers_that_are_none_are_refused(key, number):
    board = boards.change(key, [item()], seen=0).board
    text = boards.export(board, board.kept).replace("-0.25", number)
    with pytest.raises(BoardError, match=r"items\[0\].z\[1\]"):
        boards.imported(text)


def test_twice_the_same_id_is_refused(key):
    board = boards.change(key, [item()], seen=0).board
    data = json.loads(boards.export(board, board.kept))
    data["items"] *= 2
    with pytest.raises(BoardError, match="is there already"):
        boards.imported(json.dumps(data))


def test_a_board_has_its_limits(key, monkeypatch):
    monkeypatch.setattr(item_module, "MOST_ITEMS", 3)
    boards.change(key, [item() for _ in range(3)], seen=0)
    with pytest.raises(BoardError, match="full: 3 pictures"):
        boards.change(key, [item()], seen=1)
    monkeypatch.setattr(store, "MOST_BYTES", 100)
    with pytest.raises(BoardError, match="more than"):
        boards.load(key)
