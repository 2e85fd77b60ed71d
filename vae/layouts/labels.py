"""Labels of any kind as numbers from 0, with the names of the classes."""

from collections.abc import Sequence

import numpy as np

from ..formats.sources import natural_key
from ..formats.untrusted import DataError


def number(
    name: str, splits: Sequence[np.ndarray | None], class_names: Sequence[str] = ()
) -> tuple[list[np.ndarray | None], tuple[str, ...]]:
    """The labels of each split as int64 [N], and the names of the classes in natural order.

    Whole numbers that are no numbers of `class_names`, and not 0 to K - 1, become names. A split
    without labels stays None. Raises `DataError` for numbers that are not whole.
    """
    given = [labels for labels in splits if labels is not None]
    if not given:
        return list(splits), (name,)
    if any(labels.dtype.kind in "USO" for labels in given):
        texts = [None if s is None else s.astype(str) for s in splits]
        names = class_names if class_names and _known(texts, class_names) else ()
        names = names or sorted({t for s in texts if s is not None for t in s}, key=natural_key)
        names = tuple(map(str, names))
        numbers = {text: index for index, text in enumerate(names)}
        found = [None if s is None else np.array([numbers[t] for t in s], int) for s in texts]
        return [None if f is None else f.astype(np.int64) for f in found], tuple(names)
    values = np.unique(np.concatenate(given))
    if not np.isfinite(values).all() or not np.array_equal(values, values.astype(np.int64)):
        raise DataError(
            f"{name} has labels from {values.min()} to {values.max()}; expected whole numbers or "
            "names of classes"
        )
    values = values.astype(np.int64)
    names = tuple(map(str, class_names))
    if not (names and values[0] >= 0 and values[-1] < len(names)):
        names = tuple(map(str, values))
        splits = [None if s is None else np.searchsorted(values, s) for s in splits]
    return [None if s is None else s.astype(np.int64) for s in splits], names


def _known(texts: Sequence[np.ndarray | None], names: Sequence[str]) -> bool:
    return all(set(s.tolist()) <= set(names) for s in texts if s is not None)
