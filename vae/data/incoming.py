"""Files while they are uploaded and until a page uses them: on disk, so that they take no memory,
under limits of the space that they take; none outlives its process."""

import atexit
import hmac
import secrets
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from .. import limits
from ..files import folders
from ..formats.untrusted import DataError

_LEAST = 16 * 1024  # bytes that a file counts as, however small: this bounds their number


@dataclass
class IncomingFile:
    """A file of an `owner`; `problem` says why it was not kept."""

    path: Path
    owner: str
    size: int = 0  # bytes
    problem: str = ""
    whole: bool = False  # all of it has come


class IncomingFiles:
    """The incoming files of a process by their keys. Threads may share it; one of them at a time
    writes a file."""

    def __init__(self) -> None:
        self._files: dict[Hashable, IncomingFile] = {}
        self._taken: Counter[str] = Counter()  # bytes by owner
        self._lock, self._secret = threading.RLock(), secrets.token_bytes()

    def reference(self, key: Hashable) -> bytes:
        """What stands for the content of the file with a key; nobody can guess it."""
        return hmac.digest(self._secret, repr(key).encode(), "sha256").hex().encode()

    def begin(self, key: Hashable, owner: str) -> IncomingFile:
        """A file, still empty, that is written next, in place of an earlier one with this key.
        Raises `DataError` if that is being written."""
        with self._lock:
            if key in self._files and not self._files[key].whole:
                raise DataError("this file is being uploaded; expected each once")
            self._remove(key)
            file = self._files[key] = IncomingFile(Path(), owner)
            self._taken[owner] += _LEAST
            try:
                file.path = self._folder / secrets.token_hex()
                file.path.touch()
            except OSError as error:
                self._refuse(file, _unwritable(error))
        return file

    def write(self, file: IncomingFile, content: bytes | bytearray) -> None:
        """Appends to a file. What goes beyond a limit, or does not fit on the disk, is not kept:
        the file then has a `problem`."""
        if file.problem:
            return
        before = max(file.size, _LEAST)
        file.size += len(content)
        most = limits.current()
        with self._lock:
            self._taken[file.owner] += max(file.size, _LEAST) - before
            own, total = self._taken[file.owner], self._taken.total()
        if own > most.uploads_per_visitor_mb * 2**20:
            mb = f"{most.uploads_per_visitor_mb:,} MB; remove some, or close other windows"
            self._refuse(file, f"your uploads that wait on the server would exceed {mb}")
        elif total > most.uploads_mb * 2**20:
            mb = f"{most.uploads_mb:,} MB; try again later"
            self._refuse(file, f"the uploads that wait on the server would exceed {mb}")
        else:
            try:
                with file.path.open("ab") as target:
                    target.write(content)
            except OSError as error:
                self._refuse(file, _unwritable(error))

    def find(self, key: Hashable) -> IncomingFile | None:
        """The file with a key, if all of it has come."""
        file = self._files.get(key)
        return file if file and file.whole else None

    def source(self, key: Hashable, name: str) -> Path:
        """The path of a file, which errors call by `name`. Raises `DataError`."""
        file = self.find(key)
        if file is not None and file.problem:
            raise DataError(f"{name}: {file.problem}")
        if file is None or not file.path.is_file():
            raise DataError(f"the server no longer has {name}; upload it again")
        return file.path

    def drop(self, key: Hashable) -> None:
        """Removes a file, if all of one with this key has come."""
        if self.find(key):
            self._remove(key)

    def cancel(self, key: Hashable) -> None:
        """Removes a file that is being written, called by the one who writes it."""
        self._remove(key)

    def sweep(self, wanted: Callable[[Hashable], bool]) -> None:
        """Removes all whole files whose keys are not `wanted`."""
        for key, file in tuple(self._files.items()):
            if file.whole and not wanted(key):
                self.drop(key)

    def _remove(self, key: Hashable) -> None:
        with self._lock:
            if file := self._files.pop(key, None):
                self._release(file)

    def _refuse(self, file: IncomingFile, problem: str) -> None:
        with self._lock:
            file.problem = problem
            self._release(file)
            self._taken[file.owner] += _LEAST  # as long as its problem is kept
            file.size = 0

    def _release(self, file: IncomingFile) -> None:
        self._taken[file.owner] -= max(file.size, _LEAST)
        if not self._taken[file.owner]:
            del self._taken[file.owner]
        if file.path.name:
            with suppress(OSError):
                file.path.unlink(missing_ok=True)

    @cached_property
    def _folder(self) -> Path:
        """A folder of this process, on the disk of the uploads that are kept; where nothing is
        kept, or that disk cannot be written, in the system's folder for temporary files."""
        made = None
        if not limits.current().public:
            with suppress(OSError):
                made, self._process = _own_folder(folders.runs() / ".incoming")
        made = made or Path(tempfile.mkdtemp(prefix="latent-atelier-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        return made


def _own_folder(home: Path) -> tuple[Path, FileLock]:
    """A new folder in `home`, and a lock that is held as long as this process lives. The folders
    of processes that were killed are removed."""
    home.mkdir(parents=True, exist_ok=True)
    for lock in home.glob("*.lock"):
        with suppress(OSError), FileLock(lock).acquire(timeout=0):  # Timeout is an OSError too
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()
    made = Path(tempfile.mkdtemp(dir=home))
    held = FileLock(made.with_suffix(".lock"), thread_local=False)
    held.acquire()
    return made, held


def _unwritable(error: OSError) -> str:
    return f"the server cannot write it ({error.strerror or error}); make room on its disk"
