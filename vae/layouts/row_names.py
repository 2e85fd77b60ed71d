"""Which column of a table names which pictures, in the ways that people write names."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from ..formats.pictures import ENDINGS
from ..formats.sources import SourceFile
from .leftovers import names

_NAMED = 0.8  # of the pictures, or of the names in a column, that the other side has
_MAX_FOLDERS = 4  # of a path that are compared
_ENDING = re.compile(rf"\.(?:{'|'.join(sorted(ENDINGS))})$")
# Columns, without spaces and signs, whose numbers may name a part of the pictures.
_NAMES = names(
    "id image imageid imagename imagepath img imgid imgname picture photo file fileid filename "
    "filepath path name"
)
Rows = dict[str, list[int]]  # the numbers of the rows that belong to a path


def rows_of_files(frame: pd.DataFrame, files: Sequence[SourceFile]) -> tuple[str, Rows] | None:
    """The column that names most pictures, and the rows of each; None if no column names 80 % of
    them, or consists to 80 % of names of some."""
    best: tuple[str, Rows] | None = None
    paths = [(file.path, _plain(file.path)) for file in files]
    for column in frame.columns:
        rows = _rows(frame[column], paths, re.sub("[^a-z]", "", column.lower()) in _NAMES)
        if rows and (best is None or len(rows) > len(best[1])):
            best = column, rows
    return best


def _rows(column: pd.Series, paths: Sequence[tuple[str, str]], numbers: bool) -> Rows | None:
    number = column.dtype.kind == "f"
    if column.dtype.kind in "bM" or (number and not (column.dropna() % 1 == 0).all()):
        return None
    values = [None if v is None or v != v else _plain(str(v)) for v in column.tolist()]
    if number:
        values = [value and value.removesuffix(".0") for value in values]
    distinct = {value for value in values if value}
    if not distinct:
        return None
    for key in _keys(distinct):
        by_key: dict[str, list[int]] = {}
        for row, value in enumerate(values):
            if value:
                by_key.setdefault(key(value), []).append(row)
        if not any(key(plain) in by_key for _, plain in paths[:: len(paths) // 1000 + 1]):
            continue
        of_file = {path: key(plain) for path, plain in paths}
        rows = {path: by_key[own] for path, own in of_file.items() if own in by_key}
        twice = any(count > 1 for count in Counter(of_file[path] for path in rows).values())
        if rows and not twice and _is_enough(rows, of_file, by_key, len(values), numbers):
            return rows
    return None


def _keys(values: set[str]) -> Iterator[Callable[[str], str]]:
    """What may be compared of paths in the files and in the column, the most telling first."""
    folders = min(_MAX_FOLDERS, max(value.count("/") for value in values))
    for count in range(folders + 1, 0, -1):
        yield lambda path, count=count: "/".join(path.split("/")[-count:])
        yield lambda path, count=count: _ENDING.sub("", "/".join(path.split("/")[-count:]))
    if all(value.isdecimal() for value in values):  # 7 of "0007.png"
        yield lambda path: _ENDING.sub("", path.split("/")[-1]).lstrip("0") or "0"


def _is_enough(rows: Rows, of_file: dict, by_key: dict, count: int, numbers: bool) -> bool:
    if len(rows) >= _NAMED * len(of_file):
        return True
    # Of a table of a part of the pictures; numbers may be anything.
    if not numbers and any(key.isdecimal() for key in by_key):
        return False
    distinct = len(by_key) >= _NAMED * count or all(_ENDING.search(key) for key in by_key)
    return distinct and len(rows) >= _NAMED * len(by_key)


def _plain(text: str) -> str:
    path = unicodedata.normalize("NFC", text).strip().replace("\\", "/").casefold()
    return path.removeprefix("./").strip("/")
