"""Picture files in the cells of a Parquet file, as Hugging Face writes them."""

import io
import json
import threading
from functools import partial

import numpy as np

from ..formats.sources import SourceFile
from ..formats.untrusted import DataError, untrusted
from .table_columns import SPLIT_COLUMNS, as_column, label_names, split_of
from .tables import MAX_BYTES


def read(file: SourceFile) -> list[SourceFile] | None:
    """The picture files in the cells of a Parquet file, None without such a column."""
    import pyarrow as arrow
    import pyarrow.parquet

    with untrusted(file.name, "is no Parquet file that can be read", "save it again"):
        opened = pyarrow.parquet.ParquetFile(file.location or io.BytesIO(file.read()))
        schema = opened.schema_arrow

        def holds_files(kind: arrow.DataType) -> bool:
            binary = (arrow.types.is_binary, arrow.types.is_large_binary)
            if arrow.types.is_struct(kind):
                names = [kind.field(i).name for i in range(kind.num_fields)]
                return "bytes" in names
            return any(check(kind) for check in binary)

        found = [field.name for field in schema if holds_files(field.type)]
        if not found:
            return None
        preferred = [name for name in ("image", "img", "picture", "photo") if name in found]
        column = (preferred + found)[0]
        others = [
            field.name
            for field in schema
            if not holds_files(field.type)
            and not any(check(field.type) for check in (arrow.types.is_nested,))
            and not field.name.startswith("__index_level_")
        ]
        table = opened.read(columns=others).to_pandas() if others else None
        groups = _Groups(file, opened, column)
        count = opened.metadata.num_rows
        columns = {n: as_column(table[n]) for n in others} if others else {}
        labels = _class_labels(schema.metadata or {}, columns)
        paths = groups.paths()
    usage = next((n for n in columns if n.lower() in SPLIT_COLUMNS), None)
    files = []
    for row in range(count):
        name = paths[row] or f"{row:06}"
        files.append(
            SourceFile(
                f"{file.path}/{name}",
                partial(groups.read, row),
                split=split_of(str(columns[usage][row])) if usage else "",
                label=None if labels is None else str(labels[row]) or None,
                columns={n: values[row].item() for n, values in columns.items()},
            )
        )
    return files


def _class_labels(metadata: dict, columns: dict[str, np.ndarray]) -> np.ndarray | None:
    """The labels, taken from the columns, by the names in the metadata of Hugging Face."""
    features: dict = {}
    if b"huggingface" in metadata:
        features = json.loads(metadata[b"huggingface"]).get("info", {}).get("features", {})
    classes = {name: _names_of(features.get(name)) for name in columns}
    named = label_names({n: columns[n] for n in columns if classes[n]}) or [
        n for n in columns if classes[n]
    ]
    chosen = next(iter(named or label_names(columns)), None)
    for name, values in list(columns.items()):
        names = classes[name]
        whole = names and values.dtype.kind in "iu" and values.size
        if whole and values.min() >= -1 and values.max() < len(names):
            columns[name] = np.array([*names, ""])[values]  # -1: not known
    if chosen is None:
        return None
    values = columns[chosen]
    if values.dtype.kind == "f":
        if not (values == values.round()).all():
            return None
        values = values.astype(np.int64)
    del columns[chosen]
    return values


def _names_of(feature: object) -> list[str]:
    """The names of the classes of a ClassLabel of Hugging Face."""
    names = feature.get("names") if isinstance(feature, dict) else None
    if isinstance(names, dict):
        names = [names[key] for key in sorted(names, key=int)]
    return [str(name) for name in names] if isinstance(names, list) else []


class _Groups:
    """Reads the cells of one column, a group of rows at a time, of which it keeps the last."""

    def __init__(self, file: SourceFile, opened, column: str) -> None:
        self._name, self._opened, self._column = file.name, opened, column
        counts = [opened.metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
        self._ends = np.cumsum(counts)
        self._kept: tuple[int, list] = (-1, [])
        self._lock = threading.Lock()
        for i in range(opened.num_row_groups):
            if opened.metadata.row_group(i).total_byte_size > MAX_BYTES:
                raise DataError(f"{file.name} has groups of rows of more than 2 GB")

    def paths(self) -> list[str]:
        """The names of the files as far as they are kept, without folders, each only once."""
        field = self._opened.schema_arrow.field(self._column).type
        names = [""] * int(self._ends[-1] if len(self._ends) else 0)
        import pyarrow as arrow

        if arrow.types.is_struct(field) and field.get_field_index("path") >= 0:
            column = self._opened.read(columns=[f"{self._column}.path"])[self._column]
            cells = column.combine_chunks().field("path").to_pylist()
            names = [(name or "").replace("\\", "/").rsplit("/", 1)[-1][:200] for name in cells]
        return names if len(set(names)) == len(names) else [""] * len(names)

    def read(self, row: int, count: int = -1) -> bytes:
        """The bytes of the picture of a row."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        with self._lock, untrusted(self._name, "cannot be read"):
            if self._kept[0] != group:
                cells = self._opened.read_row_group(group, columns=[self._column])
                self._kept = group, cells[self._column].to_pylist()
            cell = self._kept[1][row - int(self._ends[group]) + len(self._kept[1])]
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        content = content or b""
        return content if count < 0 else content[:count]
