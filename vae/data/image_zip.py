"""Data sets from a .zip of images, read in memory member by member, under limits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from .dataset import (
    DataError,
    Dataset,
)
from .image_folder import IMAGE_ENDINGS, MOST_FILE_BYTES, MOST_TOTAL_BYTES, Entry, from_images


def from_zip(path: Path, size: int) -> Dataset:
    """Images in a .zip, read from memory: nothing is ever unpacked onto the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is no .zip file ({error}); pack it again") from error
    with archive:
        for member in (members := _members(archive, path.name)):
            if member.file_size > MOST_FILE_BYTES:
                raise DataError(
                    f"{member.filename} in {path.name} would unpack to {member.file_size:,} "
                    "bytes; at most 64 MB an image"
                )
        return from_images(path.name, _entries(archive, members), size)


def entries_of_zip(content: bytes, name: str) -> list[Entry]:
    """The image files in the bytes of a .zip, to be read one by one: the parts of each one's path,
    and what reads its bytes. Raises `DataError` for what is no .zip, or would unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{name} is no .zip file ({error}); pack it again") from error
    return _entries(archive, _members(archive, name))


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    members = [
        m
        for m in archive.infolist()
        if Path(m.filename).suffix.lower() in IMAGE_ENDINGS
        and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
    ]
    if sum(m.file_size for m in members) > MOST_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    return sorted(members, key=lambda m: m.filename)


def _entries(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> list[Entry]:
    return [(Path(m.filename).parts, lambda m=m: _read_member(archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(MOST_FILE_BYTES + 1)  # a header can lie about the size
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError) as error:
        raise DataError(
            f"{member.filename} cannot be unpacked ({error}); pack it again"
        ) from error
