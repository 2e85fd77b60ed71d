"""Data sets from a .zip of images, read in memory under limits on size."""

import io
import zipfile
from functools import partial
from pathlib import Path

from .dataset import DataError, Dataset
from .image_folder import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Entry, Preview, preview, read_images
from .pictures import ENDINGS
from .untrusted import untrusted


def from_zip(path: Path, size: int) -> Dataset:
    """The images of a .zip; nothing is unpacked onto the disk."""
    return read_images(path.name, list_zip(path, path.name), size)


def preview_zip(path: str, size: int) -> Preview:
    """A few images of a .zip."""
    return preview(Path(path).name, list_zip(Path(path), Path(path).name), size)


def list_zip(source: Path | io.BytesIO, name: str) -> list[Entry]:
    """The image files in a .zip, to be read one by one. Raises `DataError` for a file that is no
    .zip, or that would unpack to more than 2 GB."""
    with untrusted(name, "is no .zip file", "pack it again"):
        archive = zipfile.ZipFile(source)
    members = [
        m
        for m in archive.infolist()
        if Path(m.filename).suffix.lower() in ENDINGS
        and not m.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
    ]
    if sum(m.file_size for m in members) > MAX_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    members.sort(key=lambda m: m.filename)
    return [(Path(m.filename).parts, partial(_read_member, archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, count: int = -1) -> bytes:
    if member.file_size > MAX_FILE_BYTES:
        raise DataError(f"{member.filename:.99} would unpack to more than 64 MB; make it smaller")
    with (
        untrusted(member.filename, "cannot be read", "pack it again"),
        archive.open(member) as stream,
    ):
        return stream.read(count)  # at most the size in the header
