"""Splits and classes of picture files, as their folders and names tell them.

From the top: folders that hold everything are wrappers; folders that are all named as splits are
splits, above the classes or below them; the next folder is the class; without any folder the
beginning of the name is, where names are made so. Pictures beside class folders are left out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from ..formats.sources import Skipped, SourceFile
from . import leftovers, name_labels
from .leftovers import IMAGE_WORDS, names, words
from .split_names import names_a_split, split_and_rest, split_of

# Beside folders of splits; none of them is a class.
_NO_CLASSES = names(
    "pred preds predict prediction predictions unlabeled unlabelled extra extras submission "
    "submissions inference demo query gallery unsup unsupervised"
)
_SAMPLES = names("sample samples mini subset tiny")  # of a split that is there as a whole
_PARTS = {"part", "parts", "batch", "chunk", "shard", "archive", "vol", "volume"} | IMAGE_WORDS
_VERSIONS = {"color": 0, "colour": 0, "colored": 0, "coloured": 0, "rgb": 0, "original": 0,
             "originals": 0, "grayscale": 1, "greyscale": 1, "gray": 1, "grey": 1, "bw": 1,
             "segmented": 2, "edges": 2}  # fmt: skip


class _Entry(NamedTuple):
    file: SourceFile
    folders: tuple[str, ...]  # that are not understood yet


def arrange(name: str, files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Skipped]]:
    """The picture files of a data set with their splits and labels, and the other files.

    `split` is "train", "val" or "test", or "" for all without such folders; `label` None for all
    without classes, or for those of a split without them. Paths and the order stay.
    """
    del name
    pictures, skipped = leftovers.drop(files)
    pictures = _without_twins(pictures, skipped)
    entries = _unwrap([_Entry(f, tuple(f.path.split("/")[:-1])) for f in pictures], skipped)
    groups = _splits_above(entries, skipped)
    groups = _unwrap_each(groups, skipped) or _splits_below(entries) or {"": entries}
    found = {f.path: f for split, group in groups.items() for f in _labelled(split, group)}
    if all(file.label is None for file in found.values()):
        found = {file.path: file for file in _named(list(found.values()))}
    else:
        found |= {file.path: file for file in _named_as_folders(list(found.values()))}
    return [found[f.path] for f in pictures if f.path in found], skipped


def name_only_class(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Files without labels that all lie in folders of one name, with this name as their class, if
    it is neither that of a split nor one such as "images"."""
    folders = {(file.path.split("/")[:-1] or [""])[-1] for file in files}
    name = next(iter(folders), "")
    found = set(words(name))
    plain = not name or split_of(name) or (found and found <= IMAGE_WORDS | _PARTS)
    if len(folders) > 1 or plain or any(file.label is not None for file in files):
        return list(files)
    return [replace(file, label=name) for file in files]


def _tops(entries: Iterable[_Entry]) -> Counter[str]:
    return Counter(e.folders[0] for e in entries if e.folders)


def _below(entries: Iterable[_Entry]) -> dict[str, set[str]]:
    """The folders in each top folder."""
    below: dict[str, set[str]] = {}
    for _, (top, *folders) in entries:
        below.setdefault(top, set()).update(folders[:1])
    return below


def _inside(entries: Iterable[_Entry]) -> list[_Entry]:
    """The entries one level down."""
    return [_Entry(e.file, e.folders[1:]) for e in entries]


def _without(
    entries: list[_Entry], tops: set[str], reason: str, skipped: list[Skipped]
) -> list[_Entry]:
    skipped += [Skipped(e.file.path, reason) for e in entries if e.folders[0] in tops]
    return [e for e in entries if e.folders[0] not in tops]


def _unwrap(entries: list[_Entry], skipped: list[Skipped]) -> list[_Entry]:
    """The entries below the folders that hold everything."""
    while True:
        entries = _settle_strays(entries, skipped)
        tops = _tops(entries)
        if len(tops) > 1:
            if _are_parts(tops):
                entries = _inside(entries)
                continue
            below = _below(entries)
            copies, versions, more = (
                _copies(below),
                _other_versions(below),
                _beside_splits(entries),
            )
            if copies or versions or more:
                reason = (
                    "in a copy of the folders" if copies
                    else "another version of a picture" if versions
                    else "beside the folders of the splits"
                )  # fmt: skip
                entries = _without(entries, copies or versions or more, reason, skipped)
                continue
        if len(tops) != 1:
            return entries
        entries = _inside(entries)


