"""Atomic writes, where new content gets a temporary name until it is complete, and locks."""

import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock

_ABANDONED = 24 * 3600.0  # seconds after which no writer is still at work


def locked(path: Path) -> BaseFileLock:
    """A context that holds the lock file `path`, which is created with its folder if needed; it
    keeps other threads and processes out. A thread may enter it again while it holds it. The lock
    of a process that dies is free."""
    return FileLock(path, is_singleton=True)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path in the same folder; what is written there is renamed to `path`.

    A file replaces an older file; a folder requires that `path` does not exist. The content is on
    the disk before it is renamed, so that a loss of power leaves the old or the new. If the block
    or the renaming fails, `path` is unchanged and the temporary path is removed. Temporary names
    are unique, so several threads and processes may write the same path. Raises OSError.
    """
    path = Path(path)
    remove_leftovers(path, seconds=_ABANDONED)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        for part in (*temporary.rglob("*"), temporary):
            _flush(part)
        temporary.replace(path)
        _flush(path.parent)
    finally:
        _remove(temporary)


def _flush(path: Path) -> None:
    """Waits until a file or the names in a folder are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(path: str | Path, seconds: float = 0) -> None:
    """Removes what killed writers of `path`, or for the name `*` of anything in its folder, left:
    temporary files and folders, and folders that were being deleted, `.NAME.gone`. It must be
    older than some seconds; with 0 the caller holds a lock that keeps others from writing."""
    path = Path(path)
    name = "*" if path.name == "*" else glob.escape(path.name)
    for leftover in (*path.parent.glob(f".{name}.*.tmp"), *path.parent.glob(f".{name}.gone")):
        with suppress(OSError):  # another process may have removed it
            if time.time() - leftover.stat().st_mtime >= seconds:
                _remove(leftover)


def delete_folder(path: Path) -> None:
    """Deletes a folder, which is whole or not there whenever this is cut off. Raises OSError."""
    hidden = path.with_name(f".{path.name}.gone")
    _remove(hidden)  # of a folder of this name whose deletion was cut off
    path.replace(hidden)
    _remove(hidden)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write(path: str | Path, content: bytes | str) -> None:
    """Writes a whole file; text as UTF-8 with unchanged line ends. Raises OSError."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as temporary:
        temporary.write_bytes(data)
