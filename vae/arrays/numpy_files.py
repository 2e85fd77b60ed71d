"""Files of NumPy: .npz and .npy, loaded without pickle and with their headers checked first."""

import io
import math
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, untrusted
from . import named_arrays
from .image_arrays import as_images, is_flat
from .named_arrays import Stored, as_splits
from .tables import open_file

MAX_BYTES = 4 * 2**30  # of the arrays of a file, unpacked: dSprites has 3
_LABELS = ("labels", "label", "y", "targets", "target")
_IMAGES = ("images", "image", "imgs", "x", "pixels")
_UPLOAD_BYTES = 2 * 2**30  # of those of a file that is in memory itself


def most_bytes(file: SourceFile) -> int:
    """How many bytes the arrays of a file may take when unpacked."""
    return MAX_BYTES if file.location is not None else _UPLOAD_BYTES


def read(file: SourceFile, siblings: Sequence[SourceFile] = ()) -> ArraySplits:
    """The images and labels of an .npz, or of an .npy and those of its siblings that belong to it
    by their names, as y_train.npy to x_train.npy; an .npz of one array is as an .npy. Raises
    `DataError`."""
    objects: list[str] = []
    with untrusted(file.name, "is no .npy or .npz of arrays", "save it again"):
        found = _read(file, siblings, objects)
    if not objects:
        return found
    note = f"left out {', '.join(objects):.200}: objects of Python, which need pickle"
    return found._replace(notes=(*found.notes, note))


def _read(file: SourceFile, siblings: Sequence[SourceFile], objects: list[str]) -> ArraySplits:
    arrays = {} if _is_npy(file) else _members(file, objects)
    if len(arrays) != 1 and not _is_npy(file):
        packed = file.name.lower().endswith(".zip") or any("/" in key for key in arrays)
        many = packed and len(arrays) > 1
        return (_collection if many else as_splits)(file.name, arrays)
    others = [s for s in siblings if s.path != file.path and _folder(s) == _folder(file)]
    others = [s for s in others if (_is_part(file) and _is_part(s)) or _labels(file, s)]
    others = [s for s in others if is_single(s)]
    if others:
        return as_splits(file.name, {_key(s): _stored(s) for s in (file, *others)})
    return _single(file)


def is_single(file: SourceFile) -> bool:
    """Whether a file holds one array: an .npy, or such an .npz, as those of KMNIST."""
    if _is_npy(file):
        return True
    with suppress(DataError):
        return file.name.lower().endswith(".npz") and len(_members(file)) == 1
    return False


def read_classes(files: Sequence[SourceFile]) -> ArraySplits:
    """The data set of several .npy files: images and labels by their names; or one for each class,
    as those of QuickDraw; or one for each picture, its folder being its class. Raises
    `DataError`."""
    if len(files) == 1:
        return _single(files[0])
    arrays = {re.sub(r"\.np[yz]$", "", file.path): _stored(file) for file in files}
    return _collection(files[0].name, arrays)


def _collection(name: str, arrays: dict[str, Stored]) -> ArraySplits:
    """Of .npy files by their paths without the ending."""
    total = sum(math.prod(a.shape) * a.dtype.itemsize for a in arrays.values())
    if total > MAX_BYTES:
        raise DataError(f"{name} and others have more than 4 GB; bring fewer images")
    top = posixpath.commonpath([posixpath.dirname(path) for path in arrays]) or "."
    keys = {path: posixpath.relpath(path, top) for path in arrays}
    shapes = [a.shape for a in arrays.values()]
    first = shapes[0]
    alike = len(set(shapes)) == 1 and (len(first) == 2 or (len(first) == 3 and 1 < first[2] < 5))
    flat = len(first) == 2 and is_flat(first) and first[1] >= 4 * first[0]
    if alike and len(shapes) > 4 and not flat:
        return _pictures(arrays, keys)
    classes = {_class(key): arrays[path] for path, key in keys.items()}
    if len(classes) < len(arrays):
        classes = {key: arrays[path] for path, key in keys.items()}
    return as_splits(name, classes)


def _pictures(arrays: dict[str, Stored], keys: dict[str, str]) -> ArraySplits:
    """One picture in each file."""
    stack = np.stack([array.read() for array in arrays.values()])
    folders = [posixpath.dirname(key).replace("/", " ") for key in keys.values()]
    labels = np.array(folders) if len(set(folders)) > 1 else None
    return ArraySplits({"": ArraySplit(as_images("its .npy files", stack), labels)})


def _single(file: SourceFile) -> ArraySplits:
    array = _stored(file)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{file.name} has {array.dtype!s:.60} values; expected numbers")
    return ArraySplits({"": ArraySplit(as_images(file.name, array.read()))})