def _settle_strays(entries: list[_Entry], skipped: list[Skipped]) -> list[_Entry]:
    """Leaves out the pictures beside folders, unless most lie there: then no folder counts."""
    strays = [e for e in entries if not e.folders]
    if not strays or len(strays) == len(entries):
        return entries
    if len(strays) * 2 > len(entries):
        return [_Entry(e.file, ()) for e in entries]
    skipped += [Skipped(e.file.path, "beside the class folders") for e in strays]
    return [e for e in entries if e.folders]


def _are_parts(tops: Iterable[str]) -> bool:
    """Whether folders are numbered parts of one, as "images_part_1" and "images_part_2"."""
    plain = {re.sub(r"\d+", "", top).casefold().strip(" _-.") for top in tops}
    last = words(next(iter(plain)))[-1:]
    return len(plain) == 1 and bool(last) and last[0] in _PARTS


def _copies(below: dict[str, set[str]]) -> set[str]:
    """Folders that hold folders of the same names as two or more beside them."""
    tops = {top.casefold() for top in below}
    found = {top for top, inner in below.items() if len(inner) >= len(tops) - 1 > 1}
    return {t for t in found if tops - {t.casefold()} <= {i.casefold() for i in below[t]}}


def _beside_splits(entries: list[_Entry]) -> set[str]:
    """Folders beside the only one that holds folders of splits, as "figures" beside "data"."""
    inside: dict[str, list[_Entry]] = {}
    for file, (top, *folders) in entries:
        inside.setdefault(top, []).append(_Entry(file, tuple(folders)))
    whole = set()
    for top, inner in inside.items():
        while len(below := set(_tops(inner))) == 1:
            inner = _inside(e for e in inner if e.folders)
        splits = {split_of(name) for name in below} if len(below) < 9 else set()
        if "train" in splits and len(splits - {""}) > 1:
            whole.add(top)
    return set(inside) - whole if len(whole) == 1 else set()


def _other_versions(below: dict[str, set[str]]) -> set[str]:
    """Of folders with the same classes in colour, in grey or cut out: all but the first kind."""
    kinds = {top: _VERSIONS.get((words(top) or [""])[-1]) for top in below}
    first, *others = below.values()
    if None in kinds.values() or len(first) < 2 or any(other != first for other in others):
        return set()
    best = min(kinds, key=lambda top: kinds[top])
    return set(kinds) - {best}


def _splits_above(entries: list[_Entry], skipped: list[Skipped]) -> dict[str, list[_Entry]]:
    """The entries below each folder of a split; empty if the top folders are no splits."""
    tops = _tops(entries)
    found = {top: split_of(top) for top in tops}
    if training := _is_for_training(entries, found):
        found[training] = "train"
    splits = set(found.values()) - {""}
    others = {top for top, split in found.items() if not split}
    known = set(tops) - others
    bare = all(names_a_split(top) for top in known)
    if len(splits) < 2 or not ("train" in splits or bare):
        return {}
    below = _below(entries) if others else {}
    has_classes = any(len(below[top]) > 1 for top in below if found[top] == "train")
    if others and not (has_classes or all(_NO_CLASSES & set(words(top)) for top in others)):
        return {}
    entries = _without(entries, others, "beside the folders of the splits", skipped)
    samples = _samples(known)
    entries = _without(entries, samples, "a sample of the folder beside", skipped)
    known -= samples
    classes = _classes_in_splits(known)
    groups: dict[str, list[_Entry]] = {split: [] for split in sorted(splits)}
    for file, (top, *folders) in entries:
        label = (split_and_rest(top)[1],) if classes else ()
        groups[found[top]].append(_Entry(file, (*label, *folders)))
    return groups


def _is_for_training(entries: list[_Entry], found: dict[str, str]) -> str:
    """The folder that must be that of the training, "" without: "rps" beside "rps-test-set", where
    both hold the same classes."""
    others = [top for top, split in found.items() if not split]
    if len(others) != 1 or len(found) == 1 or "train" in found.values():
        return ""
    below = _below(entries)
    classes = below[others[0]]
    same = (below[top] - {top} <= classes for top in found)
    return others[0] if len(classes) > 1 and all(same) else ""


