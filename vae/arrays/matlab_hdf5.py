"""Files of Matlab, by SciPy, and HDF5 files, by the optional h5py, as which Matlab 7.3 saves."""

import io
import re
import struct
import zlib
from collections.abc import Mapping

import numpy as np

from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, untrusted
from .named_arrays import Stored, as_splits, stored
from .numpy_files import most_bytes
from .tables import open_file

_DEPTH = 6  # of structures in structures
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SKIPPED = ("meta", "#refs#", "#subsystem#", "writers")
# Whether flat images are column by column, as Matlab itself flattens them, or row by row, by the
# keys of sets that are published; else by whether Python wrote the file.
_BY_COLUMNS = ({"dataset/train/images"}, {"faces"}, {"fea", "gnd"})
_BY_ROWS = ({"ff"}, {"data"}, {"train0"}, {"train_x"}, {"trainx"})
_LONG = (256, 784)  # pixels of `fea` in such sets of digits, USPS and MNIST, by rows
_PYTHON = re.compile(rb"MATLAB 5.0 MAT-file Platform: (posix|nt|java)")


def read(file: SourceFile) -> ArraySplits:
    """The images and labels of a .mat or .h5 file: of Matlab's stacks [H, W, N] and [H, W, C, N]
    as in SVHN, of rows or columns of pixels, and of structures as in EMNIST. Raises
    `DataError`."""
    head = file.read(count=520)
    if _HDF5 in (head[:8], head[512:520]):
        return _read_hdf5(file, head.startswith(b"MATLAB"))
    with untrusted(file.name, "is no .mat file that can be read", "save it again"):
        from scipy.io import loadmat

        with open_file(file, most_bytes(file)) as stream:
            _check_sizes(file, stream)
            stream.seek(0)
            content = loadmat(stream, chars_as_strings=True)
        content = {k: v for k, v in content.items() if not k.startswith("__")}
        arrays = dict(_arrays("", content, _DEPTH))
        named = {k: stored(a) for k, a in arrays.items()}
        python = _PYTHON.match(head) is not None
        return _splits(file.name, named, matlab=True, by_columns=not python)


def _splits(
    name: str, arrays: dict[str, Stored], *, matlab: bool, by_columns: bool
) -> ArraySplits:
    keys = {key.lower() for key in arrays}
    digits = any(a.shape[-1] in _LONG for k, a in arrays.items() if k.lower() == "fea")
    if digits or any(known <= keys for known in _BY_ROWS):
        by_columns = False
    elif any(known <= keys for known in _BY_COLUMNS):
        by_columns = matlab
    mapping = next((arrays.pop(k) for k in list(arrays) if k.endswith("mapping")), None)
    found = as_splits(name, arrays, matlab=matlab, by_columns=by_columns)
    characters = {}
    if mapping is not None and mapping.dtype.kind in "iu" and len(mapping.shape) == 2:
        table = mapping.read().astype(int)  # of EMNIST: the label, and the code of its character
        characters = {row[0]: chr(row[1]) for row in table.tolist() if 0 < row[1] < 0x10000}
    from_one = matlab and keys == {"x", "y"}
    splits = {k: _relabelled(part, characters, from_one) for k, part in found.splits.items()}
    return found._replace(splits=splits)


def _relabelled(part: ArraySplit, characters: Mapping[int, str], from_one: bool) -> ArraySplit:
    if part.labels is None or part.labels.dtype.kind not in "iu":
        return part
    labels = set(part.labels.tolist())
    if labels <= characters.keys():
        return part._replace(labels=np.array([characters[k] for k in part.labels.tolist()]))
    if from_one and 10 in labels and labels <= {*range(1, 11)}:  # Matlab counts from 1: in SVHN
        return part._replace(labels=part.labels % 10)  # and others 10 is the digit 0
    return part


