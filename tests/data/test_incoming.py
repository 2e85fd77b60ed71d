"""Files on their way: on disk under limits, until a page uses them or their process ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vae
from vae import DataError, limits
from vae.data.incoming import IncomingFiles
from vae.limits import Limits

MB = 2**20


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))
    return IncomingFiles()


def on_disk(tmp_path):
    return [
        p for p in (tmp_path / "runs/.incoming").rglob("*") if p.is_file() and p.stat().st_size
    ]


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def sent(files, key, content, owner="anne"):
    file = files.begin(key, owner)
    files.write(file, content)
    file.whole = True
    return file


def test_a_file_is_found_when_all_of_it_has_come_and_removed_with_its_entry(files, tmp_path):
    file = files.begin("a", "anne")
    files.write(file, b"12")
    files.write(file, bytearray(b"3"))
    assert files.find("a") is None
    with pytest.raises(DataError, match="being uploaded"):
        files.begin("a", "anne")
    files.drop("a")  # by others, while it is written
    file.whole = True
    assert files.find("a") is file and files.source("a", "x.png").read_bytes() == b"123"
    assert on_disk(tmp_path) == [file.path] and len(files.reference("a")) == 64 != files.reference(
        "b"
    )
    again = sent(files, "a", b"4567")
    assert on_disk(tmp_path) == [again.path] != [file.path]
    sent(files, "b", b"8")
    files.sweep(lambda key: key == "b")
    assert files.find("a") is None and files.find("b").size == 1
    files.drop("b")
    files.drop("unknown")
    waiting = files.begin("c", "anne")
    files.write(waiting, b"1")
    files.sweep(lambda key: False)
    assert waiting.path.exists()
    files.cancel("c")
    assert not on_disk(tmp_path) and not files._taken and not files._files


def test_what_is_beyond_a_limit_is_not_kept_and_says_why(files, tmp_path, monkeypatch):
    most = Limits(uploads_mb=3, uploads_per_visitor_mb=2)
    monkeypatch.setattr(limits, "current", lambda: most)
    sent(files, "a", b"x" * MB)
    sent(files, "b", b"x" * MB + b"x")
    with pytest.raises(DataError, match=r"b\.png: your uploads that wait .* exceed 2 MB"):
        files.source("b", "b.png")
    assert sent(files, "c", b"x" * (MB - 2**15)).problem == ""
    third = sent(files, "d", b"x" * (MB + 2**15), "ben")
    assert "exceed 3 MB; try again later" in third.problem
    assert len(on_disk(tmp_path)) == 2
    for key in "abcd":
        files.drop(key)
    assert not on_disk(tmp_path) and not files._taken
    small = [sent(files, k, b"", "eve") for k in range(129)]  # however small, there are not many
    assert small[-1].problem and not small[-2].problem


def test_a_full_disk_is_a_sentence(files, tmp_path, monkeypatch):
    file = files.begin("a", "anne")
    files.write(file, b"1")

    def refuse(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "open", refuse)
        files.write(file, b"2")
        files.write(file, b"3")
    file.whole = True
    with pytest.raises(DataError, match=r"x.png: the server cannot write it \(No space left"):
        files.source("a", "x.png")
    assert not on_disk(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(Path, "touch", refuse)
        assert "No space left" in files.begin("b", "anne").problem
    gone = sent(files, "c", b"1")
    gone.path.unlink()
    for key in ("c", "never"):
        with pytest.raises(DataError, match=r"the server no longer has x\.png; upload it again"):
            files.source(key, "x.png")


def test_a_server_that_keeps_nothing_or_cannot_write_uses_the_temporary_folder(
    files, tmp_path, monkeypatch
):
    (tmp_path / "runs").write_text("no folder")
    assert sent(files, "a", b"1").path.read_bytes() == b"1"
    (tmp_path / "runs").unlink()
    monkeypatch.setattr(limits, "current", lambda: Limits(mode="public"))
    assert sent(IncomingFiles(), "a", b"1").path.read_bytes() == b"1"
    assert not (tmp_path / "runs").exists()


def test_none_outlives_its_process_even_if_that_is_killed(files, tmp_path):
    code = (
        "import os, sys, types; package = sys.modules['vae'] = types.ModuleType('vae');"
        f"package.__path__ = {vae.__path__}; from vae.data.incoming import IncomingFiles;"
        "files = IncomingFiles(); file = files.begin('a', 'b'); files.write(file, b'1' * 99);"
        "sys.stdin.read(1) and os._exit(9)"
    )
    killed, ended = (
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=os.environ)
        for _ in range(2)
    )
    wait_until(lambda: len(on_disk(tmp_path)) == 2)
    own = sent(files, "a", b"1")
    assert len(on_disk(tmp_path)) == 3  # those of processes that live are left alone
    ended.communicate()
    killed.communicate(b"x")
    assert len(on_disk(tmp_path)) == 2
    other = sent(IncomingFiles(), "a", b"1")
    assert set(on_disk(tmp_path)) == {own.path, other.path}
