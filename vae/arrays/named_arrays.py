"""Arrays of a file by their names: which are the images, which the labels, and of which split."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits
from ..formats.untrusted import DataError
from .image_arrays import as_images, is_flat

MAX_LABELS = 1000  # columns of one-hot labels
_SPLITS = {
    "train": ("training", "train", "trn", "tr"),
    "val": ("validation", "valid", "val", "dev"),
    "test": ("testing", "test", "tst", "te", "t10k"),
}
_IMAGES = (
    *(
        "images",
        "image",
        "imgs",
        "img",
        "x",
        "xs",
        "pixels",
        "pictures",
        "photos",
        "data",
        "inputs",
    ),
    *("samples", "faces", "frames", "digits", "features", "feature", "fea", "ff", "arr 0"),
)
_LABELS = (
    *("labels", "label", "y", "ys", "targets", "target", "fine labels", "fine label", "class ids"),
    *("class id", "class", "classes", "categories", "category", "gnd", "gt", "ids", "t", "arr 1"),
    *("emotion", "digit", "letter"),
)
_NAMES = (
    *("class names", "classes", "label names", "target names", "labels names", "names"),
    *("categories", "fine label names", "class name", "label name", "list classes"),
)
PARTS = frozenset(("images", "imgs", "x", "data", "labels", "y", "target", "targets"))
_FACTORS = {  # of data sets whose file does not name them
    ("latents values", 6): ("colour", "shape", "scale", "orientation", "x", "y"),
    ("latents classes", 6): tuple(
        f"{n} class" for n in ("colour", "shape", "scale", "turn", "x", "y")
    ),
    ("labels", 6): ("floor hue", "wall hue", "object hue", "scale", "shape", "orientation"),
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


class Stored(NamedTuple):
    """An array in a file that is not read yet."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]


def stored(array: np.ndarray) -> Stored:
    """An array that is read already."""
    return Stored(array.shape, array.dtype, lambda: array)


class _Key(NamedTuple):
    key: str
    split: str
    role: str  # what remains of the key without the split


def as_splits(
    name: str, arrays: Mapping[str, Stored], *, matlab: bool = False, by_columns: bool = False
) -> ArraySplits:
    """The splits that arrays make up by their names, shapes and types, as `x_train` and `y_train`,
    `test_images` and `test_labels`, or `X` and `y`. Arrays that are neither images nor labels and
    have one value for each image become columns. Raises `DataError`."""
    arrays = {k: a for k, a in arrays.items() if a.dtype.kind in "biufSU" and a.shape}
    arrays = _named(arrays)
    keys = [parse(key) for key in arrays]
    if len({k.split for k in keys}) == 2 and all(bool(k.split) == (not k.role) for k in keys):
        keys = [_Key(k.key, "", k.role or k.split) for k in keys]  # a class of trains among others
    class_names, named_by = _class_names(arrays, keys)
    groups: dict[str, list[_Key]] = {}
    for key in keys:
        if key.key != named_by:
            groups.setdefault(key.split, []).append(key)
    splits = {}
    for split, group in groups.items():
        images = _find_images(arrays, group, matlab)
        if images is not None:
            splits[split] = _split(name, arrays, group, images, matlab, by_columns)
    if not splits:
        return _one_per_class(name, arrays, keys, matlab, by_columns)
    if len(splits) > 1:
        splits.pop("", None)  # of no split beside splits, as a whole set or a mean image
    return ArraySplits(splits, class_names)


def _named(arrays: Mapping[str, Stored]) -> Mapping[str, Stored]:
    """Four arrays without names, as numpy.savez numbers them, named by their shapes."""
    images = [a for a in arrays.values() if len(a.shape) > 1 and np.prod(a.shape[1:]) > 15]
    labels = [a for a in arrays.values() if len(a.shape) == 1 or np.prod(a.shape[1:]) < 16]
    if not (len(images) == len(labels) == 2 and all(re.match(r"arr_\d", k) for k in arrays)):
        return arrays
    images.sort(key=lambda a: -a.shape[0])
    labels.sort(key=lambda a: -a.shape[0])
    return dict(zip(("x_train", "x_test", "y_train", "y_test"), images + labels, strict=True))


