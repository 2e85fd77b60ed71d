"""Locks: one thread at a time per path, entered again by the thread that holds it."""

import subprocess
import sys
import threading

import pytest
from filelock import FileLock, Timeout

from vae.files.atomic import locked


def test_a_lock_creates_its_folder_and_is_reentrant(tmp_path):
    path = tmp_path / "a" / "b.lock"
    with locked(path), locked(path), locked(tmp_path / "other.lock"):
        assert path.parent.is_dir()


def test_threads_take_turns(tmp_path):
    counter = tmp_path / "n"
    counter.write_text("0")

    def increment():
        for _ in range(20):
            with locked(tmp_path / "n.lock"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "80"


def test_another_process_waits(tmp_path):
    path = tmp_path / "p.lock"
    code = (
        "import sys, pathlib; from vae.files.atomic import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Timeout):
        FileLock(path).acquire(timeout=0.2)
    process.kill()
    process.communicate()
    with locked(path):  # the lock of a killed process is free
        pass
