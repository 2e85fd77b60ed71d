"""A column of a data set as the colours of a map: categories, or numbers on a scale.

Every item is of one kind, and a legend lists the kinds: the categories, or bins of equal width on
the scale; after these the values that have no category of their own, and those that are missing.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..formats.sources import natural_key

MAX_CATEGORIES = 20  # of a legend
BINS = 64  # of a scale
_FEW = 10  # whole numbers with at most so many different values are categories
MAX_NAME = 200  # characters of the name of a column
_MAX_COLUMNS = 50  # that a map may be coloured by
_MAX_VALUES = 2_000_000  # of a data set that are looked at for it, which takes seconds
OTHER, MISSING = "other values", "no value"
_CODE = re.compile(r"0\d+")  # digits that are a name, as "007"


class Column(NamedTuple):
    """`kinds` uint8 [N] of the items and the `names` of the kinds, the first `own` of which are
    categories or bins; the `values` [N], texts or numbers; the `ends` of a scale as texts, None
    for categories."""

    kinds: np.ndarray
    names: tuple[str, ...]
    own: int
    values: np.ndarray
    ends: tuple[str, str] | None = None

    def take(self, rows: np.ndarray) -> "Column":
        """That of some items."""
        return self._replace(kinds=self.kinds[rows], values=self.values[rows])

    def texts(self) -> list[str]:
        """The values in words, "" where they are missing."""
        return [_text(value) for value in self.values.tolist()]


def colourings(columns: Mapping[str, np.ndarray]) -> dict[str, Column]:
    """Those of the columns [N] of a data set, by name, that a map may be coloured by."""
    names = [name for name in columns if 0 < len(name) <= MAX_NAME]
    rows = max(map(len, columns.values()), default=1)
    likely = names[: _MAX_VALUES // max(1, rows)]
    found = ((name, colouring(columns[name])) for name in likely)
    return dict(islice(((name, column) for name, column in found if column), _MAX_COLUMNS))


def colouring(values: np.ndarray) -> Column | None:
    """The colours of a column [N] of numbers or texts. None where they would show nothing: all
    values are the same, or all are different texts.

    Texts that are all numbers or all dates are on a scale, but few different whole numbers are
    categories. Of more than `MAX_CATEGORIES` texts the most frequent have a kind each.
    """
    if values.ndim != 1 or values.dtype.kind not in "biufUO":
        return None
    if values.dtype.kind in "iuf":
        numbers = np.where(np.isfinite(values), values, np.nan).astype(float)
        if not _are_few(numbers):
            return _scale(numbers, values)
    values = values.astype(str) if values.dtype.kind == "O" else values
    distinct, index = np.unique(values, return_inverse=True)
    texts = np.array([_text(value) for value in distinct.tolist()], str)
    if values.dtype.kind == "U":
        if (numbers := _numbers(texts)) is not None and not _are_few(numbers):
            return _scale(numbers[index], numbers[index])
        if numbers is None and (dates := _dates(texts)) is not None:
            return _scale(dates[index], values)
    names, merged = np.unique(texts, return_inverse=True)
    return _categories(names, merged[index], values)


def _text(value: object) -> str:
    """A value in words, numbers with six digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if not np.isfinite(value):
            return ""
        whole = value == int(value) and abs(value) < 1e15
        return str(int(value)) if whole else f"{value:.6g}"
    text = str(value).strip()
    return "" if text in ("nan", "None") else text


def _categories(names: np.ndarray, index: np.ndarray, values: np.ndarray) -> Column | None:
    """Of values that have `names[index]`, "" where there is none."""
    counts = np.bincount(index, minlength=len(names))
    known = [k for k in range(len(names)) if names[k]]
    if len(names) < 2 or not known or counts[known].max() == 1:
        return None
    if len(known) > MAX_CATEGORIES:
        known = sorted(known, key=lambda k: -counts[k])[: MAX_CATEGORIES - 1]
    known.sort(key=lambda k: natural_key(names[k]))
    missing = "" in names
    others = len(known) + missing < len(names)
    kind_of = np.where(names == "", len(known) + others, len(known))
    kind_of[known] = np.arange(len(known))
    own = tuple(str(names[k]) for k in known)
    more = (OTHER,) * others + (MISSING,) * missing
    return Column(kind_of.astype(np.uint8)[index], own + more, len(own), values)


def _scale(numbers: np.ndarray, values: np.ndarray) -> Column | None:
    """Of values as numbers [N], NaN where there is none."""
    known = ~np.isnan(numbers)
    low, high = (numbers[known].min(), numbers[known].max()) if known.any() else (0, 0)
    if low == high:
        return None
    share = np.where(known, (numbers / 2 - low / 2) / (high / 2 - low / 2), 0)  # never infinite
    kinds = np.where(known, np.minimum(share * BINS, BINS - 1), BINS).astype(np.uint8)
    first, last = (values[at].item() for at in (np.nanargmin(numbers), np.nanargmax(numbers)))
    names = ("",) * BINS + (MISSING,) * (not known.all())
    return Column(kinds, names, BINS, values, (_text(first), _text(last)))


def _are_few(numbers: np.ndarray) -> bool:
    known = np.unique(numbers[~np.isnan(numbers)])
    return len(known) <= _FEW and bool((known % 1 == 0).all())


def _numbers(texts: np.ndarray) -> np.ndarray | None:
    """Texts as numbers [N], NaN where they are empty; None where one is no number."""
    if any(_CODE.fullmatch(text) for text in texts.tolist()):
        return None
    try:
        found = pd.to_numeric(pd.Series(texts).replace("", np.nan)).to_numpy(float)
    except (ValueError, TypeError):
        return None
    return np.where(np.isfinite(found), found, np.nan)


def _dates(texts: np.ndarray) -> np.ndarray | None:
    """Dates and times in the order of ISO 8601 as seconds [N], NaN where there is none; None where
    a text is none."""
    if not all(re.match(r"\d{4}-\d\d|$", text) for text in texts.tolist()):
        return None
    try:
        found = pd.to_datetime(pd.Series(texts).replace("", None), format="ISO8601", utc=True)
    except (ValueError, TypeError):
        return None
    return (found - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(float)
