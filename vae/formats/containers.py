"""The files in a folder, a .zip or a .tar, listed by their names; nothing is unpacked on the disk.

A member of an archive is read when it is asked for, in any order: a .zip and a plain .tar where
they lie, a compressed .tar from memory, since it can only be read from its beginning.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from .pictures import ENDINGS
from .sources import SourceFile, natural_key
from .untrusted import DataError, read_regular, untrusted

MAX_FILES = 1_000_000
MAX_PICTURE_BYTES = 64 * 2**20  # of one file with the ending of a picture, unpacked
MAX_FILE_BYTES = 2 * 2**30  # of another: a table, an array
MAX_TOTAL_BYTES = 2 * 2**30  # of all files of an archive, unpacked
MAX_KEPT_BYTES = 2**30  # of a compressed .tar, or of an archive inside another: in memory
MAX_ARCHIVES = 100  # inside another, or in a folder
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_TEXTS = (".txt", ".md", ".csv", ".json", ".html", ".xml", ".pdf")
_UNPACK = "unpack it, and use the folder"
# Names in a .zip are in the code page of whoever packed it, mostly without saying which. Whole
# words of one script tell: read in a wrong code page, they are mixed with other signs.
_CODE_PAGES = {"utf-8": ".+", "cp866": "[Ѐ-ӿ]+", "cp932": "[ぁ-ヿ々一-鿿]+", "gbk": "[一-鿿]+"}


def list_folder(folder: Path) -> list[SourceFile]:
    """All regular files below a folder, hidden ones too, in natural order.

    Of a folder of nothing but archives and texts, the files in the archives, each as a folder.
    Links to folders are not followed, nor links to files outside: reading these raises
    `DataError`, like reading more than 64 MB of a picture, or 2 GB of another file. Raises
    `DataError` for what is no folder, and for more than a million files.
    """
    with untrusted(folder.name, "cannot be read", "check its permissions"):
        top = folder.resolve(strict=True)
        os.scandir(top).close()  # below, a folder that cannot be read is one among others
    files, folders = [], [str(top)]
    while folders:
        where = folders.pop()
        try:
            with os.scandir(where) as found:
                entries = list(found)
        except OSError as error:
            path = _clean(os.path.relpath(where, top))[0]
            files.append(
                SourceFile(path, _refuse(f"{path:.99} cannot be read ({error.strerror})"))
            )
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                relative = _clean(entry.path[len(str(top)) :])[0]
                read: Callable[..., bytes] = partial(read_regular, path, _most(entry.name))
                if entry.is_symlink() and not _is_inside(path, top):
                    read = _refuse(f"{relative:.99} is a link; copy the files themselves there")
                elif not entry.is_file():  # a pipe or a device, which would be read for ever
                    read = _refuse(f"{relative:.99} is no regular file; copy the file itself")
                files.append(SourceFile(relative, read, location=path))
        _check_count(folder.name, files)
    return _sorted(_inner(files))


def _is_inside(link: Path, top: Path) -> bool:
    """Whether a link leads to a file in the folder."""
    return link.is_file() and link.resolve().is_relative_to(top)


def list_archive(source: Path | io.BytesIO, name: str) -> list[SourceFile]:
    """The files of a .zip, or of a .tar with or without compression, told by the content."""
    start = _start(source, name)
    return (list_zip if start[:2] == b"PK" else list_tar)(source, name)


def list_zip(source: Path | io.BytesIO, name: str) -> list[SourceFile]:
    """The files of a .zip in natural order, or those of the archives of which it consists.

    Of several members of one name the last counts. Raises `DataError`, also for more than 2 GB
    unpacked; a member that is encrypted or damaged raises it when it is read.
    """
    return _sorted(_inner(_zipped(source, name)))


def _zipped(source: Path | io.BytesIO, name: str) -> list[SourceFile]:
    with untrusted(name, "is no .zip file", "pack it again"):
        archive = zipfile.ZipFile(source)
    members = [m for m in archive.infolist() if not m.is_dir() and m.filename[-1:] != "\\"]
    _check_total(name, (m.file_size for m in members), MAX_TOTAL_BYTES)
    if members and all(m.flag_bits & 1 for m in members):
        raise DataError(f"{name:.99} is encrypted; pack it again without a password")
    files = []
    for member, text in zip(members, _names(members), strict=True):
        path, safe = _clean(text)
        read = partial(_read_zipped, archive, member, path)
        files.append(SourceFile(path, read if safe else _leaves(text)))
    return files


def _read_zipped(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, count: int = -1
) -> bytes:
    _check_size(path, member.file_size)
    if member.flag_bits & 1:
        raise DataError(f"{path:.99} is encrypted; pack it again without a password")
    with untrusted(path, "cannot be read", "pack it again"), archive.open(member) as stream:
        return stream.read(count)  # at most the size in the header


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    """The names of all members, those that do not say their code page in the likeliest one."""
    silent = [m for m in members if not m.flag_bits & 0x800 and m.filename == m.orig_filename]
    raw = b"/".join(m.filename.encode("cp437", "replace") for m in silent)
    chosen = "cp437"
    for page, script in _CODE_PAGES.items():
        try:
            words = re.findall(r"[^\W\d_]+|[^\x00-\x7f]", raw.decode(page))
        except UnicodeDecodeError:
            continue
        if all(word.isascii() or re.fullmatch(script, word) for word in words):
            chosen = page
            break
    for member in silent:
        member.filename = member.filename.encode("cp437", "replace").decode(chosen)
    return [m.filename for m in members]


def list_tar(source: Path | io.BytesIO, name: str) -> list[SourceFile]:
    """The files of a .tar, plain or compressed by gzip, bzip2 or xz, in natural order.

    A compressed one is unpacked into memory at once, up to 1 GB; a plain one is read where it
    lies. Links raise `DataError` when they are read; devices are left out. Raises `DataError`.
    """
    return _sorted(_inner(_packed(source, name)))


def _packed(source: Path | io.BytesIO, name: str) -> list[SourceFile]:
    source = _decompressed(source, name)
    files, sizes = [], []
    with (
        untrusted(name, "is no .tar file that can be read", "copy or pack it again"),
        source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream,
    ):
        stream.seek(0)
        for member in tarfile.TarFile(fileobj=stream):
            path, safe = _clean(member.name)
            if not safe:
                files.append(SourceFile(path, _leaves(member.name)))
            elif member.issym() or member.islnk() or member.issparse():
                sentence = f"{path:.99} is a link; pack the files themselves"
                files.append(SourceFile(path, _refuse(sentence)))
            elif member.isreg():
                read = partial(_read_packed, source, member.offset_data, member.size, path)
                files.append(SourceFile(path, read))
                sizes.append(member.size)
            _check_count(name, files)
    _check_total(name, sizes, MAX_TOTAL_BYTES)
    return files


def _read_packed(
    source: Path | io.BytesIO, start: int, size: int, path: str, count: int = -1
) -> bytes:
    _check_size(path, size)
    wanted = size if count < 0 else min(count, size)
    if isinstance(source, Path):
        with untrusted(path, "cannot be read"), source.open("rb") as file:
            file.seek(start)
            content = file.read(wanted)
    else:
        content = bytes(source.getbuffer()[start : start + wanted])
    if len(content) < wanted:
        raise DataError(f"{path:.99} is cut short; copy the archive again")
    return content


def _decompressed(source: Path | io.BytesIO, name: str) -> Path | io.BytesIO:
    """A plain .tar as it is, a compressed one unpacked into memory."""
    start = _start(source, name)
    openers = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
    opener = next((o for mark, o in openers.items() if start.startswith(mark)), None)
    if opener is None:
        return source
    unpacked = io.BytesIO()
    if not isinstance(source, Path):
        source.seek(0)
    with untrusted(name, "cannot be unpacked", "copy or pack it again"), opener(source) as stream:
        while chunk := stream.read(2**20):
            unpacked.write(chunk)
            if unpacked.tell() > MAX_KEPT_BYTES:
                raise DataError(_too_large(name, MAX_KEPT_BYTES))
    return unpacked


def _start(source: Path | io.BytesIO, name: str) -> bytes:
    if isinstance(source, Path):
        return read_regular(source, count=8)
    return bytes(source.getbuffer()[:8])


def _clean(text: str) -> tuple[str, bool]:
    """A path with "/" and without "..", and whether it stays inside its folder."""
    raw = text.encode("utf-8", "surrogateescape")
    with suppress(UnicodeDecodeError):  # else of an old system
        text = raw.decode("latin-1")
        text = raw.decode("utf-8")
    parts = unicodedata.normalize("NFC", text).replace("\\", "/").split("/")
    kept = [p for p in parts if p not in ("", ".", "..") and not re.fullmatch("[A-Za-z]:", p)]
    return "/".join(kept) or "(without a name)", ".." not in parts


def _leaves(text: str) -> Callable[..., bytes]:
    return _refuse(f"{text:.99} is a name that leaves the archive; pack it again without")


def _refuse(sentence: str) -> Callable[..., bytes]:
    def read(count: int = -1) -> bytes:
        raise DataError(sentence)

    return read


def _most(path: str) -> int:
    suffix = path.rsplit(".", 1)[-1].lower()
    return MAX_PICTURE_BYTES if suffix in ENDINGS else MAX_FILE_BYTES


def _check_size(path: str, size: int) -> None:
    if size > (most := _most(path)):
        raise DataError(
            f"{path:.99} would unpack to more than {most / 2**20:,.0f} MB; make it smaller"
        )


def _check_total(name: str, sizes: Iterable[int], most: int) -> None:
    sizes = list(sizes)
    if sum(sizes) > most:
        raise DataError(_too_large(name, most))
    _check_count(name, sizes)


def _check_count(name: str, files: list) -> None:
    if len(files) > MAX_FILES:
        raise DataError(f"{name:.99} holds more than {MAX_FILES:,} files; use a part of them")


def _too_large(name: str, most: int) -> str:
    return f"{name:.99} would unpack to more than {most / 2**30:.0f} GB; {_UNPACK}"


def _sorted(files: Iterable[SourceFile]) -> list[SourceFile]:
    by_path = {file.path: file for file in files}  # the last of one name, as when unpacked
    return sorted(by_path.values(), key=lambda file: natural_key(file.path))


def _inner(files: list[SourceFile]) -> list[SourceFile]:
    """The files, or those of the archives among them, one level deep, if all others are texts:
    each archive as a folder of its name, unless there is only one."""
    seen = [f for f in files if f.name[0] != "." and not f.path.startswith("__MACOSX/")]
    archives = [f for f in seen if f.name.lower().endswith(ARCHIVES)]
    texts = [f for f in seen if f.name.lower().endswith(_TEXTS)]
    if not 0 < len(archives) <= MAX_ARCHIVES or len(archives) + len(texts) < len(seen):
        return files
    inside, left = [f for f in files if f not in archives], MAX_KEPT_BYTES
    for file in archives:
        source = file.location
        if source is None:
            source = io.BytesIO(file.read(count=left + 1))
            if (left := left - source.getbuffer().nbytes) < 0:
                raise DataError(_too_large(file.path, MAX_KEPT_BYTES))
        listing = _zipped if _start(source, file.path)[:2] == b"PK" else _packed
        folder = re.sub(r"(\.tar)?\.\w+$", "/", file.path, flags=re.I) * (len(archives) > 1)
        inside += [replace(f, path=folder + f.path) for f in listing(source, file.path)]
        _check_count(file.path, inside)
    return inside