def parse(key: str) -> _Key:
    """The split and the role that a name says, "" where it says none."""
    words = [w.lower() for w in _CAMEL.split(key.removesuffix(".npy")) if w]
    words = [w for w in words if w not in ("dataset", "idx", "array")]
    for split, spellings in _SPLITS.items():
        for spelling in spellings:
            if spelling in words:
                words.remove(spelling)
                return _Key(key, split, " ".join(words))
        for position, word in enumerate(words):
            for spelling in (s for s in spellings if len(s) > 2):
                rest = word.removeprefix(spelling).removesuffix(spelling)
                if rest != word and (rest in _IMAGES or rest in _LABELS or rest.isdecimal()):
                    words[position] = rest
                    return _Key(key, split, " ".join(words))
    return _Key(key, "", " ".join(words))


def _rank(role: str, roles: tuple[str, ...]) -> int:
    """How well a role fits, 0 best: the whole of it, else its last or its first word."""
    if role in roles:
        return roles.index(role)
    words = role.split() or [""]
    for penalty, word in ((100, words[-1]), (200, words[0])):
        if word in roles:
            return penalty + roles.index(word)
    return 10_000


def _class_names(arrays, keys: list[_Key]) -> tuple[tuple[str, ...], str]:
    """The texts that name the classes, and the key of their array."""
    lengths = {a.shape[0] for a in arrays.values() if len(a.shape) > 1 and a.shape[0] > 1}
    for wanted in _NAMES:
        for key, _, role in keys:
            array = arrays[key]
            if role == wanted and array.dtype.kind in "SU" and len(array.shape) == 1:
                names = texts(array.read())
                sure = wanted.endswith(" names") or len(names) not in lengths
                if len(set(names.tolist())) == len(names) and sure:
                    return tuple(names.tolist()), key
    return (), ""


def _find_images(arrays, group: list[_Key], matlab: bool) -> str | None:
    def can_be(shape: tuple[int, ...], named: bool) -> bool:
        if len(shape) == 2:
            return (is_flat(shape) or (matlab and is_flat(shape[::-1]))) and max(shape) > 1
        return len(shape) in (3, 4) or (named and len(shape) > 4)

    found = []
    for key, _, role in group:
        shape, rank = arrays[key].shape, _rank(role, _IMAGES)
        if role == "":  # only the split, as train.npy
            rank = 50
        if arrays[key].dtype.kind not in "biuf" or _rank(role, _LABELS) < 100:
            continue
        named = rank < 10_000
        if (named and len(shape) > 1) or can_be(shape, named):
            found.append((not can_be(shape, named), rank, -np.prod(shape), key))
    known = [entry for entry in found if entry[1] < 10_000]
    others = [entry for entry in found if entry[1] >= 10_000]
    if not known and len(others) > 1 and len({arrays[e[3]].shape[1:] for e in others}) == 1:
        return None  # one for each class
    return min(known or others)[3] if found else None


def _split(name, arrays, group, images_key, matlab, by_columns) -> ArraySplit:
    shape = arrays[images_key].shape
    labels_key, count = _find_labels(arrays, group, images_key, shape, matlab)
    images = as_images(
        f"{images_key:.99} in {name}", arrays[images_key].read(), count=count, matlab=matlab,
        by_columns=by_columns,
    )  # fmt: skip
    total = len(images)
    labels, columns = None, {}
    for key, split, role in group:
        array = arrays[key]
        if key == images_key or total not in array.shape or len(array.shape) > 2:
            if key == labels_key:
                found = max(array.shape) if min(array.shape, default=0) == 1 else array.shape[0]
                raise DataError(
                    f"{name} has {found:,} {key:.60} for {total:,} images; expected one each"
                )
            continue
        flat = len(array.shape) == 2 and array.shape[1] == images[0].size  # as images once more
        if flat or min(array.shape[1:], default=0) > MAX_LABELS:
            continue
        values = array.read()
        values = values.T if values.ndim == 2 and len(values) != total else values
        if key == labels_key:
            labels, more = as_labels(values)
            if labels is None and not more:
                more = {role: values}
        else:
            more = {}
        if key != labels_key or labels is None:
            more = _columns(role if split else key, role, values, arrays)
        columns |= more
    return ArraySplit(images, labels, columns)


