"""Locks that keep threads and processes from writing the same thing at the same time."""

from pathlib import Path

from filelock import BaseFileLock, FileLock


def locked(path: Path) -> BaseFileLock:
    """A context that holds the lock file `path`, which is created with its folder if needed.

    A thread may enter it again while it holds it. The lock of a process that dies is free.
    """
    return FileLock(path, is_singleton=True)
