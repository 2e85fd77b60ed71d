"""Data sets from a .zip of images, read in memory under limits on size."""

import io
import zipfile
import zlib
from functools import partial
from pathlib import Path

from .dataset import DataError, Dataset
from .image_folder import IMAGE_ENDINGS, MAX_FILE_BYTES, MAX_TOTAL_BYTES, Entry, from_images


def from_zip(path: Path, size: int) -> Dataset:
    """The images of a .zip; nothing is unpacked onto the disk."""
    return from_images(path.name, list_zip(path, path.name), size)


def list_zip(source: Path | io.BytesIO, name: str) -> list[Entry]:
    """The image files in a .zip, to be read one by one. Raises `DataError` for a file that is no
    .zip, or that would unpack to more than 2 GB."""
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{name} is no .zip file ({error}); pack it again") from error
    members = [
        m
        for m in archive.infolist()
        if Path(m.filename).suffix.lower() in IMAGE_ENDINGS
        and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
    ]
    if sum(m.file_size for m in members) > MAX_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    members.sort(key=lambda m: m.filename)
    return [(Path(m.filename).parts, partial(_read_member, archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_FILE_BYTES:
        raise DataError(f"{member.filename} would unpack to more than 64 MB; make it smaller")
    try:
        with archive.open(member) as stream:
            return stream.read(MAX_FILE_BYTES + 1)  # the size in a header is not trusted
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError) as error:
        raise DataError(f"{member.filename} cannot be read ({error}); pack it again") from error