def _is_npy(file: SourceFile) -> bool:
    return file.read(count=6) == b"\x93NUMPY"


def _key(file: SourceFile) -> str:
    return file.name.rsplit(".", 1)[0]


def _folder(file: SourceFile) -> str:
    return posixpath.dirname(file.path)


def _is_part(file: SourceFile) -> bool:
    """Whether the name says that other arrays belong to it, as `x_train` and `labels` do."""
    key = named_arrays.parse(_key(file))
    ending = file.name.lower().endswith((".npy", ".npz"))
    return ending and (
        bool(key.split) or key.role.split()[-1:] in [[p] for p in named_arrays.PARTS]
    )


def _labels(file: SourceFile, other: SourceFile) -> bool:
    """Whether another file has the labels of one, as olivetti_faces_target.npy."""
    mine, more = named_arrays.parse(_key(file)), named_arrays.parse(_key(other))
    words = set(more.role.split()) - set(mine.role.split())
    return mine.split == more.split and bool(words) and words <= named_arrays.PARTS


def _class(path: str) -> str:
    """The name of the class in that of a file of QuickDraw."""
    return re.sub(r"^.*full_(numpy_bitmap|raw)_", "", path)


def _stored(file: SourceFile) -> Stored:
    """An .npy file, memory-mapped where it is a file of its own."""
    with untrusted(file.name, "is no array", "save it again"):
        if not _is_npy(file):
            return next(iter(_members(file).values()))
        if file.location is not None:
            with open_file(file) as stream:
                shape, dtype = _header(file.name, stream, file.location.stat().st_size)
            mapped = math.prod(shape) > 0

            def load() -> np.ndarray:
                with untrusted(file.name, "is no array", "save it again"):
                    mode = "c" if mapped else None  # writes stay in memory: torch wants them
                    return np.load(file.location, mmap_mode=mode, allow_pickle=False)

            return Stored(shape, dtype, load)
        content = file.read()
        shape, dtype = _header(file.name, io.BytesIO(content), len(content))
        return Stored(shape, dtype, partial(_load, file.name, partial(io.BytesIO, content)))


def _load(name: str, begin: Callable[[], AbstractContextManager[BinaryIO]]) -> np.ndarray:
    with untrusted(name, "is no array", "save it again"), begin() as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


@contextmanager
def _opened(content: Path | io.BytesIO, member: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(content) as archive, archive.open(member) as stream:
        yield stream


def _members(file: SourceFile, objects: list[str] | None = None) -> dict[str, Stored]:
    """The arrays of an .npz by their keys; those of objects, which need pickle, are left out, and
    their keys added to `objects`."""
    with untrusted(file.name, "is no .npz of arrays", "save it again"):
        content = file.location or io.BytesIO(file.read())
    with zipfile.ZipFile(content) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
    members = [m for m in members if not re.search(r"(^|/)(__MACOSX|\.)", m.filename)]
    most = most_bytes(file)
    if sum(member.file_size for member in members) > most:
        raise DataError(
            f"{file.name} would unpack to more than {most / 1e9:.0f} GB; save fewer images"
        )
    found = {}
    for member in members:
        name = f"{member.filename:.99} in {file.name}"
        with untrusted(name, "is no array", "save it again"), _opened(content, member) as stream:
            shape, dtype = _header(name, stream, member.file_size)
        load = partial(_load, name, partial(_opened, content, member))
        role = named_arrays.parse(member.filename).role if dtype.hasobject else ""
        if role in _LABELS + _IMAGES:
            remedy = (
                "save it as texts or numbers (labels.astype(str))"
                if role in _LABELS
                else "save images of one size as numbers (numpy.stack), or all as picture files"
            )
            raise DataError(f"{name} is an array of objects, which needs pickle; {remedy}")
        key = member.filename.removesuffix(".npy")
        if not dtype.hasobject:
            found[key] = Stored(shape, dtype, load)
        elif objects is not None:
            objects.append(key)
    if members and not found:
        raise DataError(
            f"{file.name} holds only arrays of objects, which need pickle; save arrays of numbers"
        )
    return found


def _header(name: str, stream: BinaryIO, size: int) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and type of an array, for which `size` bytes must do."""
    npy = np.lib.format
    first = npy.read_magic(stream) == (1, 0)
    shape, _, dtype = (npy.read_array_header_1_0 if first else npy.read_array_header_2_0)(stream)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size:
        raise DataError(f"{name} has shape {shape!s:.60}, more than the file holds; save it again")
    return shape, dtype
