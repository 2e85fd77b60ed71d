"""Boards: no saved image is lost, and hostile files are refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

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


def item(**fields):
    return new_item("fashion-vae", DIGEST, (0.1, -0.25), **fields)


def test_saved_items_load_exactly(key):
    kept = [
        new_item("m", DIGEST, (0.1 + 0.2, 1e-17), label=3, seed=7, step="mix 50/50", order=2.0),
        item(note="ä “quoted” \n line", stars=5, order=1.0),
    ]
    done = boards.save_items(key, kept, known_revision=0, name="Autumn")
    assert done.conflicts == () and done.board.revision == 1
    again = boards.load(key)
    assert again == done.board and again.name == "Autumn"
    assert [replace(i, changed=0) for i in again.sorted_items] == [kept[1], kept[0]]


def test_the_last_write_of_an_item_wins_and_the_other_window_gets_a_conflict(key):
    first, second = item(), item()
    start = boards.save_items(key, [first, second], known_revision=0).board
    one = boards.save_items(key, [replace(first, stars=4)], known_revision=start.revision)
    two = boards.save_items(key, [replace(second, note="new")], known_revision=start.revision)
    assert one.conflicts == two.conflicts == ()  # different items do not disturb each other
    late = boards.save_items(key, [replace(first, stars=1)], known_revision=start.revision)
    assert late.conflicts == (first.id,)
    final = boards.load(key).items
    assert final[first.id].stars == 1 and final[second.id].note == "new"


def test_deleted_items_can_be_restored(key):
    one = item()
    board = boards.save_items(key, [one], known_revision=0).board
    board = boards.save_items(
        key, [replace(one, deleted=True)], known_revision=board.revision
    ).board
    assert board.sorted_items == [] and one.id in boards.load(key).items
    board = boards.save_items(
        key, [replace(one, deleted=False)], known_revision=board.revision
    ).board
    assert [i.id for i in board.sorted_items] == [one.id]


def test_two_processes_writing_at_once_lose_nothing(key):
    code = (
        "import sys; from vae import boards\n"
        "for k in range(20):\n"
        f"    item = boards.new_item(sys.argv[1], {DIGEST!r}, (k, 0))\n"
        f"    boards.save_items({key!r}, [item], known_revision=0)\n"
    )
    run = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("one", "two")]
    assert [process.wait(60) for process in run] == [0, 0]
    board = boards.load(key)
    assert board.revision == 40 and len(board.sorted_items) == 40
    assert {i.model for i in board.sorted_items} == {"one", "two"}


def test_votes_of_several_people_add_up_and_no_other_write_touches_them(key):
    one, two = item(), item()
    boards.save_items(key, [one, two], known_revision=0)
    known = boards.load(key)
    ann, ben = (boards.voter_of(who, key) for who in ("ann", "ben"))
    assert ann != boards.voter_of("ann", boards.new_key())  # another one on another board
    for vote in (boards.Vote((one.id, two.id), ann), boards.Vote((one.id,), ben)):
        boards.save_items(key, [], known_revision=0, vote=vote)
        boards.save_items(key, [], known_revision=0, vote=vote)  # twice is once
    late = [replace(known.items[one.id], stars=3)]  # by a window that has not seen the votes
    saved = boards.save_items(key, late, known_revision=known.revision)
    assert saved.conflicts == () and set(saved.board.items[one.id].votes) == {ann, ben}
    back = boards.Vote((one.id,), ann).reversed()
    board = boards.save_items(key, [], known_revision=0, vote=back).board
    assert (board.items[one.id].votes, board.items[two.id].votes) == ((ben,), (ann,))
    assert boards.load(key) == board and board.items[two.id].changed == 1
    _, came = boards.import_json(boards.export_json(board, board.sorted_items))
    assert {i.votes for i in came} == {(ben,), (ann,)}


def test_the_votes_of_an_image_are_bounded(key):
    full = item(votes=tuple(f"{n:012x}" for n in range(item_module.MAX_VOTES)))
    boards.save_items(key, [full], known_revision=0)
    with pytest.raises(BoardError, match="200 votes, the most"):
        boards.save_items(key, [], known_revision=1, vote=boards.Vote((full.id,), "f" * 12))
    again = boards.Vote((full.id,), full.votes[0])
    assert len(boards.save_items(key, [], known_revision=1, vote=again).board.items[full.id].votes)


def test_a_file_from_before_there_were_votes_is_read(key):
    board = boards.save_items(key, [item(stars=2)], known_revision=0).board
    old = boards.export_json(board, board.sorted_items).replace('"votes":[],', "")
    assert "votes" not in old
    _, (came,) = boards.import_json(old)
    assert (came.stars, came.votes) == (2, ())


def test_a_write_that_fails_leaves_the_board_as_it_was(key, monkeypatch, home):
    before = boards.save_items(key, [item()], known_revision=0).board

    def full(self, target):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BoardError, match="no space left"):
        boards.save_items(key, [item()], known_revision=1)
    monkeypatch.undo()
    monkeypatch.setenv("VAE_BOARDS_DIR", str(home))
    assert boards.load(key) == before
    assert {p.suffix for p in home.iterdir()} == {".json", ".lock"}


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "a" * 21, "a" * 23, "a/b" * 7 + "c"])
def test_only_a_key_opens_a_board(wrong):
    with pytest.raises(BoardError, match="not a board's key"):
        boards.load(wrong)


def test_a_new_key_is_an_empty_board(key):
    assert boards.load(key).sorted_items == [] and boards.modified_ns(key) == 0


def test_import_gives_new_ids_and_keeps_the_lineage(key):
    parent = item(order=1.0)
    child = item(parents=(parent.id,), step="variation", stars=3, order=2.0)
    stranger = item(parents=("0" * 12,), order=3.0)
    board = boards.save_items(key, [parent, child, stranger], known_revision=0, name="Shoes").board
    name, came = boards.import_json(boards.export_json(board, board.sorted_items), after=10.0)
    assert name == "Shoes" and len(came) == 3
    assert not {i.id for i in came} & set(board.items)
    assert came[1].parents == (came[0].id,) and came[2].parents == ()
    assert [i.order for i in came] == [11, 12, 13]
    assert [(i.z, i.stars, i.step) for i in came] == [
        (i.z, i.stars, i.step) for i in board.sorted_items
    ]


def test_generations_put_children_after_all_their_parents_and_cut_cycles():
    a, b = item(), item()
    c = item(parents=(a.id,))
    d = item(parents=(b.id, c.id))
    assert boards.generations([d, c, b, a]) == [[b.id, a.id], [c.id], [d.id]]
    one, two = item(), item()
    cycle = [replace(one, parents=(two.id,)), replace(two, parents=(one.id,))]
    assert {id for row in boards.generations(cycle) for id in row} == {one.id, two.id}


def test_a_chain_of_1500_generations_is_no_problem():
    chain = [item()]
    for _ in range(1499):
        chain.append(item(parents=(chain[-1].id,)))
    assert boards.generations(chain[::-1]) == [[each.id] for each in chain]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stars": 9}, r"items\[0\].stars is 9; expected a whole number of at most 5"),
        ({"stars": True}, r"items\[0\].stars is True"),
        ({"z": []}, r"items\[0\].z is \[\]"),
        ({"z": [0, "1"]}, r"items\[0\].z\[1\] is '1'"),
        ({"z": [1e9]}, r"items\[0\].z\[0\] is 1000000000.0; expected a number of at most 1000"),
        ({"id": "../../../x"}, r"items\[0\].id is '../../../x'"),
        ({"model": 3}, r"items\[0\].model is 3"),
        ({"digest": "zz"}, r"items\[0\].digest is 'zz'"),
        ({"votes": ["me"]}, r"items\[0\].votes\[0\] is 'me'"),
        ({"votes": ["0" * 12] * 201}, r"items\[0\].votes is \['000"),
        ({"label": -1}, r"items\[0\].label is -1"),
        ({"seed": 1.5}, r"items\[0\].seed is 1.5"),
        ({"parents": ["x"]}, r"items\[0\].parents\[0\] is 'x'"),
        ({"note": "x" * 2001}, r"items\[0\].note is 'xxx"),
        ({"order": "first"}, r"items\[0\].order is 'first'"),
        ({"gone": 1}, r"items\[0\].gone is 1"),
        ({"colour": "red"}, r"items\[0\].colour is not a known field"),
    ],
)
def test_an_invalid_field_is_refused_by_its_name(key, change, words):
    board = boards.save_items(key, [item()], known_revision=0).board
    data = json.loads(boards.export_json(board, board.sorted_items))
    data["items"][0] |= change
    with pytest.raises(BoardError, match=words):
        boards.import_json(json.dumps(data))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", r"the file is \[\]; expected an object"),
        ('{"schema": 99}', "schema is 99; expected a whole number of at most 1"),
        ('{"schema": 1, "name": "n", "revision": 0, "items": {}}', "items is {}; expected a list"),
        ('{"schema": 1, "name": "", "revision": 0, "items": []}', "name is ''"),
        ('{"schema": 1, "name": "n", "revision": -1, "items": []}', "revision is -1"),
        (
            '{"schema": 1, "name": "n", "revision": 0, "items": [1]}',
            r"items\[0\] is 1; expected an object",
        ),
        ('{"schema": 1, "name": "n", "revision": 0, "items": [{}]}', r"items\[0\].id is missing"),
        (
            '{"schema": 1, "name": "n", "revision": 0, "items": [], "x": 1}',
            "x is not a known field",
        ),
        ('{"schema": ' + "9" * 10_000 + "}", "not JSON"),
        ('{"' + "x" * 9000 + '": 1}', "x is not a known field"),
        ("x" * (2 * 2**20 + 1), "more than 2 MB"),
    ],
)
def test_a_hostile_file_is_refused_with_a_short_message(text, words):
    with pytest.raises(BoardError, match=words) as caught:
        boards.import_json(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity"])
def test_infinite_numbers_and_nan_are_refused(key, number):
    board = boards.save_items(key, [item()], known_revision=0).board
    text = boards.export_json(board, board.sorted_items).replace("-0.25", number)
    with pytest.raises(BoardError, match=r"items\[0\].z\[1\]"):
        boards.import_json(text)


def test_a_duplicate_id_is_refused(key):
    board = boards.save_items(key, [item()], known_revision=0).board
    data = json.loads(boards.export_json(board, board.sorted_items))
    data["items"] *= 2
    with pytest.raises(BoardError, match="occurs twice"):
        boards.import_json(json.dumps(data))


def test_a_board_has_its_limits(key, monkeypatch):
    monkeypatch.setattr(item_module, "MAX_ITEMS", 3)
    boards.save_items(key, [item() for _ in range(3)], known_revision=0)
    with pytest.raises(BoardError, match="full: 3 images"):
        boards.save_items(key, [item()], known_revision=1)
    monkeypatch.setattr(store, "MAX_BYTES", 100)
    with pytest.raises(BoardError, match="more than"):
        boards.load(key)
