"""Files and folders that are whole or not there: written beside their place, then renamed."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A place in the same folder for new content, which takes the place of `path` at the end.

    A file replaces an older one; a folder must be the first at its place. Where the block or the
    renaming fails, what was there stays and the new part is removed. No two writers, threads
    among them, share such a place. Raises OSError.
    """
    path = Path(path)
    place = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield place
        place.replace(path)
    finally:
        _remove(place)


def sweep(path: str | Path) -> None:
    """Removes what writers of `path` that were killed have left; for where a lock keeps others
    from writing it now."""
    path = Path(path)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        _remove(left)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def write(path: str | Path, content: bytes | str) -> None:
    """Writes a file whole; text as UTF-8 with its line ends as they are. Raises OSError."""
    data = content.encode() if isinstance(content, str) else content
    with beside(path) as place:
        place.write_bytes(data)
