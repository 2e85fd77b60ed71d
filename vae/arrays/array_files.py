"""Reads any file of arrays or table, and those of a folder or an archive without pictures."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, untrusted
from . import idx, kinds, matlab_hdf5, numpy_files, pixel_tables, table_columns, torchvision_sets
from .kinds import kind_of
from .pixel_tables import NoImages
from .tables import PACKED, open_file

Found = ArraySplits | list[SourceFile]
HEAD = 4096  # bytes from which the kind of a file is known
_READABLE = {"npz", "npy", "parquet", "hdf5", "mat", "idx", "csv", "json", "gzip", "torch"}
_SPLITS = {
    "train": r"train(?:ing)?",
    "test": r"t10k|test(?:ing)?",
    "val": r"valid(?:ation)?|val|dev",
}
_SHARD = re.compile(r"[-_.]?\d{3,5}[-_]of[-_]\d{3,5}(-[0-9a-f]{16})?")


def kind(file: SourceFile) -> str:
    """`kinds.kind_of` of a file."""
    return kind_of(file.read(count=HEAD), file.name)


def read(file: SourceFile, siblings: Sequence[SourceFile] = ()) -> Found:
    """What one file holds: arrays of images, or picture files in a table. Files beside it that
    belong to it by their names are read as well: y_train.npy beside x_train.npy, and
    digits_test.csv beside digits_train.csv, shards of one data set. Raises `DataError`."""
    found_kind = kind(file)
    if found_kind == "idx":
        return idx.read(file, siblings)
    if found_kind in ("npy", "mat", "hdf5", "parquet") and file.read(count=6)[:2] in PACKED:
        with open_file(file) as stream:
            content = stream.read()
        file = SourceFile(
            file.path.rsplit(".", 1)[0], lambda count=-1: content if count < 0 else content[:count]
        )
    if found_kind not in _READABLE:
        raise DataError(kinds.refusal(found_kind, file.name))
    if found_kind in ("npy", "npz") and numpy_files.is_single(file):
        return numpy_files.read(file, siblings)
    found_partners = partners(file, siblings)
    if not found_partners:
        return _read(file, found_kind)
    return _merged([(file, _split(file)), *((p, _split(p)) for p in found_partners)])


def read_all(files: Sequence[SourceFile]) -> Found | None:
    """What the files of a folder or an archive hold, None if there is no array or table among
    them. Raises `DataError`."""
    by_kind: dict[str, list[SourceFile]] = {}
    for file in files:
        if not re.search(r"(^|/)(\.|__MACOSX)", file.path):
            by_kind.setdefault(kind(file), []).append(file)
    if "idx" in by_kind:
        return idx.read_all(by_kind["idx"])
    single = [*by_kind.get("npy", ()), *by_kind.get("npz", ())]
    if single and all(map(numpy_files.is_single, single)):
        return _with_labels(numpy_files.read_classes(single), by_kind.get("csv", ()))
    refused: DataError | None = None
    for each in ("npz", "npy", "parquet", "hdf5", "mat", "torch", "csv", "json", "gzip"):
        members = [f for f in by_kind.get(each, ()) if each != "csv" or _is_table(f)]
        if not members:
            continue
        try:
            found = _merged([(f, _split(f) or _folder_split(f)) for f in members])
            tables = [] if each == "csv" else by_kind.get("csv", [])
            return _with_labels(found, [file for file in tables if _is_table(file)])
        except DataError as error:  # as a table of labels beside the arrays
            refused = refused or error
    if refused is not None:
        raise refused
    for each in ("pickle", "unknown"):
        if found := [
            f for f in by_kind.get(each, ()) if each == "pickle" or kinds.is_cifar(f.path)
        ]:
            raise DataError(kinds.refusal(each, found[0].path))
    return None


def _with_labels(found: Found, tables: Sequence[SourceFile]) -> Found:
    """Arrays without labels with those of a table beside them that has as many rows."""
    if not isinstance(found, ArraySplits):
        return found
    splits = dict(found.splits)
    for table in tables:
        split = _split(table) if len(splits) > 1 else next(iter(splits))
        part = splits.get(split)
        if part is None or part.labels is not None:
            continue
        with suppress(DataError):
            labels, columns = table_columns.read_labels(table)
            rows = len(next(iter(columns.values()), labels if labels is not None else ()))
            if rows == len(part.images):
                splits[split] = ArraySplit(part.images, labels, {**columns, **part.columns})
    return found._replace(splits=splits)


def _is_table(file: SourceFile) -> bool:
    """Whether text is a table, and no README or program."""
    name = file.name.lower().removesuffix(".gz")
    return name.endswith((".csv", ".tsv", ".tab", ".data", ".dat")) or "." not in name


def _read(file: SourceFile, found_kind: str) -> Found:
    with untrusted(file.name, "cannot be read", "save it again"):
        return _read_kind(file, found_kind)


def _read_kind(file: SourceFile, found_kind: str) -> Found:
    if found_kind in ("npz", "npy"):
        return numpy_files.read(file)
    if found_kind in ("mat", "hdf5"):
        return matlab_hdf5.read(file)
    if found_kind == "torch":
        return torchvision_sets.read_tensors(file)
    if found_kind == "gzip":
        raise DataError(f"{file.name} is compressed and of no known kind inside; unpack it")
    return pixel_tables.read(file)


def _merged(files: Sequence[tuple[SourceFile, str]]) -> Found:
    """One data set of several files: those of one split are joined."""
    families: dict[str, set[str]] = {}
    for file, split in files:
        families.setdefault(_plain(file), set()).add(split)
    if len(families) > 1 and any(len(splits) > 1 for splits in families.values()):
        families = {f: s for f, s in families.items() if len(s) > 1}
        if len(families) > 1:
            names = ", ".join(sorted({f.name for f, _ in files}))
            raise DataError(f"{names:.200} are several data sets; give the files of one of them")
    arrays: dict[str, list[ArraySplit]] = {}
    pictures: list[SourceFile] = []
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    none: NoImages | None = None
    for file, split in sorted(files, key=lambda pair: pair[0].path):
        try:
            found = _read(file, kind(file))
        except NoImages as error:  # as a table of labels beside those of pixels
            none = none or error
            continue
        if isinstance(found, list):
            pictures += [replace(picture, split=split or picture.split) for picture in found]
            continue
        class_names = class_names or found.class_names
        notes += found.notes
        for name, part in found.splits.items():
            arrays.setdefault(name or split, []).append(part)
    if none is not None and not (pictures or arrays):
        raise none
    if pictures and arrays:
        raise DataError(
            f"{files[0][0].name} and others hold arrays and pictures; give one of them"
        )
    if pictures:
        return pictures
    if len(arrays) > 1 and "" in arrays:
        arrays.setdefault("train", []).extend(arrays.pop(""))
    splits = {split: _joined(parts) for split, parts in arrays.items()}
    return ArraySplits(splits, class_names, notes)


def _joined(parts: list[ArraySplit]) -> ArraySplit:
    if len(parts) == 1:
        return parts[0]
    shapes = sorted({part.images.shape[1:] for part in parts})
    if len(shapes) > 1:
        raise DataError(f"the files hold images of shapes {shapes!s:.100}; give one of them")
    labelled = all(part.labels is not None for part in parts)
    names = set.intersection(*(set(part.columns) for part in parts))
    return ArraySplit(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]) if labelled else None,
        {name: np.concatenate([part.columns[name] for part in parts]) for name in names},
    )


def _split(file: SourceFile) -> str:
    """The split that the name of a file says, "" without one."""
    words = (rf"(?<![a-z])(?:{pattern})(?![a-z])" for pattern in _SPLITS.values())
    found = zip(_SPLITS, words, strict=True)
    return next((s for s, word in found if re.search(word, file.name.lower())), "")


def _folder_split(file: SourceFile) -> str:
    folders = os.path.dirname(file.path).lower().split("/")
    exact = ((s, rf"(?:{pattern})") for s, pattern in _SPLITS.items())
    return next((s for s, word in exact for f in folders if re.fullmatch(word, f)), "")


def partners(file: SourceFile, siblings: Sequence[SourceFile]) -> list[SourceFile]:
    """The files of the same kind whose names differ in the split or in the number of a shard."""
    if not _split(file) and not _SHARD.search(file.name):
        return []
    same = [s for s in siblings if s.path != file.path and _plain(s) == _plain(file)]
    return [s for s in same if kind(s) == kind(file)]


def _plain(file: SourceFile) -> str:
    """A path without the split and the number of a shard."""
    words = "|".join(_SPLITS.values())
    plain = re.sub(rf"(?<![a-z])(?:{words})(?![a-z])", "*", file.path.lower())
    return _SHARD.sub("", plain)
