"""The image files in a .zip, which is never unpacked onto the disk."""

import io
import zipfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import dataset, pictures
from .dataset import DataError, evenly_spaced
from .image_folder import MAX_FILE_BYTES, Entry, scan_images
from .untrusted import untrusted

MAX_TOTAL_BYTES = 2 * 2**30  # of all image files, unpacked


def list_zip(source: Path | io.BytesIO, name: str) -> list[Entry]:
    """The image files in a .zip. Raises `DataError`, also for more than 2 GB when unpacked."""
    with untrusted(name, "is no .zip file", "pack it again"):
        archive = zipfile.ZipFile(source)
    members = [
        m
        for m in archive.infolist()
        if Path(m.filename).suffix.lower() in pictures.ENDINGS
        and not m.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
    ]
    if sum(m.file_size for m in members) > MAX_TOTAL_BYTES:
        raise DataError(f"{name} would unpack to more than 2 GB; pack fewer images")
    members.sort(key=lambda m: m.filename)
    return [(Path(m.filename).parts, partial(_read_member, archive, m)) for m in members]


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, count: int = -1) -> bytes:
    name = member.filename
    if member.file_size > MAX_FILE_BYTES:
        raise DataError(f"{name:.99} would unpack to more than 64 MB; make it smaller")
    with untrusted(name, "cannot be read", "pack it again"), archive.open(member) as stream:
        return stream.read(count)  # at most the size in the header


class Preview(NamedTuple):
    """At most 25 training `images` uint8 [n, C, H, W], evenly spaced, the `labels` [N] of all
    training images, the number of test images, and the names of the classes."""

    images: np.ndarray
    labels: np.ndarray
    test_count: int
    class_names: tuple[str, ...]


def preview_zip(path: str, size: int) -> Preview:
    """What a .zip holds, by the headers of its images and a few of them. Raises `DataError`."""
    name = Path(path).name
    listing = scan_images(name, list_zip(Path(path), name))
    channels, white = listing.inspect()
    train, test = listing.splits()
    rows = train[evenly_spaced(len(train), 25)]
    images = np.empty((len(rows), channels, size, size), np.uint8)
    for index, row in enumerate(rows):
        images[index] = listing.pixels(row, size, white)
    images = dataset.convert(name, [images], size)[0]
    return Preview(images, listing.labels[train], len(test), listing.class_names)