def _samples(tops: set[str]) -> set[str]:
    """Folders such as "trainingSample" beside "trainingSet", which holds the same pictures."""
    found = {top for top in tops if _SAMPLES & set(words(split_and_rest(top)[1]))}
    whole = {split_of(top) for top in tops - found}
    return {top for top in found if split_of(top) in whole}


def _classes_in_splits(tops: Iterable[str]) -> bool:
    """Whether names of splits hold the classes: "cat_train", "dog_train", "cat_test" ..."""
    rests: dict[str, set[str]] = {}
    for top in tops:
        split, rest = split_and_rest(top)
        rests.setdefault(split, set()).add(rest)
    first, *more = rests.values()
    return len(first) > 1 and "" not in first and all(rest == first for rest in more)


def _unwrap_each(
    groups: dict[str, list[_Entry]], skipped: list[Skipped]
) -> dict[str, list[_Entry]]:
    """Takes away the folders inside splits that are no classes: "train/train", "test/images", one
    that all splits have, and the only one of a split beside others with classes."""
    while True:
        groups = {split: _settle_strays(group, skipped) for split, group in groups.items()}
        for split, group in groups.items():
            if group and group[0].folders and (copies := _copies(_below(group))):
                groups[split] = _without(group, copies, "in a copy of the folders", skipped)
        tops = {split: set(_tops(group)) for split, group in groups.items()}
        classes = set().union(*tops.values())
        wrapped = set()
        for split, own in tops.items():
            if len(own) != 1:
                continue
            (only,) = own
            others = set().union(*(n for s, n in tops.items() if s != split))
            no_class = split_of(only) == split or set(words(only)) & IMAGE_WORDS
            unknown = split != "train" and len(others) > 1 and only not in others
            if no_class or unknown or len(classes) == 1:
                wrapped.add(split)
        if not wrapped:
            return groups
        groups = {s: _inside(g) if s in wrapped else g for s, g in groups.items()}


def _splits_below(entries: list[_Entry]) -> dict[str, list[_Entry]]:
    """The entries of each split where its folders lie inside those of the classes."""
    groups: dict[str, list[_Entry]] = {}
    for file, folders in entries:
        split = split_of(folders[1]) if len(folders) > 1 else ""
        if not split:
            return {}
        groups.setdefault(split, []).append(_Entry(file, (folders[0], *folders[2:])))
    return groups if len(groups) > 1 else {}


def _labelled(split: str, entries: list[_Entry]) -> list[SourceFile]:
    return [replace(e.file, split=split, label=(*e.folders, None)[0]) for e in entries]


def _named(files: list[SourceFile]) -> list[SourceFile]:
    """Files without folders of classes, with those in their names; in splits with those of the
    training names."""
    training = [file for file in files if file.split in ("", "train")] or files
    classes = {label for label in name_labels.read_labels([f.name for f in training]) if label}
    labels = name_labels.read_known([file.name for file in files], classes)
    return [replace(file, label=label) for file, label in zip(files, labels, strict=True)]


def _named_as_folders(files: list[SourceFile]) -> list[SourceFile]:
    """Those of `files` without a label, in a split without folders, whose names begin with the
    names of classes: "A_test.jpg" beside folders "A", "B" ..."""
    classes = {file.label for file in files if file.label}
    missing = [file for file in files if file.label is None]
    labels = name_labels.read_beginnings([file.name for file in missing], classes)
    return [replace(file, label=label) for file, label in zip(missing, labels, strict=True)]


def _without_twins(files: list[SourceFile], skipped: list[Skipped]) -> list[SourceFile]:
    """Without the pictures of splits that are there twice, in "Train" and in "train"."""

    @cache
    def plain(folders: str) -> str:
        return "/".join(f.casefold() if split_of(f) else f for f in folders.split("/"))

    kept: dict[tuple[str, str], SourceFile] = {}
    for file in files:
        key = plain(file.path.rpartition("/")[0]), file.name
        if kept.setdefault(key, file) is not file:
            skipped.append(Skipped(file.path, "in a copy of the folders"))
    return list(kept.values())
