"""Tables whose rows are images: a column for each pixel, all pixels in one text or list, or a
picture file in a cell, as Hugging Face's Parquet files hold them."""

import re
from collections.abc import Sequence
from contextlib import closing

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError
from . import picture_cells
from .image_arrays import as_images, side, unflatten
from .named_arrays import as_labels
from .table_columns import LABELS, SPLIT_COLUMNS, SPLITS, as_column, split_of, take_labels
from .tables import as_parquet, read_parts

_PIXEL = re.compile(r"^(pixel|px|pix|p|x|v|f|col)?[ _.-]?\d+([xX_,.]\d+)?$|^r\d+c\d+$", re.I)
_AT = re.compile(r"^r(?:ow)?(\d+)_?c(?:ol)?(\d+)$|^(\d+)x(\d+)$", re.I)
_ENDING = re.compile(r"\.(?:png|jpe?g|tiff?|bmp|webp|gif|pgm)$", re.I)
_ROWS = 4000  # of a CSV at a time
_MIN_UNNAMED = 49  # columns of numbers that are pixels without being named so


class NoImages(DataError):
    """A table that holds no images, as one of labels."""


def read(file: SourceFile) -> ArraySplits | list[SourceFile]:
    """The images of a table: their pixels, or picture files in its cells. A column of their split,
    as `Usage` in fer2013, divides them. Raises `DataError`, also for a table of paths."""
    file = as_parquet(file)
    if file.read(count=4) == b"PAR1":
        pictures = picture_cells.read(file)
        if pictures is not None:
            return pictures
    with closing(read_parts(file, rows=_ROWS)) as tables:
        parts = [_Part(file.name, table) for table in tables]
    images, labels = _images(file.name, parts)
    kept = {tuple(part.columns) for part in parts}
    columns = {
        name: np.concatenate([part.columns[name] for part in parts])
        for name in (kept.pop() if len(kept) == 1 else ())
    }
    if labels is None:
        labels, columns = take_labels(columns)
    else:
        labels = labels if labels.dtype.kind in "OU" else as_labels(labels)[0]
    whole = ArraySplit(images, labels, columns)
    return ArraySplits(_divided(whole))


class _Part:
    """Some rows of a table: the `values` [N, ...] of their pixels, with height and width if their
    names tell them, and the other `columns` by name."""

    def __init__(self, name: str, table) -> None:
        table = table.rename(columns=str)
        kinds = {column: table[column].dtype.kind for column in table.columns}
        lists = [c for c in table.columns if kinds[c] in "OU" and _is_list(table[c].iloc[0])]
        if lists:
            rows = [_numbers(cell) for cell in table[lists[0]]]
            shapes = {row.shape for row in rows}
            if len(shapes) > 1:
                raise DataError(f"{name} has images of {len(shapes)} sizes in {lists[0]:.60}")
            used, self.values = lists[:1], _smallest(np.stack(rows))
        else:
            used = _pixel_columns(name, table, kinds)
            self.values = _smallest(table[used].to_numpy())
        self.size = _size(used)
        rest = [column for column in table.columns if column not in used]
        self.columns = {column: as_column(table[column]) for column in rest[:100]}


def _images(name: str, parts: list[_Part]) -> tuple[np.ndarray, np.ndarray | None]:
    """Images [N, C, H, W] of all rows, and the labels that are a column beside the pixels."""
    if len({part.values.shape[1:] for part in parts}) > 1:
        raise DataError(f"{name} has images of different sizes; save one size each")
    values = np.concatenate([part.values for part in parts])
    if values.ndim > 2:
        return as_images(name, values), None
    size, labels = parts[0].size, None
    if size is None and side(values.shape[1]) is None:
        if side(values.shape[1] - 1) is None:
            raise DataError(f"{name} has rows of {values.shape[1]:,} values, no square images")
        last = _label_is_last(values)
        labels, values = (values[:, -1], values[:, :-1]) if last else (values[:, 0], values[:, 1:])
    return unflatten(_smallest(values), size=size, beside=True), labels


