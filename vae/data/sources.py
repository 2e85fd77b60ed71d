"""The source of a data set, by path: arrays, or picture files with their splits and labels."""

import io
import os
import re
import zipfile
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from ..arrays import array_files, kinds, picture_stacks, torchvision_sets
from ..arrays.pixel_tables import NoImages
from ..formats import containers, pictures
from ..formats.sources import ArraySplits, Skipped, SourceFile
from ..formats.untrusted import DataError, read_regular
from ..layouts.layout import arrange, name_only_class
from ..layouts.leftovers import is_table

TORCHVISION = "torchvision:"
EXPECTED = "a folder or an archive of pictures, or a file of arrays or a table"
MAX_ARCHIVE = 100 * 2**20  # bytes of the originals in a .zip
_HEAD = 4096  # bytes from which the kind of a file is known
Found = ArraySplits | list[SourceFile]


def open_source(name: str) -> tuple[str, Found, list[Skipped]]:
    """The title of the data set, what it holds, and the files that are none of it. Raises
    `DataError`."""
    if name.startswith(TORCHVISION):
        return name, torchvision_sets.read(name.removeprefix(TORCHVISION)), []
    path = Path(name)
    if path.is_dir():
        return (path.resolve().name, *arrange_files(path.name, containers.list_folder(path)))
    kind = kinds.kind_of(read_regular(path, count=_HEAD), path.name)
    if kind == "zip":
        return (path.name, *arrange_files(path.name, containers.list_zip(path, path.name)))
    if kind == "tar":
        return (path.name, *arrange_files(path.name, containers.list_tar(path, path.name)))
    if kind == "picture":
        if (pages := picture_stacks.read(_file(path))) is not None:
            return path.name, pages, []
        raise DataError(f"{path.name} is a single picture; expected {EXPECTED}")
    siblings = [_file(p) for p in sorted(path.parent.iterdir()) if p.is_file()]
    try:
        return path.name, array_files.read(_file(path), siblings), []
    except NoImages as error:
        return (path.name, *_beside(path, error))


def _beside(path: Path, error: NoImages) -> tuple[Found, list[Skipped]]:
    """The pictures beside a table that names them, with what it says of them. Raises `error` if it
    names none."""
    from ..layouts import label_table  # loads pandas

    files = containers.list_folder(path.parent)
    arranged, skipped = arrange(path.parent.name, files)
    given = next(file for file in files if file.path == path.name)
    beside = [file for file in files if "/" not in file.path and is_table(file.path)]
    tables = [given, *array_files.partners(given, beside)]
    found, more = label_table.apply(path.name, arranged, tables, named_only=True)
    if not found:
        raise error
    return found, [*(file for file in skipped if not is_table(file.path)), *more]


def arrange_files(name: str, files: Sequence[SourceFile]) -> tuple[Found, list[Skipped]]:
    """What the files of a folder or an archive hold: pictures, if there are any, with splits and
    labels by their folders, names and tables beside them; else arrays."""
    arranged, skipped = arrange(name, list(files))
    if not any(_ending(file) in pictures.ENDINGS for file in arranged):
        found = array_files.read_all(files)
        if found is not None:
            return found, []
    tables = [file for file in files if is_table(file.path)]
    if tables:
        from ..layouts import label_table  # loads pandas

        arranged, more = label_table.apply(name, arranged, tables)
        skipped = [*(file for file in skipped if not is_table(file.path)), *more]
    return name_only_class(arranged), skipped


def _file(path: Path) -> SourceFile:
    return SourceFile(path.name, partial(read_regular, path), location=path)


def _ending(file: SourceFile) -> str:
    return os.path.splitext(file.name)[1][1:].lower()


class Originals:
    """The picture files that the images of a data set were made from."""

    def __init__(self, data: str) -> None:
        self._data = data

    @cached_property
    def _files(self) -> dict[str, SourceFile]:
        found = open_source(self._data)[1]
        return {} if isinstance(found, ArraySplits) else {file.path: file for file in found}

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises `DataError`, also if it is not there any more."""
        if path not in self._files:
            raise DataError(f"{path:.99} is no picture of {Path(self._data).name}")
        return self._files[path].read()

    def archive(self, paths: Sequence[str], most: int = MAX_ARCHIVE) -> bytes:
        """A .zip of some files in a folder per class, as `ImageFolder` of torchvision reads it.
        Raises `DataError` for more than `most` bytes."""
        target, total, used = io.BytesIO(), 0, set()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for path in paths:
                content, file = self.read(path), self._files[path]
                total += len(content)
                if total > most:
                    raise DataError(
                        f"the originals have more than {most / 2**20:.0f} MB; select fewer"
                    )
                name = f"{_folder(file)}/{file.name}"
                if name in used:  # of the same name in another folder
                    name = f"{_folder(file)}/{len(used)}-{file.name}"
                used.add(name)
                archive.writestr(name, content)
        return target.getvalue()


def _folder(file: SourceFile) -> str:
    """A name of a folder for the class of a file, which may be any text."""
    return re.sub(r"[^\w .()-]+", "_", file.label or "images").strip(". ") or "images"
