"""One at a time: among threads, and where the system can, among processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_here = threading.Lock()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, which is made with its folder where it is not there. A process
    that dies lets go of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _here, path.open("w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:  # Windows: threads of one program alone are kept apart
            pass
        yield