def _arrays(key: str, value: object, depth: int):
    """Arrays of numbers or texts by their keys, those in structures by paths."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name.lower() not in _SKIPPED:
                yield from _arrays(f"{key}/{name}".strip("/"), inner, depth - 1)
    elif isinstance(value, np.ndarray) and depth:
        if value.dtype.names and value.size == 1:
            record = value.reshape(-1)[0]
            yield from _arrays(key, {n: record[n] for n in value.dtype.names}, depth)
        elif value.dtype == object and value.size:  # a cell array, as of names
            cells = [np.asarray(cell) for cell in value.reshape(-1)]
            if all(c.dtype.kind == "U" and c.size == 1 for c in cells):
                yield key, np.array([str(c.reshape(-1)[0]) for c in cells])
            elif value.size == 1:
                yield from _arrays(key, cells[0], depth - 1)
            elif len({c.shape for c in cells}) == 1 and cells[0].dtype.kind in "biuf":
                yield key, np.stack([c.squeeze() for c in cells])
        elif value.dtype.kind in "biuf" and value.size > 1:
            yield key, value
        elif value.dtype.kind == "U":
            yield key, np.char.strip(value.reshape(-1))


def _check_sizes(file: SourceFile, stream) -> None:
    """Raises `DataError` if the variables of a .mat file unpack to too much."""
    head = stream.read(128)
    if head[124:128] not in (b"\0\1IM", b"\1\0MI"):
        raise DataError(f"{file.name} is no .mat file of Matlab 5 to 7; save it again")
    order = "<" if head[126:128] == b"IM" else ">"
    most, total = most_bytes(file), 0
    while len(tag := stream.read(8)) == 8:
        kind, size = struct.unpack(f"{order}2I", tag)
        begin = stream.tell()
        if kind == 15:  # compressed
            inner = zlib.decompressobj().decompress(stream.read(min(size, 256)), 8)
            size = struct.unpack(f"{order}2I", inner)[1] + 8 if len(inner) == 8 else 0
            stream.seek(begin + struct.unpack(f"{order}I", tag[4:])[0])
        else:
            stream.seek(begin + size)
        total += size
        if total > most:
            raise DataError(f"{file.name} would unpack to more than {most / 1e9:.0f} GB")


def _read_hdf5(file: SourceFile, matlab: bool) -> ArraySplits:
    try:
        import h5py
    except ImportError as error:
        raise DataError(
            f"{file.name} is an HDF5 file, which needs h5py; install it (pip install h5py), or "
            "save the arrays as .npz"
        ) from error
    with untrusted(file.name, "is no HDF5 file that can be read", "save it again"):
        source = file.location or io.BytesIO(file.read())
        most, found, total = most_bytes(file), {}, 0
        with h5py.File(source, "r") as opened:
            attributes = _attributes(opened)

            def visit(key: str, item: object) -> None:
                nonlocal total
                if not isinstance(item, h5py.Dataset) or key.lower().startswith(_SKIPPED):
                    return
                if item.dtype.hasobject and h5py.check_string_dtype(item.dtype) is None:
                    return
                total += item.size * max(1, item.dtype.itemsize)
                found[key] = _dataset(item, matlab)

            opened.visititems(visit)  # follows no links to other files
            if total > most:
                raise DataError(
                    f"{file.name} holds {total / 1e9:.1f} GB of arrays; at most {most / 1e9:.0f}: "
                    "save fewer images"
                )
            splits = _splits(file.name, found, matlab=matlab, by_columns=matlab)
        return splits._replace(class_names=splits.class_names or attributes)


def _dataset(item, matlab: bool) -> Stored:
    import h5py

    def load() -> np.ndarray:
        if item.external or item.is_virtual:
            raise DataError(f"{item.name} refers to other files; save it again as one")
        if h5py.check_string_dtype(item.dtype) is not None:
            return np.array(item.asstr()[:], str)
        values = item[()]
        return values.transpose() if matlab else values

    text = h5py.check_string_dtype(item.dtype) is not None
    shape = item.shape[::-1] if matlab else item.shape  # Matlab's order of axes is reversed
    return Stored(shape, np.dtype("U1") if text else item.dtype, load)


def _attributes(opened) -> tuple[str, ...]:
    """Names of classes that are kept as an attribute."""
    for key in ("class_names", "classes", "label_names"):
        values = np.asarray(opened.attrs.get(key, ()))
        if values.ndim == 1 and values.size and values.dtype.kind in "OSU":
            return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in values)
    return ()
