"""Tables: CSV, TSV, JSON, JSONL and Parquet, as text or numbers, in any common spelling."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ..formats.sources import SourceFile
from ..formats.untrusted import DataError, untrusted

if TYPE_CHECKING:
    import pandas as pd  # loaded only where it is used: that takes a second

MAX_BYTES = 2 * 2**30  # of a table, unpacked
# What opens a compressed file that begins so.
PACKED = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_ARROW = (b"ARROW1", b"\xff\xff\xff\xff")
_MIN_RENAMED = 48  # columns
_WIDE = 100  # columns: of pixels, and read as numbers
_MISSING = {"", "na", "n/a", "nan", "null", "none"}  # in a column of numbers
_PICTURE = re.compile(r"\.(png|jpe?g|tiff?|bmp|webp|gif|pgm)$", re.I)
csv.field_size_limit(2**24)


def read_table(file: SourceFile) -> "pd.DataFrame":
    """All rows of a table, its columns named by texts. Numbers become numbers, unless zeros in
    front would be lost ("007"); what is missing is NaN. Raises `DataError`."""
    import pandas as pd

    parts = list(read_parts(file, rows=100_000))
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def read_parts(file: SourceFile, *, rows: int) -> "Iterator[pd.DataFrame]":
    """`read_table` in parts of at most about so many rows, for tables of many numbers."""
    with untrusted(file.name, "cannot be read as a table", "save it again"):
        with open_file(file) as stream:
            head = stream.read(2**20)
            stream.seek(0)
            empty = True
            for part in _parts(file, stream, head, rows):
                if not len(part):
                    continue
                empty = False
                part.columns = [str(name) for name in part.columns]
                yield part
        if empty:
            raise DataError(f"{file.name} holds no rows; save it again")


def open_file(file: SourceFile, most: int = MAX_BYTES) -> BinaryIO:
    """The content of a file, unpacked if it is compressed by gzip, bzip2 or xz. Raises `DataError`
    for more than `most` bytes when unpacked."""
    with untrusted(file.name, "cannot be read"):
        head = file.read(count=6)
        if file.location is not None and head[:2] not in PACKED:
            return open(file.location, "rb")
        content = io.BytesIO(file.read())
    if unpack := PACKED.get(head[:2]):
        with untrusted(file.name, "cannot be unpacked"), unpack(content, "rb") as stream:
            content = io.BytesIO(stream.read(most + 1))  # a packed file may go on for ever
    if content.getbuffer().nbytes > most:
        raise DataError(f"{file.name} has more than {most / 2**30:.1f} GB; make it smaller")
    return content


def as_parquet(file: SourceFile) -> SourceFile:
    """A Parquet file as it is, and one of Arrow, as Hugging Face saves to the disk, converted."""
    if not file.read(count=6).startswith(_ARROW):
        return file
    import pyarrow as arrow
    import pyarrow.parquet

    with untrusted(file.name, "is no Arrow file that can be read", "save it again"):
        with open_file(file) as stream:
            is_file = file.read(count=6) == b"ARROW1"
            reader = arrow.ipc.open_file if is_file else arrow.ipc.open_stream
            table = reader(stream).read_all()
        table.validate(full=True)  # nothing else looks at where its offsets point
        target = io.BytesIO()
        pyarrow.parquet.write_table(table, target, row_group_size=1000)
    content = target.getvalue()
    return replace(
        file, read=lambda count=-1: content if count < 0 else content[:count], location=None
    )


def _parts(file: SourceFile, stream: BinaryIO, head: bytes, rows: int) -> "Iterator[pd.DataFrame]":
    if head.startswith((b"PAR1", *_ARROW)):
        yield from _parquet(as_parquet(file), rows)
        return
    text, encoding = _decoded(head)
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        yield _json(file.name, stream.read().decode(encoding))
        return
    yield from _csv(file.name, stream, text, encoding, rows)


def _decoded(head: bytes) -> tuple[str, str]:
    """The beginning of a text and its encoding."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", "ignore"), "utf-16"
    try:
        return head[:-4].decode("utf-8-sig") + head[-4:].decode(errors="ignore"), "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 8:  # a letter that is cut
            return head[: error.start].decode("utf-8-sig"), "utf-8-sig"
        return head.decode("cp1252", "replace"), "cp1252"


