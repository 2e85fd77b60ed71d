"""What visitors upload to train on: kept on disk for the process that trains, under limits."""

import hashlib
import shutil
import time
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath

from .. import limits
from ..errors import reported
from ..files import atomic, folders
from ..files.owners import Visitor
from ..formats.untrusted import DataError

_SECONDS = 24 * 3600.0  # that an upload stays although nothing refers to it
_MAX_NAME = 80  # characters
_BLOCK = 2**20  # bytes
Content = bytes | memoryview | Path


def uploads_folder() -> Path:
    """The folder of all uploads."""
    return folders.runs() / ".uploads"


def is_upload(path: str) -> bool:
    """Whether a path is that of a source which a visitor has uploaded."""
    return Path(path).is_relative_to(uploads_folder())


def save(
    files: Sequence[tuple[str, Content]], used: Collection[str] = (), by: Visitor | None = None
) -> Path:
    """Keeps named files, given by their content or a path, several as one .zip with their names;
    the same files of a visitor once. Uploads that are a day old and that are not among the paths
    `used` are removed. Raises `DataError`, also for more than the limits allow."""
    with _readable():
        most, size = limits.current(), sum(_size(content) for _, content in files)
    if not files:
        raise DataError("no file was sent; choose some")
    if size > most.upload_mb * 2**20:
        raise DataError(f"the files have {size / 2**20:.0f} MB; at most {most.upload_mb} MB")
    title = PurePosixPath(files[0][0].replace("\\", "/"))
    if len(files) > 1:  # of a folder its own name
        title = PurePosixPath(f"{title.parts[0] if len(title.parts) > 1 else 'pictures'}.zip")
    name = "".join(c for c in title.name if c.isprintable() and c not in '<>:"/\\|?*').lstrip(".")
    folder = uploads_folder() / (by.id if by else "") / digest(files)[:16]
    path = folder / (
        f"{name[:_MAX_NAME]}{title.suffix}" if len(name) > _MAX_NAME else name or "file"
    )
    advice = "make room there, or set XDG_DATA_HOME to a larger disk"
    with reported(DataError, f"{uploads_folder()} cannot be written", advice, of=(OSError,)):
        if path.exists():
            folder.touch()
            return path
        _make_room(size, folder, used)
        with atomic.replacing(folder) as fresh:
            fresh.mkdir(parents=True)
            if len(files) == 1:
                _put(fresh / path.name, files[0][1])
            else:
                _pack(fresh / path.name, files)
    return path


def digest(files: Sequence[tuple[str, Content]]) -> str:
    """A digest of names and contents. Raises `DataError` for a path that cannot be read."""
    sha = hashlib.sha256()
    with _readable():
        for name, content in files:
            sha.update(f"{name}\0{_size(content)}\0".encode())
            for block in _blocks(content):
                sha.update(block)
    return sha.hexdigest()


def _readable() -> AbstractContextManager:
    return reported(DataError, "an upload cannot be read", "upload it again")


def _size(content: Content) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)


def _blocks(content: Content) -> Iterator[bytes | memoryview]:
    """The content in parts that take little memory."""
    if not isinstance(content, Path):
        yield content
        return
    with content.open("rb") as file:
        yield from iter(partial(file.read, _BLOCK), b"")


def _put(path: Path, content: Content) -> None:
    """Writes a file; a second name is enough for what is on the same disk already."""
    if not isinstance(content, Path):
        path.write_bytes(content)
        return
    try:
        path.hardlink_to(content)
    except OSError:  # another disk, or one without links
        shutil.copyfile(content, path)


def _pack(path: Path, files: Sequence[tuple[str, Content]]) -> None:
    """Pictures are compressed already; a .zip only keeps them together."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            member = zipfile.ZipInfo(name)
            member.file_size = _size(content)  # which decides whether it needs Zip64
            with archive.open(member, "w") as target:
                for block in _blocks(content):
                    target.write(block)


def _make_room(size: int, folder: Path, used: Collection[str]) -> None:
    """Removes what nothing refers to; raises `DataError` if there is no room for `size` bytes."""
    most = limits.current()
    total = own = size
    for file in uploads_folder().rglob("*"):
        if not file.is_file():
            continue
        found = file.stat()
        if str(file) not in used and time.time() - file.parent.stat().st_mtime > _SECONDS:
            if file.parent == uploads_folder() or file.parent.parent == uploads_folder():
                file.unlink()  # as older versions kept them, without a folder of its own
            else:
                shutil.rmtree(file.parent)
            continue
        total += found.st_size
        own += found.st_size * file.is_relative_to(folder.parent)
    limit_of = {"your": (own, most.uploads_per_visitor_mb), "all": (total, most.uploads_mb)}
    for whose, (taken, mb) in limit_of.items():
        if taken > mb * 2**20:
            raise DataError(
                f"{whose} uploads would take {taken / 2**20:,.0f} MB; at most {mb:,} MB: "
                "delete runs, or upload again tomorrow"
            )