def _find_labels(arrays, group, images_key, shape, matlab) -> tuple[str | None, int | None]:
    """The key of the labels, and the number of images, if they tell it."""
    ends = {shape[0], shape[-1]} if matlab or len(shape) < 4 else {shape[0]}
    named, others = [], []
    for key, _, role in group:
        array = arrays[key]
        if key == images_key or len(array.shape) > 2 or not array.shape:
            continue
        flat = len(array.shape) == 1 or 1 in array.shape
        lengths = {max(array.shape)} if flat else {array.shape[0]}
        fits = bool(ends & lengths)
        rank = _rank(role, _LABELS)
        if rank < 10_000:
            named.append((not fits, rank, not flat, key, max(lengths)))
        elif fits and flat and array.dtype.kind in "biuSU":
            others.append((key, max(lengths)))
    if named:
        wrong, rank, _, key, count = min(named)
        if not wrong:
            return key, count
        return (key, None) if rank < 4 else (None, None)  # surely meant as labels
    if len(others) == 1:
        key, count = others[0]
        distinct = len(np.unique(arrays[key].read()))
        return (key, count) if distinct <= max(2, count // 2) else (None, count)
    return None, None


def as_labels(values: np.ndarray) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Labels [N], from [N], [N, 1] or one-hot rows [N, K]; None where values are none of these."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype.kind in "SU":
        return (texts(values), {}) if values.ndim == 1 else (None, {})
    if values.ndim == 2:
        high = values.max(1, keepdims=True) if values.size else values
        single = ((values == high).sum(1) == 1).all() and (high == 1).all()
        if single and np.isin(values, (0, 1, -1)).all() and values.shape[1] > 1:
            return values.argmax(1), {}
        return None, {}
    if values.dtype.kind == "f":
        whole = np.isfinite(values).all() and (np.abs(values) < 2**53).all()
        if not (whole and (values == values.round()).all()):
            return None, {}
    return values.astype(np.int64), {}


def texts(values: np.ndarray) -> np.ndarray:
    """Texts as strings, also those kept as bytes."""
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return np.char.strip(values) if values.dtype.kind == "U" else values.astype(str)


def _columns(title: str, role: str, values: np.ndarray, arrays) -> dict[str, np.ndarray]:
    title = re.sub(r"\.npy$", "", title).replace("/", " ").strip()
    if values.dtype.kind == "S":
        values = texts(values)
    if values.ndim == 1 or values.shape[1] == 1:
        return {title: values.reshape(-1)}
    given = (texts(a.read()) for k, a in arrays.items() if "names" in k and a.dtype.kind in "SU")
    fitting = (list(n) for n in given if n.shape == (values.shape[1],))
    names = next(fitting, None) or _FACTORS.get((role, values.shape[1]))
    names = names or [f"{title} {i}" for i in range(values.shape[1])]
    return dict(zip(map(str, names), values.T, strict=True))


def _one_per_class(name, arrays, parsed, matlab, by_columns) -> ArraySplits:
    """Arrays of images of one size, each of which is a class: of the name of its key, or of its
    digits, as train0 to train9."""
    keys = {key.key: key for key in parsed}
    images = {
        k: a for k, a in arrays.items() if a.dtype.kind in "biuf" and len(a.shape) in (2, 3, 4)
    }
    if len(images) < 2 or len({a.shape[1:] for a in images.values()}) > 1:
        held = ", ".join(f"{k:.40} {list(a.shape)}" for k, a in list(arrays.items())[:9])
        raise DataError(
            f"{name} holds {held[:200] or 'no arrays of numbers'}; expected images (and labels), "
            "or x_train and x_test (and y_train and y_test)"
        )
    splits = {}
    for split in sorted({keys[key].split for key in images}):
        members = [key for key in images if keys[key].split == split]
        parts = [
            as_images(f"{k:.99} in {name}", images[k].read(), matlab=matlab, by_columns=by_columns)
            for k in members
        ]
        named = [keys[k].role if split else re.sub(r"\.npy$", "", k) for k in members]
        labels = np.repeat(named, [len(part) for part in parts])
        splits[split] = ArraySplit(np.concatenate(parts), labels)
    return ArraySplits(splits)
