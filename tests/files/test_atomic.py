"""Atomic writes: a file is complete or does not exist, also with several writers."""

import os
import threading
from pathlib import Path

import pytest

from vae.files import atomic


def test_a_file_replaces_an_older_one(tmp_path):
    target = tmp_path / "note.txt"
    atomic.write(target, "one\r\n")
    atomic.write(target, "zwei ä\n")
    assert target.read_bytes() == "zwei ä\n".encode()
    atomic.write(target, b"\x00three")
    assert target.read_bytes() == b"\x00three"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_older_file_only(tmp_path, error):
    target = tmp_path / "note.txt"
    target.write_text("old")
    with pytest.raises(error), atomic.replacing(target) as temporary:
        assert temporary.parent == tmp_path and temporary.name.startswith(".note.txt.")
        temporary.write_text("half of the n")
        raise error
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_a_folder_is_complete_or_does_not_exist(tmp_path):
    target = tmp_path / "run"
    with pytest.raises(ZeroDivisionError), atomic.replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("a")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with atomic.replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("a")
    with pytest.raises(OSError), atomic.replacing(target) as temporary:  # it exists
        temporary.mkdir()
        (temporary / "b").write_text("b")
    assert [p.name for p in target.iterdir()] == ["a"] and list(tmp_path.iterdir()) == [target]


def test_leftovers_of_a_killed_writer_are_removed(tmp_path):
    for name in ("pack", "packs"):
        with atomic.replacing(tmp_path / name) as temporary:
            temporary.write_text("whole")
        temporary.mkdir()  # as if killed before the end
        (temporary / "part").write_text("half")
    atomic.remove_leftovers(tmp_path / "pack")
    assert sorted(p.name for p in tmp_path.iterdir()) == [temporary.name, "pack", "packs"]


def test_the_next_writer_removes_what_was_abandoned_a_day_ago(tmp_path):
    old, new = tmp_path / ".note.txt.1.aa.tmp", tmp_path / ".note.txt.2.bb.tmp"
    for temporary in (old, new):
        temporary.write_text("half")
    os.utime(old, (0, 0))
    atomic.write(tmp_path / "note.txt", "whole")
    assert {p.name for p in tmp_path.iterdir()} == {"note.txt", new.name}


def test_content_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    events, flush, rename = [], os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (events.append("flush"), flush(file)))
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (events.append("rename"), rename(self, to))
    )
    atomic.write(tmp_path / "note.txt", "text")
    with atomic.replacing(tmp_path / "folder") as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("a")
    once = ["flush", "rename"] if os.name == "nt" else ["flush", "rename", "flush"]
    assert events == [*once, *(["flush"] if os.name == "nt" else ["flush"] * 2), *once[1:]]


def test_readers_never_see_a_part_and_writers_do_not_collide(tmp_path):
    target = tmp_path / "numbers"
    contents = {str(i) * 200_000 for i in range(8)}
    atomic.write(target, "0" * 200_000)
    failures = []

    def write(text: str) -> None:
        try:
            for _ in range(20):
                atomic.write(target, text)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert target.read_text() in contents
    for thread in threads:
        thread.join()
    assert not failures and list(tmp_path.iterdir()) == [target]


def test_a_folder_is_deleted_also_where_an_earlier_deletion_was_cut_off(tmp_path):
    for folder in (tmp_path / "model", tmp_path / ".model.gone"):
        folder.mkdir()
        (folder / "weights").write_text("w")
    atomic.delete_folder(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError):
        atomic.delete_folder(tmp_path / "model")