def _pixel_columns(name: str, table, kinds) -> list[str]:
    """The columns of the pixels: by their names, or all columns of numbers but a label."""
    numbers = [column for column in table.columns if kinds[column] in "biuf"]
    named = [c for c in numbers if _PIXEL.match(c)]
    # Without a heading the columns are numbers themselves, and the label is one of them.
    plain = all(column.isdecimal() for column in table.columns)
    named = [] if plain else named
    if len(named) >= 16 and side(len(named)) is None and _size(named) is None:
        named = []
    if len(named) >= 16:
        return named
    for candidate in (numbers, numbers[1:], numbers[:-1], numbers[2:]):
        known = [c for c in candidate if c.lower() not in LABELS]
        if len(known) >= _MIN_UNNAMED and side(len(known)) is not None:
            return numbers if plain and len(numbers) == len(known) + 1 else known
    pixels = [c for c in table.columns if _PIXEL.match(c)]
    broken = [c for c in pixels if kinds[c] in "OU"]
    if len(pixels) > 15 and 0 < len(broken) < len(pixels) / 2:
        cells = (str(cell) for cell in table[broken[0]])
        cell = next((c for c in cells if not re.fullmatch(r"\s*[-+.\deE]+\s*", c)), "")
        raise DataError(
            f"{name} has {cell!r:.40} in column {broken[0]:.40}; expected numbers in all "
            f"{len(pixels):,} columns of pixels"
        )
    texts = [c for c in table.columns if kinds[c] in "OU"][:50]
    paths = [c for c in texts if table[c].astype(str).str.contains(_ENDING).mean() > 0.8]
    if paths:
        raise NoImages(
            f"{name} names picture files in {paths[0]!r:.60}; give the folder that holds both the "
            "table and the pictures"
        )
    raise NoImages(
        f"{name} has {len(numbers):,} columns of numbers, which are no images; expected a column "
        "for each pixel, as 784 for 28 x 28 and 3,072 for 32 x 32 in colour, and at most a label"
    )


def _label_is_last(values: np.ndarray) -> bool:
    """Whether labels are the last column and not the first: a corner of images is mostly of one
    value, and labels have few."""
    first, last = (np.unique(values[:, at], return_counts=True)[1] for at in (0, -1))
    corner = [counts.max() > 0.8 * len(values) for counts in (first, last)]
    if corner[0] != corner[1]:
        return bool(corner[0])
    return not corner[0] and len(last) < len(first)


def _size(columns: Sequence[str]) -> tuple[int, int] | None:
    """Height and width, if the names of columns are those of rows and columns, row by row."""
    found = [_AT.match(column) for column in columns]
    if not all(found):
        return None
    at = np.array([[int(n) for n in match.groups() if n is not None] for match in found])
    at -= at.min(0)
    height, width = (at.max(0) + 1).tolist()
    in_order = (at[:, 0] * width + at[:, 1] == np.arange(len(at))).all()
    return (height, width) if in_order and height * width == len(at) else None


def _is_list(cell: object) -> bool:
    if isinstance(cell, str):
        return len(cell) > 31 and re.match(r"^[\[\s]*[\d.]+([\s,]+[\d.]+){15}", cell) is not None
    return isinstance(cell, list | np.ndarray) and len(cell) > 1 and not isinstance(cell[0], str)


def _numbers(cell: object) -> np.ndarray:
    if isinstance(cell, str):
        text = cell.strip("[] \n").replace(",", " ")
        return np.array(text.split(), np.float32)
    if len(cell) and isinstance(cell[0], list | np.ndarray):
        return np.stack([_numbers(row) for row in cell])
    return np.asarray(cell, np.float32 if np.asarray(cell).dtype.kind not in "biuf" else None)


def _smallest(values: np.ndarray) -> np.ndarray:
    """Whole numbers of one byte as bytes, others as 16 bits or floats of 32."""
    if values.dtype.kind == "O":
        values = values.astype(np.float32)
    if values.size and values.dtype.kind in "iuf" and np.isfinite(values).all():
        low, high = values.min(), values.max()
        for kind in (np.uint8, np.uint16):
            if low >= 0 and high <= np.iinfo(kind).max and (values == np.round(values)).all():
                return values.astype(kind)
    return values if values.dtype == bool else values.astype(np.float32)


def _divided(whole: ArraySplit) -> dict[str, ArraySplit]:
    for name in whole.columns:
        if name.strip().lower() not in SPLIT_COLUMNS:
            continue
        values = np.array([split_of(str(value)) for value in whole.columns[name].tolist()])
        if (values != "").all() and len(set(values.tolist())) > 1:
            rows = {split: np.flatnonzero(values == split) for split in SPLITS}
            return {split: take(whole, chosen) for split, chosen in rows.items() if len(chosen)}
    return {"": whole}


def take(split: ArraySplit, rows: np.ndarray) -> ArraySplit:
    """Some images of a split."""
    labels = None if split.labels is None else split.labels[rows]
    columns = {name: values[rows] for name, values in split.columns.items()}
    return ArraySplit(split.images[rows], labels, columns)
