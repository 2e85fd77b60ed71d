"""What every reader of files hands over: picture files, or splits of arrays."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np


def natural_key(text: str) -> list:
    """Sorts "class 2" before "class 10", and without regard to case."""
    parts = [(p, p.lstrip("0")) for p in re.split(r"(\d+)", text.casefold()) if p]
    return [(0, len(n), n) if p.isdecimal() else (1, 0, p) for p, n in parts] + [(2, 0, text)]


@dataclass(frozen=True)
class SourceFile:
    """A file that is not read yet. `path` is relative to its source, with "/"; `read(count=n)`
    gives its first n bytes, `read()` all of them. `split` is "train", "val", "test" or "" where
    none is given, `label` the name of its class or None, `columns` what else is known of it."""

    path: str
    read: Callable[..., bytes]
    split: str = ""
    label: str | None = None
    columns: Mapping[str, object] = field(default_factory=dict)
    location: Path | None = None  # on this machine, of a file that is not inside another

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Skipped(NamedTuple):
    """A file that holds no image of the data set, and why."""

    path: str
    reason: str


class ArraySplit(NamedTuple):
    """`images` of any numeric type [N, C, H, W], C from 1 to 4 (grey, grey and alpha, RGB, RGBA),
    `labels` [N] of whole numbers or of strings, None without, further `columns` [N], and the
    `names` of the images [N], () without."""

    images: np.ndarray
    labels: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = {}
    names: tuple[str, ...] = ()


class ArraySplits(NamedTuple):
    """The splits of a file of arrays by their names, "train", "val" and "test", or "" for a file
    without splits; the names of the classes by number, () where they are not known; and `notes`
    on what was left out."""

    splits: Mapping[str, ArraySplit]
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
