"""What visitors upload to train on: kept on disk for the process that trains, under limits."""

import hashlib
import shutil
import time
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from .. import limits
from ..errors import reported
from ..files import atomic, folders
from ..files.owners import Visitor
from ..formats.untrusted import DataError

_SECONDS = 24 * 3600.0  # that an upload stays although nothing refers to it
_MAX_NAME = 80  # characters
Buffer = bytes | memoryview


def uploads_folder() -> Path:
    """The folder of all uploads."""
    return folders.runs() / ".uploads"


def is_upload(path: str) -> bool:
    """Whether a path is that of a source which a visitor has uploaded."""
    return Path(path).is_relative_to(uploads_folder())


def save(
    files: Sequence[tuple[str, Buffer]], used: Collection[str] = (), by: Visitor | None = None
) -> Path:
    """Keeps named files, several as one .zip with their paths, and the same files of a visitor
    once. Uploads that are a day old and that are not among the paths `used` are removed. Raises
    `DataError`, also for more than the limits allow."""
    most, size = limits.current(), sum(len(content) for _, content in files)
    if not files:
        raise DataError("no file was sent; choose some")
    if size > most.upload_mb * 2**20:
        raise DataError(f"the files have {size / 2**20:.0f} MB; at most {most.upload_mb} MB")
    sha = hashlib.sha256()
    for name, content in files:
        sha.update(f"{name}\0{len(content)}\0".encode())
        sha.update(content)
    title = PurePosixPath(files[0][0].replace("\\", "/"))
    if len(files) > 1:  # of a folder its own name
        title = PurePosixPath(f"{title.parts[0] if len(title.parts) > 1 else 'pictures'}.zip")
    name = "".join(c for c in title.name if c.isprintable() and c not in '<>:"/\\|?*').lstrip(".")
    folder = uploads_folder() / (by.id if by else "") / sha.hexdigest()[:16]
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
                (fresh / path.name).write_bytes(files[0][1])
            else:
                _pack(fresh / path.name, files)
    return path


def _pack(path: Path, files: Sequence[tuple[str, Buffer]]) -> None:
    """Pictures are compressed already; a .zip only keeps them together."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            with archive.open(zipfile.ZipInfo(name), "w") as member:
                member.write(content)


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
