"""The columns of a table beside its images: which holds the labels, and which the splits."""

import re

import numpy as np

from ..formats.sources import SourceFile
from .named_arrays import as_labels
from .tables import read_table

LABELS = (
    *("label", "labels", "class", "class_name", "target", "y", "category", "fine_label"),
    *("emotion", "digit", "letter", "character", "species", "answer", "character_class"),
)
SPLITS = {"train": r"train", "test": r"private ?test|^test", "val": r"public ?test|val|dev"}
SPLIT_COLUMNS = ("usage", "split", "set", "subset", "partition")


def read_labels(file: SourceFile) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """The labels [N] in a table beside arrays, None without, and its other columns [N]."""
    table = read_table(file)
    return take_labels({column: as_column(table[column]) for column in table.columns[:100]})


def take_labels(columns: dict[str, np.ndarray]) -> tuple[np.ndarray | None, dict]:
    """The column of labels, and the others, among which measurements stay."""
    chosen = next(iter(label_names(columns)), "")
    if not chosen:
        return None, columns
    given = columns[chosen]
    labels = given if given.dtype.kind in "OU" else as_labels(given)[0]
    others = {name: values for name, values in columns.items() if name != chosen}
    return labels, columns if labels is None else others


def as_column(values) -> np.ndarray:
    """The values of a column of pandas, numbers or texts."""
    found = values.to_numpy()
    return found if found.dtype.kind in "biuf" else values.fillna("").astype(str).to_numpy(str)


def label_names(columns: dict[str, np.ndarray]) -> list[str]:
    """The column of labels; the only one besides an id and a split, if none is named so."""
    lower = {name.strip().lower(): name for name in columns}
    named = [lower[name] for name in LABELS if name in lower]
    if named:
        return named[:1]
    others = [n for n in columns if n.lower() not in ("id", "index", *SPLIT_COLUMNS)]
    if len(others) != 1 or columns[others[0]].dtype.kind not in "biuOU":
        return []
    values = columns[others[0]]
    return others if len(np.unique(values)) <= max(2, len(values) // 2) else []


def split_of(text: str) -> str:
    """The split that a value names, "" where it names none."""
    return next((s for s, words in SPLITS.items() if re.search(words, text.lower())), "")
