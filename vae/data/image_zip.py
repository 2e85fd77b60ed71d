"""Data sets from a .zip of images, read in memory under limits on size."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from .dataset import DataError, Dataset
from .image_folder import IMAGE_ENDINGS, MAX_FILE_BYTES, MAX_TOTAL_BYTES, Entry, from_images


def from_zip(path: Path, size: int) -> Dataset:
    """The images of a .zip; nothing is unpacked onto the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is no .zip file ({error}); pack it again") from error
    with archive:
        for member in (members := _members(archive, path.name)):
            if member.file_size > MAX_FILE_BYTES:
                raise DataError(
                    f"{member.filename} in {path.name} would unpack to {member.file_size:,} "
                    "bytes; expected at most 64 MB per image"
                )
        return from_images(path.name, _entries(archive, members), size)


def list_zip(content: bytes, name: str) -> list[Entry]:
    """The image files in the bytes of a .zip, to be read one by one.

    Raises `DataError` for bytes that are no .zip, or that would unpack to more than 2 GB.
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
    if sum(m.file_size for m in members) > MAX_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    return sorted(members, key=lambda m: m.filename)


def _entries(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> list[Entry]:
    return [(Path(m.filename).parts, lambda m=m: _read_member(archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(MAX_FILE_BYTES + 1)  # the size in a header is not trusted
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError) as error:
        raise DataError(
            f"{member.filename} cannot be unpacked ({error}); pack it again"
        ) from error
