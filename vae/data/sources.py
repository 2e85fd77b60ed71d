"""The source of a data set, by path: arrays, or picture files with their splits and labels."""

import io
import itertools
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
from ..progress import Progress, no_progress

TORCHVISION = "torchvision:"
EXPECTED = "a folder or an archive of pictures, or a file of arrays or a table"
MAX_ARCHIVE = 100 * 2**20  # bytes of the originals in a .zip
_LONGEST = 100  # characters of a name in it
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # by Windows
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
        return self._file(path).read()

    def _file(self, path: str) -> SourceFile:
        if path not in self._files:
            raise DataError(f"{path:.99} is no picture of {Path(self._data).name}")
        return self._files[path]

    def archive(
        self,
        paths: Sequence[str],
        folders: Sequence[str] | None = None,
        *,
        most: int = MAX_ARCHIVE,
        progress: Progress = no_progress,
    ) -> bytes:
        """A .zip of some files, each in the folder that `folders` names, by default that of its
        class, as `ImageFolder` of torchvision reads it. Names are made safe, and different ones
        stay different. Raises `DataError` for more than `most` bytes."""
        target, total = io.BytesIO(), 0
        names: dict[str, str] = {}
        used_folders: set[str] = set()
        used: set[str] = set()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for row, path in enumerate(paths):
                progress(row, len(paths))
                file = self._file(path)
                content = file.read(count=most - total + 1)
                total += len(content)
                if total > most:
                    raise DataError(
                        f"{len(paths):,} originals have more than {most / 2**20:.0f} MB, the most "
                        "at once; choose fewer"
                    )
                folder = (folders[row] if folders else file.label) or "images"
                if folder not in names:
                    names[folder] = _unused(_safe(folder), used_folders)
                name = _unused(f"{names[folder]}/{_safe(file.name)}", used)
                archive.writestr(name, content)
        progress(len(paths), len(paths))
        return target.getvalue()


def _safe(name: str) -> str:
    """A name that every system takes for a file or a folder, of any text."""
    cut = re.sub(r"[^\w .()+,-]+", "_", name)[-_LONGEST:].strip(" .")
    return f"_{cut}" if not cut or _RESERVED.match(cut) else cut


def _unused(name: str, used: set[str]) -> str:
    """The name, with a number before its ending if it is used, where case makes no difference;
    from then on it is used."""
    numbers, (stem, ending) = itertools.count(2), os.path.splitext(name)
    while name.casefold() in used:
        name = f"{stem} ({next(numbers)}){ending}"
    used.add(name.casefold())
    return name
