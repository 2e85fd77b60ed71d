"""Labels, splits and further columns of pictures from the tables beside them.

What the columns of a table are is told by their names, then by their values.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ..arrays.tables import read_table
from ..formats.pictures import ENDINGS
from ..formats.sources import Skipped, SourceFile, natural_key
from ..formats.untrusted import DataError, untrusted
from .leftovers import ending, is_table, names, stem, words
from .row_names import rows_of_files
from .split_names import split_of

MAX_TABLES = 20  # that are read, those nearest to the top first
# Without spaces and signs, in the order of preference: names of classes before their numbers.
_LABELS = (
    *("labelname", "classname", "categoryname", "speciesname", "breedname", "label", "labels"),
    *("class", "classes", "category", "categories", "target", "targets", "diagnosis", "dx"),
    *("species", "breed", "emotion", "finding", "findinglabels", "variety", "articletype"),
    *("subcategory", "type", "y", "classid", "labelid"),
)
_LABEL_WORDS = names("label class category species breed diagnosis emotion type")
_PICTURE = re.compile(rf"\w\.(?:{'|'.join(ENDINGS)})\b", re.I)
_SPLITS = names("split set subset usage fold partition dataset phase datasplit traintest")
_NUMBERED_SPLITS = {0: "train", 1: "val", 2: "test"}  # in a column "partition", as of CelebA


def apply(
    name: str,
    files: Sequence[SourceFile],
    tables: Sequence[SourceFile],
    *,
    named_only: bool = False,
) -> tuple[list[SourceFile], list[Skipped]]:
    """The pictures from `layout.arrange` with what tables say of them, and the tables that say
    nothing, with the reasons.

    Classes and splits that are folders stay, and a table gives their names only to pictures
    without a class; else its labels count, also before classes in names of files. The columns
    that are not used up so travel in `columns`. Of several rows for one picture the first counts,
    and their label if all have the same. With `named_only` pictures that no table names are left
    out too.
    """
    classes = {file.label for file in files if _is_from_folder(file)}
    found: dict[str, dict] = {}
    skipped, read, stems = [], 0, {(_folder(f.path), stem(f.path)) for f in files}
    tables = [table for table in tables if is_table(table.path)]
    for table in sorted(tables, key=_order):
        if (_folder(table.path), stem(table.path)) in stems:
            reason = "a file about one picture"
        elif re.search(r"sample[ _-]?submission", table.name.lower()):
            reason = "a form for answers"
        elif ending(table.path) == "txt" and not _lists_pictures(table):
            reason = "no picture (.txt)"
        elif read >= MAX_TABLES:
            reason = f"more than {MAX_TABLES} tables"
        else:
            read += 1
            try:
                with untrusted(table.path, "cannot be used as a table", "save it again"):
                    reason = _take(table, files, found)
            except DataError as error:
                reason = str(error)
        if reason:
            skipped.append(Skipped(table.path, reason))
    filled = _filled(files, found, classes)
    if named_only:
        others = [file.path for file in filled if file.path not in found]
        skipped += [Skipped(path, f"not in {name}") for path in others]
        filled = [file for file in filled if file.path in found]
    return filled, skipped


def _order(table: SourceFile) -> tuple:
    return table.path.count("/"), ending(table.path) == "txt", natural_key(table.path)


def _lists_pictures(table: SourceFile) -> bool:
    """Whether a text names a picture in most lines."""
    try:
        lines = table.read(count=2**14).decode("utf-8", "replace").splitlines()[:100]
    except DataError:
        return False
    return sum(_PICTURE.search(line) is not None for line in lines) * 2 > len(lines)


def _filled(
    files: Sequence[SourceFile], found: Mapping[str, dict], classes: set[str | None]
) -> list[SourceFile]:
    splits = {row["split"] for row in found.values()} - {""}
    given = len(splits) < 2 or any(file.split for file in files)
    labelled = any(row["label"] is not None for row in found.values())
    filled = []
    for file in files:
        row = found.get(file.path, {"label": None, "split": "", "columns": {}, "of": {}})
        label, columns = row["label"], row["columns"]
        if classes:  # of folders
            known = file.label is None and label in classes
            label, columns = (label, columns) if known else (file.label, row["of"] | columns)
        elif not labelled:
            label = file.label
        split = file.split if given else row["split"] or "train"
        columns = {**file.columns, **columns}
        filled.append(replace(file, split=split, label=label, columns=columns))
    return filled


def _take(table: SourceFile, files: Sequence[SourceFile], found: dict[str, dict]) -> str:
    """Adds what a table says to `found`; returns why it says nothing, or ""."""
    frame = read_table(table)
    plain = [c for c in dict.fromkeys(frame.columns) if _is_plain(frame[c])]
    frame = frame[plain]
    split = split_of(re.sub(r"\.\w+$", "", table.name))
    folder = _folder(table.path)
    below = [f for f in files if f.path.startswith(folder)]
    pools = [[f for f in below if f.split == split and split], below, files if folder else []]
    for pool in filter(None, pools):
        if match := rows_of_files(frame, pool):
            break
    else:
        return "a table that names no pictures"
    column, rows = match
    used = sorted({number for numbers in rows.values() for number in numbers})
    others = frame.iloc[used].drop(columns=column)
    splits = _split_column(others)
    others = others.drop(columns=splits.name) if splits is not None else others
    splits = None if splits is None else splits.to_dict()
    labels, taken = _label_column(others)
    dates = [c for c in others if others[c].dtype.kind == "M"]
    labels = None if labels is None else labels.to_dict()
    others = others.astype(dict.fromkeys(dates, str)).astype(object)
    used_up = others[taken].to_dict("index")
    columns = others.drop(columns=taken).to_dict("index")
    for path, numbers in rows.items():
        row = found.setdefault(path, {"label": None, "split": "", "columns": {}, "of": {}})
        row["split"] = row["split"] or (splits[numbers[0]] if splits is not None else split)
        row["columns"] = {**columns[numbers[0]], **row["columns"]}
        row["of"] = {**used_up[numbers[0]], **row["of"]}
        if labels is not None and row["label"] is None:
            first, *more = (labels[number] for number in numbers)
            row["label"] = first if all(other == first for other in more) else None
    return ""


def _is_plain(column: pd.Series) -> bool:
    """Whether a column holds numbers and texts only: no lists, no bytes of pictures."""
    return column.dtype.kind in "biufM" or all(
        isinstance(value, str | int | float | bool | None) for value in column.tolist()
    )


def _split_column(frame: pd.DataFrame) -> pd.Series | None:
    """The split of each row, if there is a column that names splits and nothing else."""
    for column in frame.columns:
        values = frame[column].dropna()
        plain = _plain(column)
        if plain in ("istrain", "istraining", "istrainingimage") and set(values) <= {0, 1}:
            return frame[column].map({1: "train", 0: "test"}).fillna("")
        if plain not in _SPLITS or not len(values):
            continue
        if plain == "partition" and set(values) <= set(_NUMBERED_SPLITS):
            return frame[column].map(_NUMBERED_SPLITS).fillna("")
        if all(isinstance(value, str) and split_of(value) for value in set(values)):
            return frame[column].map(split_of, na_action="ignore").fillna("")
    return None


def _label_column(frame: pd.DataFrame) -> tuple[pd.Series | None, list[str]]:
    """The label of each row, None where it is missing, and the columns that it is from."""
    usual = {_plain(column): column for column in reversed(frame.columns)}
    candidates = [usual[name] for name in _LABELS if name in usual]
    candidates += [c for c in frame.columns if (words(c) or [""])[-1] in _LABEL_WORDS]
    for column in candidates:
        if _may_be_classes(frame[column], few=20):
            return _texts(frame[column]), [column]
    binary = [c for c in frame.columns if frame[c].dtype.kind in "biuf" and _is_binary(frame[c])]
    if len(binary) > 1 and (frame[binary].sum(axis=1) == 1).all():
        return frame[binary].astype(float).idxmax(axis=1), binary
    texts = [c for c in frame.columns if frame[c].dtype.kind not in "biufM"]
    likely = [c for c in texts or frame.columns[:2] if _may_be_classes(frame[c], few=0)]
    if len(likely) == 1 and (texts or frame.shape[1] == 1):
        return _texts(frame[likely[0]]), likely
    return None, []


def _may_be_classes(column: pd.Series, *, few: int) -> bool:
    """Whether values repeat as those of classes do; of up to `few` rows they need not."""
    values = column.dropna()
    if not len(values) or column.dtype.kind == "M":
        return False
    if values.dtype.kind == "f" and not (values % 1 == 0).all():
        return False
    least = 1 if few else 2  # what is the same in all rows says nothing
    return len(values) <= few or least <= values.nunique() <= len(values) / 2


def _is_binary(column: pd.Series) -> bool:
    return column.isin((0, 1)).all()


def _texts(column: pd.Series) -> pd.Series:
    """Labels as texts, whole numbers without a point."""
    whole = column.dtype.kind == "f"
    texts = [None if pd.isna(v) else str(int(v) if whole else v).strip() for v in column.tolist()]
    return pd.Series([text or None for text in texts], column.index, dtype=object)


def _is_from_folder(file: SourceFile) -> bool:
    """Whether a label is a folder, or words in the name of one, and not in that of the file."""
    label, folders = file.label, file.path.split("/")[:-1]
    return label is not None and any(
        label == folder or f" {label.lower()} " in f" {' '.join(words(folder))} "
        for folder in folders
    )


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())