def _csv(name, stream, text: str, encoding: str, rows: int) -> "Iterator[pd.DataFrame]":
    import pandas as pd

    lines = [line for line in text.splitlines()[:20] if line.strip() and line[0] != "#"]
    if "\0" in text or not lines:
        raise DataError(f"{name} is no table; expected CSV, JSON or Parquet")
    delimiter = _delimiter(lines)
    first, second = (
        _fields(line, delimiter) for line in (lines[0], lines[min(1, len(lines) - 1)])
    )
    wide = len(first) > _WIDE
    options = {} if wide else {"dtype": str, "keep_default_na": False}
    if len(second) == len(first) + 1:  # a column without a name, as R writes it
        raise DataError(f"{name} has a heading of {len(first)} and rows of {len(second)} columns")
    parts = pd.read_csv(
        stream, sep=delimiter, encoding=encoding, encoding_errors="replace", chunksize=rows,
        header=0 if is_header(first) else None, skipinitialspace=True, skip_blank_lines=True,
        comment="#" if text.startswith("#") else None, index_col=False,
        engine="c", low_memory=False, on_bad_lines="error" if wide else "skip", **options,
    )  # fmt: skip
    with parts:
        begin = 0
        for part in parts:
            unnamed = str(part.columns[0]).startswith("Unnamed: 0") and part.shape[1] > 1
            part = part if wide else part.apply(_numbers)
            numbers = np.arange(begin, begin + len(part))  # of rows, as pandas writes them
            begin += len(part)
            first_are = unnamed and np.array_equal(part.iloc[:, 0], numbers)
            yield part.iloc[:, 1:] if first_are else part


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == r"\s+":
        return line.split()
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _delimiter(lines: list[str]) -> str:
    """The one that divides all lines into the same number of fields, and into most."""
    fields = [line.split() for line in lines]
    same = len({len(row) for row in fields[:-1] or fields}) == 1
    numbers = all(_float(cell) is not None for cell in fields[0])
    listed = all(_PICTURE.search(row[0]) for row in fields)
    if same and len(fields[0]) > 1 and (numbers or listed):
        return r"\s+"  # numbers only, as in USPS, or a label after a name
    best, found = 1, ","
    for delimiter in ",;\t|":
        counts = {len(row) for row in csv.reader(lines[:-1] or lines, delimiter=delimiter)}
        if len(counts) == 1 and max(counts) > best:
            best, found = max(counts), delimiter
    return found


def is_header(first: list[str]) -> bool:
    """Whether the first row names columns: texts, or 0, 1, 2 ... as pandas writes them."""
    numbers = [_float(cell) for cell in first]
    if all(n is not None for n in numbers):
        steps = np.diff(np.array(numbers, float))
        in_order = numbers[0] in (0, 1) and bool((steps == 1).all())
        return len(first) > 3 and (in_order or _is_renamed(first))
    return not any(_PICTURE.search(cell) for cell in first)


def _is_renamed(first: list[str]) -> bool:
    """Whether pandas took a row of pixels for names: 0, 0.1, 0.2, 7, 0.3, none of them twice."""
    names = set(first)
    again = [cell.rpartition(".") for cell in first if "." in cell]
    return (
        len(names) == len(first) > _MIN_RENAMED
        and len(again) > len(first) / 2
        and all(base in names and number.isdecimal() for base, _, number in again)
    )


def _float(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _numbers(column: "pd.Series") -> "pd.Series":
    """Texts as numbers where all are numbers, and no zero in front is lost."""
    import pandas as pd

    texts = column.fillna("").astype(str).str.strip()
    missing = texts.str.lower().isin(_MISSING)
    values = texts[~missing]
    if not len(values) or values.str.match(r"^[+-]?0\d").any():
        return texts.mask(texts == "")
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        return texts.mask(texts == "")
    return numbers.reindex(column.index)


def _json(name: str, text: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        found = json.loads(text)
    except json.JSONDecodeError:  # one record a line
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(found, dict) and {"images", "annotations"} <= found.keys():
        raise DataError(f"{name} holds annotations of objects (COCO); expected labels of pictures")
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if isinstance(found, dict) and found and all(isinstance(v, dict) for v in found.values()):
        found = [{"file_name": key, **record} for key, record in found.items()]
    if isinstance(found, dict) and found and _are_paths_by_class(found):
        return pd.DataFrame(
            [(path, key) for key, paths in found.items() for path in paths],
            columns=["file_name", "label"],
        )
    if isinstance(found, dict) and found:
        columns = all(isinstance(v, list) for v in found.values())
        same = columns and len({len(v) for v in found.values()}) == 1
        if same:
            return pd.DataFrame(found)
        if not any(isinstance(v, list | dict) for v in found.values()) and len(found) > 1:
            found = list(found.items())  # a label by name
    if not (isinstance(found, list) and found):
        raise DataError(f"{name} is no table; expected a list of records")
    if all(isinstance(row, dict) for row in found):
        return pd.DataFrame.from_records(found)
    if all(isinstance(row, list | tuple) and len(row) == 2 for row in found):
        return pd.DataFrame(found, columns=["file_name", "label"])
    raise DataError(f"{name} is no table; expected a list of records")


def _are_paths_by_class(found: dict) -> bool:
    """Whether the files of each class are listed, as in Food-101: {"pizza": ["pizza/12", ...]}."""
    return all(
        isinstance(paths, list)
        and all(isinstance(path, str) and path.startswith(f"{key}/") for path in paths)
        for key, paths in found.items()
    )


def _parquet(file: SourceFile, rows: int) -> "Iterator[pd.DataFrame]":
    import pyarrow.parquet

    parquet = pyarrow.parquet.ParquetFile(file.location or io.BytesIO(file.read()))
    groups = [parquet.metadata.row_group(i) for i in range(parquet.metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > MAX_BYTES:
        raise DataError(f"{file.name} would unpack to more than 2 GB; save fewer rows")
    for batch in parquet.iter_batches(min(rows, 65_536)):
        part = batch.to_pandas()
        yield part[[c for c in part.columns if not str(c).startswith("__index_level_")]]
